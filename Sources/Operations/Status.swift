import Catalog
import Docker
import Engines
public import FoundationEssentials
public import Platform
import Store

/// How a stack is doing.
public struct StackStatus: Sendable, Encodable {
    /// The stack.
    public let stack: String
    /// The name of its container, or what stack.yaml calls it if there is none.
    public let container: String
    /// In the engine's word: `running`, `exited` and so on; `absent` if there is no container.
    public let state: String
    /// What its health check says, if it has one: `starting`, `healthy`, `unhealthy`.
    public let health: String?
    /// Whether its server answers requests.
    public let ready: Bool
    /// The stored model whose path its command has, if one has.
    public let model: String?
    /// Its quantization.
    public var quant: String?
    /// What to type for that: with its quantization where several are stored.
    public var reference: String?
    /// The model of a change that was begun and has not ended, as it is typed.
    public var pending: String?
    /// When its process began, if it runs.
    public let startedAt: Date?
    /// How often the engine has started it again by itself.
    public let restarts: Int
    /// What its process ended with, if it does not run.
    public let exitCode: Int?
    /// Whether the kernel killed it for the memory it took.
    public let outOfMemory: Bool?
    /// Its image as it was named.
    public let image: String?
    /// Which GPUs it has: `all`, a number of them, or which ones.
    public let gpu: String?
    /// The memory that it holds, if it runs.
    public let memoryBytes: ByteCount?
}

/// Looks how stacks are doing.
public struct Status: Sendable {
    /// Looks at the stacks that were named, or at all.
    public init() {}

    /// Asks the engine, and the servers; a stack that cannot be told is reported and left out, unless it was named.
    public func run(in workspace: Workspace, report: Reporter) async throws(Failure) -> [StackStatus] {
        let engine = try workspace.engine()
        let stacks = try workspace.selectedStacks()
        // At once: an engine may take a second to say what a container holds.
        let results = await withTaskGroup(of: (Int, Result<StackStatus, Failure>).self) { group in
            for (index, stack) in stacks.enumerated() {
                group.addTask {
                    do throws(Failure) {
                        return (index, .success(try await status(of: stack, in: engine, workspace)))
                    } catch { return (index, .failure(error)) }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        var all: [StackStatus] = []
        for index in stacks.indices {
            do throws(Failure) {
                guard let status = try results[index]?.get() else { continue }
                all.append(status)
                if let note = await note(on: status, of: stacks[index], workspace) { report(.note(note)) }
            } catch {
                guard workspace.stackName == nil, error.kind == .conflict else { throw error }
                report(.warning(error.message))
            }
        }
        return all
    }

    private func status(of stack: Stack, in engine: DockerClient, _ workspace: Workspace)
        async throws(Failure) -> StackStatus
    {
        guard let container = try await stack.findContainer(in: engine) else {
            return StackStatus(absent: stack, pending: await pending(of: stack, workspace))
        }
        let state = container.state
        let served = await served(of: stack, container, workspace)
        return StackStatus(
            stack: stack.name,
            container: container.shownName,
            state: state.status ?? (state.running ? "running" : "exited"),
            health: state.running ? state.health?.word : nil,
            ready: state.running ? try await isReady(stack, container) : false,
            model: served?.key.model,
            quant: served?.key.quant,
            reference: served?.reference,
            pending: await pending(of: stack, workspace),
            startedAt: state.running ? state.startedAt?.unlessNever?.date : nil,
            restarts: container.restartCount,
            exitCode: state.running ? nil : state.exitCode,
            outOfMemory: state.running ? nil : state.wasOutOfMemory,
            image: container.configuration.image,
            gpu: container.resources.gpu,
            memoryBytes: state.running ? await memory(of: container, in: engine) : nil
        )
    }

    /// What there is to say of a change that was begun; nothing of one that another process is about.
    private func note(on status: StackStatus, of stack: Stack, _ workspace: Workspace) async -> String? {
        guard let pending = status.pending, let store = try? await workspace.store(of: stack) else {
            return nil
        }
        let verb = "stackctl \(stack.name)"
        guard (try? store.lockLaunch(of: stack.name)) != nil else {
            return "\(stack.name): another stackctl is about to serve `\(pending)`"
        }
        return """
            \(stack.name): a change to `\(pending)` was broken off: `\(verb) use \(pending)` goes on, \
            `\(verb) rollback` goes back
            """
    }

    private func isReady(_ stack: Stack, _ container: Container) async throws(Failure) -> Bool {
        let probe = ServerProbe(stack, model: nil, container: container)
        do throws(DockerError) {
            return try await probe.ask(completes: false).isReady
        } catch { throw Failure(docker: error) }
    }

    /// A container that ends in this very moment has no memory any more, and is no reason to fail.
    private func memory(of container: Container, in engine: DockerClient) async -> ByteCount? {
        try? await engine.stats(of: container.id).memory
    }

    /// The stored model whose path a container's command has, and what to type for it.
    ///
    /// A volume that cannot be read says nothing of its models, and `ls` says why.
    func served(of stack: Stack, _ container: Container, _ workspace: Workspace) async -> (
        key: ModelKey, reference: String
    )? {
        guard let store = try? await workspace.store(of: stack), let models = try? store.models().models,
            let key = models.first(where: { container.mentions($0.key.path(below: stack.mount), stack) })?.key
        else { return nil }
        return (key, store.reference(key.model, quant: key.quant))
    }

    /// The model of a change that was begun and has not ended: it is under way, or was broken off.
    private func pending(of stack: Stack, _ workspace: Workspace) async -> String? {
        guard let store = try? await workspace.store(of: stack),
            let attempt = try? store.launchState(of: stack.name).attempt
        else { return nil }
        return store.reference(of: attempt)
    }
}

extension StackStatus {
    fileprivate init(absent stack: Stack, pending: String?) {
        self.init(
            stack: stack.name,
            container: stack.containerName,
            state: "absent",
            health: nil,
            ready: false,
            model: nil,
            pending: pending,
            startedAt: nil,
            restarts: 0,
            exitCode: nil,
            outOfMemory: nil,
            image: nil,
            gpu: nil,
            memoryBytes: nil
        )
    }
}

extension ContainerResources {
    /// The GPUs that were asked for.
    fileprivate var gpu: String? {
        let requests = (deviceRequests ?? []).filter { request in
            request.driver == "nvidia" || (request.capabilities ?? []).joined().contains("gpu")
        }
        guard !requests.isEmpty else { return nil }
        let parts = requests.map { request in
            if let identifiers = request.identifiers, !identifiers.isEmpty {
                return identifiers.joined(separator: ",")
            }
            return request.count == -1 ? "all" : String(request.count ?? 0)
        }
        return parts.joined(separator: ",")
    }
}
