import Catalog
import Docker
import Engines
import Platform
import Store
import SystemPackage

/// What a running server has loaded or let go of.
public struct LoadChange: Sendable, Encodable {
    /// What is done.
    public enum Action: String, Sendable, Encodable, CaseIterable { case load, unload }
    /// What it is done to.
    public enum Kind: String, Sendable, Encodable { case model, adapter }

    /// The stack.
    public let stack: String
    /// The container's name.
    public let container: String
    /// What was done.
    public let action: Action
    /// What it is: a model that the server knows, or an adapter.
    public let kind: Kind
    /// What the server, and so its clients, call it.
    public let name: String
    /// Whether anything was to be done.
    public let changed: Bool
    /// How long it took, if anything was done.
    public let doneAfterMilliseconds: Int?
}

/// Has a running server load a model or an adapter, or let go of one, without a restart.
public struct Load: Sendable {
    private let name: String
    private let action: LoadChange.Action
    private let timeout: Duration

    /// Describes it.
    public init(_ name: String, _ action: LoadChange.Action = .load, timeout: Duration = Use.patience) {
        self.name = name
        self.action = action
        self.timeout = timeout
    }

    /// What would be done, by what the server lists.
    public func plan(in workspace: Workspace) async throws(Failure) -> LoadChange {
        try await change(in: workspace, asking: true) { _ in }
    }

    /// Does it, and waits until it is done.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> LoadChange {
        let lock = try await ServingStage(workspace).lock()
        defer { withExtendedLifetime(lock) {} }
        return try await change(in: workspace, asking: false, report)
    }

    private func change(in workspace: Workspace, asking isOnlyAsked: Bool, _ report: @escaping Reporter)
        async throws(Failure) -> LoadChange
    {
        let stack = try workspace.stack()
        let engine = try workspace.engine()
        let container = try await stack.runningContainer(in: engine)
        let subject = try await subject(stack, workspace)
        let wait = LiveChangeWait(stack, container, engine, timeout: timeout, isOnlyAsked: isOnlyAsked)
        var change = wait.change(LiveChange.Action(action), subject)
        let began = ContinuousClock.now
        let isChanged: Bool
        do throws(NotChanged) { isChanged = try await wait.run(&change, report) } catch {
            throw wait.failure(error, change)
        }
        let duration = ContinuousClock.now - began
        return LoadChange(
            stack: stack.name,
            container: container.shownName,
            action: action,
            kind: change.kind == .model ? .model : .adapter,
            name: change.id,
            changed: isChanged,
            doneAfterMilliseconds: isChanged && !isOnlyAsked ? Int(duration / .milliseconds(1)) : nil
        )
    }

    /// What the name may mean: something that the server lists, a stored model, or an adapter of the stack.
    private func subject(_ stack: Stack, _ workspace: Workspace) async throws(Failure) -> LiveChange.Subject {
        var paths: [String] = []
        if let reference = try? ModelReference(parsing: name, environment: workspace.environment) {
            let stored = try await StoredLookup(reference: reference).all(in: workspace).models
            paths = stored.map { $0.key.path(below: stack.mount) }
        }
        var adapter = stack.adapterPath(name)
        if adapter == nil { adapter = try declaredAdapter(on: stack, workspace) }
        return LiveChange.Subject(name, modelPaths: paths, adapterPath: adapter)
    }

    /// Where the container sees the stored adapter that a configuration declares under the name.
    private func declaredAdapter(on stack: Stack, _ workspace: Workspace) throws(Failure) -> String? {
        guard stack.engine != .llamacpp else { return nil }
        for config in try workspace.configs() {
            let declared = config.settings.adapters
            guard let adapter = declared.first(where: { $0.name == name }) else { continue }
            let source = try AdapterSource(adapter, in: workspace)
            if let stored = try AdapterLookup(source: source, stack: stack).stored() {
                return stored.adapterPath
            }
        }
        return nil
    }
}

extension LiveChange.Action {
    fileprivate init(_ action: LoadChange.Action) {
        self =
            switch action {
            case .load: .load
            case .unload: .unload
            }
    }
}

extension Stack {
    /// Where the container sees an adapter of a folder's name, if it is one that vLLM and mistral.rs load.
    fileprivate func adapterPath(_ name: String) -> String? {
        guard engine != .llamacpp, !name.hasPrefix("."), let component = RelativePath(name),
            !name.contains("/"),
            FileSystem.exists(component.below(adapters).appending("adapter_config.json"))
        else { return nil }
        return "\(Self.adapterMount)/\(name)"
    }
}

extension Workspace {
    /// Has llama.cpp's router load a model, where the stack's container runs one with a command of its own and it lists
    /// the model.
    ///
    /// Answers with what the router calls it, or `nil` where it takes a restart.
    func loadWithoutRestart(
        _ name: String,
        at path: String,
        timeout: Duration,
        report: @escaping Reporter
    ) async throws(Failure) -> String? {
        let stack = try stack()
        guard stack.engine == .llamacpp else { return nil }
        let engine = try engine()
        guard let container = try await stack.findContainer(in: engine), container.state.running,
            !ActiveLaunch(stack: stack).isRead(by: container)
        else { return nil }
        let wait = LiveChangeWait(stack, container, engine, timeout: timeout)
        var change = wait.change(.load, LiveChange.Subject(name, modelPaths: [path]))
        do throws(NotChanged) {
            guard try await wait.run(&change, report) else {
                report(.note("`\(container.shownName)` has `\(change.id)` loaded already"))
                return change.id
            }
        } catch {
            switch error {
            case .refused(.needsRestart), .refused(.unknown), .refused(.unlike), .refused(.noKey),
                .unanswered:
                return nil
            default: throw wait.failure(error, change)
            }
        }
        let ready = ReadinessWait(stack: stack, engine: engine, model: change.id, timeout: timeout)
        do throws(NotReady) { _ = try await ready.run(container) } catch {
            if case .cancelled = error { throw Failure(.cancelled, "interrupted") }
            throw Failure(
                .notReady,
                "`\(container.shownName)` \(error.words(stack, timeout))",
                hint: "see `stackctl \(stack.name) why`"
            )
        }
        report(.note("`\(container.shownName)` is a router: `\(change.id)` was loaded without a restart"))
        return change.id
    }
}
