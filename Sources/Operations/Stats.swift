import Catalog
import Docker
public import Platform

/// What a stack's container takes of its machine.
public struct ContainerUse: Sendable, Encodable {
    /// The stack.
    public let stack: String
    /// The container's name.
    public let container: String
    /// How busy it keeps processors: 100 is one of them.
    public let cpuPercent: Double?
    /// The memory that it holds.
    public let memoryBytes: ByteCount
    /// What it may hold, or what the machine has.
    public let memoryLimitBytes: ByteCount
    /// What it has received over networks of its own.
    public let receivedBytes: ByteCount
    /// What it has sent over networks of its own.
    public let sentBytes: ByteCount
    /// What it has read from disks.
    public let readBytes: ByteCount
    /// What it has written to disks.
    public let writtenBytes: ByteCount
    /// How many processes and threads it has.
    public let processes: Int
}

/// Measures what the stacks' containers take, again and again.
public struct Stats: Sendable {
    private let interval: Duration

    /// Looks as often as that.
    public init(every interval: Duration = .seconds(1)) { self.interval = interval }

    /// Hands on what is measured over each interval until `show` answers with `false` or the task is cancelled.
    ///
    /// A stack without a running container is left out, unless it was named: then that is a failure.
    public func run(
        in workspace: Workspace,
        report: Reporter,
        show: ([ContainerUse]) async throws -> Bool
    ) async throws(Failure) {
        let engine = try workspace.engine()
        let stacks = try workspace.selectedStacks()
        var before = try await samples(of: stacks, engine, workspace, report)
        do {
            while true {
                try await Task.sleep(for: interval)
                let now = try await samples(of: stacks, engine, workspace, { _ in })
                let uses = now.map { ContainerUse($0, before: before) }
                guard try await show(uses) else { return }
                before = now
            }
        } catch { throw Failure(error) }
    }

    fileprivate struct Measured {
        let stack: String
        let container: Container
        let sample: StatsSample
    }

    private func samples(
        of stacks: [Stack],
        _ engine: DockerClient,
        _ workspace: Workspace,
        _ report: Reporter
    ) async throws(Failure) -> [Measured] {
        var found: [Measured] = []
        for stack in stacks {
            do throws(Failure) {
                let container = try await stack.ownContainer(in: engine)
                guard container.state.running else {
                    throw Failure(
                        .conflict,
                        "`\(container.shownName)` does not run",
                        hint: "start it with `stackctl \(stack.name) start`"
                    )
                }
                found.append(try await measure(stack, container, engine))
            } catch {
                if workspace.stackName != nil { throw error }
                switch error.kind {
                case .notFound: break
                case .conflict: report(.warning(error.message))
                default: throw error
                }
            }
        }
        return found
    }

    private func measure(_ stack: Stack, _ container: Container, _ engine: DockerClient)
        async throws(Failure) -> Measured
    {
        do throws(DockerError) {
            return Measured(
                stack: stack.name,
                container: container,
                sample: try await engine.stats(of: container.id)
            )
        } catch { throw Failure(docker: error) }
    }
}

extension ContainerUse {
    fileprivate init(_ now: Stats.Measured, before: [Stats.Measured]) {
        let earlier = before.first { $0.container.id == now.container.id }?.sample
        let sample = now.sample
        self.init(
            stack: now.stack,
            container: now.container.shownName,
            // A tenth of a percent is as much as can be told over a second.
            cpuPercent: earlier.flatMap { sample.processors(since: $0) }.map { ($0 * 1000).rounded() / 10 },
            memoryBytes: sample.memory,
            memoryLimitBytes: sample.memoryLimit,
            receivedBytes: sample.received,
            sentBytes: sample.sent,
            readBytes: sample.readFromDisk,
            writtenBytes: sample.writtenToDisk,
            processes: sample.processes
        )
    }
}
