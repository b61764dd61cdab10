import Catalog
import Docker
import Platform

/// What was done to a stack's container.
public struct ContainerChange: Sendable, Encodable {
    /// What is done to a container.
    public enum Action: String, Sendable, Encodable, CaseIterable { case start, stop, restart }

    /// The stack.
    public let stack: String
    /// The container's name.
    public let container: String
    /// What was to be done.
    public let action: Action
    /// Whether anything was to be done: a container that runs is not started.
    public let changed: Bool
    /// Whether the server answers, if that was waited for.
    public let ready: Bool?
    /// How long it took until it answered, if that was waited for.
    public let readyAfterMilliseconds: Int?
}

/// Starts, stops or restarts a stack's container.
public struct Restart: Sendable {
    private let action: ContainerChange.Action
    private let patience: Duration?

    /// Describes it; with `patience`, the server's answer is waited for so long.
    public init(_ action: ContainerChange.Action = .restart, waiting patience: Duration? = nil) {
        self.action = action
        self.patience = patience
    }

    /// What would be done.
    public func plan(in workspace: Workspace) async throws(Failure) -> ContainerChange {
        let stack = try workspace.stack()
        let container = try await stack.ownContainer(in: workspace.engine())
        let changed = action == .restart || container.state.running == (action == .stop)
        return ContainerChange(
            stack: stack.name,
            container: container.shownName,
            action: action,
            changed: changed,
            ready: nil,
            readyAfterMilliseconds: nil
        )
    }

    /// Does it.
    public func run(in workspace: Workspace, report: Reporter) async throws(Failure) -> ContainerChange {
        let stack = try workspace.stack()
        let engine = try workspace.engine()
        let container = try await stack.ownContainer(in: engine)
        // A change of model would take it for a failure, and undo it.
        let lock = try await ServingStage(workspace).lock()
        defer { withExtendedLifetime(lock) {} }
        let began = ContinuousClock.now
        let changed = try await change(container, in: engine)
        if let patience {
            report(.phase(.waiting, "waiting until `\(container.shownName)` answers"))
            try await wait(for: container, of: stack, in: engine, patience)
        }
        return ContainerChange(
            stack: stack.name,
            container: container.shownName,
            action: action,
            changed: changed,
            ready: patience.map { _ in true },
            readyAfterMilliseconds: patience.map { _ in Int((ContinuousClock.now - began) / .milliseconds(1))
            }
        )
    }

    private func wait(for container: Container, of stack: Stack, in engine: DockerClient, _ timeout: Duration)
        async throws(Failure)
    {
        let began: Container
        do throws(DockerError) { began = try await engine.container(container.id) } catch {
            throw Failure(docker: error)
        }
        do throws(NotReady) {
            _ = try await ReadinessWait(stack: stack, engine: engine, model: nil, timeout: timeout).run(began)
        } catch {
            if case .cancelled = error { throw Failure(.cancelled, "interrupted") }
            if case .engine(let error) = error { throw Failure(docker: error) }
            throw Failure(
                .notReady,
                "`\(began.shownName)` \(error.words(stack, timeout))",
                hint: "see `stackctl \(stack.name) why`"
            )
        }
    }

    private func change(_ container: Container, in engine: DockerClient) async throws(Failure) -> Bool {
        do throws(DockerError) {
            switch action {
            case .start: return try await engine.start(container.id)
            case .stop: return try await engine.stop(container.id)
            case .restart:
                try await engine.restart(container.id)
                return true
            }
        } catch { throw Failure(docker: error) }
    }
}
