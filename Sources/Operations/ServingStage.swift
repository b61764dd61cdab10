import Catalog
import Docker
import Engines
import FoundationEssentials
import Platform
import Store
import SystemPackage

/// A stack whose served model is looked at or changed, with all that this takes.
struct ServingStage: Sendable {
    let stack: Stack
    private let store: ModelStore
    private let engine: DockerClient
    private let workspace: Workspace

    init(_ workspace: Workspace) async throws(Failure) {
        self.workspace = workspace
        stack = try workspace.stack()
        store = try await workspace.store(of: stack)
        engine = try workspace.engine()
    }

    /// The right to change what is served; refused while another process changes it.
    func lock() async throws(Failure) -> FileLock {
        // A lock that was let go of lives on for a moment in a child that is just about to become another program.
        for pause in [0, 20, 100, 300] {
            do { try await Task.sleep(for: .milliseconds(pause)) } catch {
                throw Failure(.cancelled, "interrupted")
            }
            do throws(StoreError) {
                if let lock = try store.lockLaunch(of: stack.name) { return lock }
            } catch { throw Failure(store: error) }
        }
        throw Failure(
            .conflict,
            "another stackctl changes what `\(stack.name)` serves",
            hint: "wait until it has finished; `stackctl \(stack.name) status --watch` shows it"
        )
    }

    func state() throws(Failure) -> LaunchState {
        do throws(StoreError) { return try store.launchState(of: stack.name) } catch {
            throw Failure(store: error)
        }
    }

    // MARK: The container

    /// The stack's container, which can be told what to serve; `nil` if there is none and Compose can make one.
    func container() async throws(Failure) -> Docker.Container? {
        let active = ActiveLaunch(stack: stack)
        guard let container = try await stack.findContainer(in: engine) else { return nil }
        guard active.isRead(by: container) else {
            // It was made before its Compose file was changed: Compose makes it anew.
            guard active.isDeclared else { throw active.notRead(by: container) }
            return container
        }
        try active.checkMount(of: container)
        return container
    }

    // MARK: The launch

    /// The launch as the container runs it.
    func launch(
        _ plan: Launch.Plan,
        _ container: Docker.Container?,
        _ report: Reporter
    ) async throws(Failure) -> ServedLaunch {
        guard plan.launch.nodes.isEmpty else {
            throw Failure(
                .unsupported,
                "`\(plan.key.model)` is to be served by several machines, and `use` starts one container",
                hint: "`stackctl \(stack.name) launch` prints the command of each machine"
            )
        }
        try checkKey(plan, container, report)
        var entrypoint: [String] = []
        if let name = container?.image ?? plan.launch.image {
            entrypoint = (try? await engine.image(name))?.configuration?.entrypoint ?? []
        }
        return ServedLaunch(
            plan.key,
            name: plan.launch.model,
            argv: plan.launch.containerArgv(entrypoint: entrypoint),
            // A container has the GPUs that its Compose file gives it, and numbers them anew.
            environment: plan.launch.environment.filter { !$0.key.hasPrefix("CUDA_") },
            secrets: plan.launch.environmentSecrets.mapValues { "\($0)" }
        )
    }

    /// Refuses a container that would not see the file with the key: it would end before it serves.
    private func checkKey(
        _ plan: Launch.Plan,
        _ container: Docker.Container?,
        _ report: Reporter
    ) throws(Failure) {
        guard let key = plan.launch.keySource, let mount = plan.keyMount else { return }
        guard let here = try? FileSystem.status(FilePath(key)) else {
            throw Failure(
                .notFound,
                "the file `\(key)`, which is to have the key, is not there",
                hint: "write the key into it, or take `api_key` out of the model's configuration"
            )
        }
        let source: FilePath?
        switch container.map({ .file($0.source(of: LaunchPlan.keyPath) ?? "") }) ?? declaredKey {
        case .file(let path): source = path
        case .nothing: source = nil
        case .unknown:
            let place = "`\(stack.composeFile)` gives the container `\(mount)`"
            return report(
                .warning("the key could not be looked for: see that \(place), or the server ends at once")
            )
        }
        let there = source.flatMap { try? FileSystem.status($0) }
        guard let there, there.inode == here.inode, there.device == here.device else {
            let who = container?.shownName ?? stack.composeFile.string
            throw Failure(
                .conflict,
                "`\(who)` does not see `\(key)`, which has the key, at \(LaunchPlan.keyPath)",
                hint:
                    "in `\(stack.composeFile)`, write `- \(mount)` below `volumes`, then `stackctl \(stack.name) up`"
            )
        }
    }

    /// What a container that Compose makes will see where the key is to be.
    private var declaredKey: ComposeFile.Mounted {
        let folder = stack.composeFile.removingLastComponent()
        guard let file = ComposeFile(at: stack.composeFile), let service = file.service(of: stack.container)
        else { return .unknown }
        return file.mounted(at: LaunchPlan.keyPath, in: service, from: folder)
    }

    /// What a rollback leads to: what answered before an attempt that has not ended, else what was served before.
    func target(of state: LaunchState) throws(Failure) -> ServedLaunch {
        guard var target = state.attempt == nil ? state.previous : state.active ?? state.previous else {
            throw Failure(
                .notFound,
                "`\(stack.name)` has served no other model that it could go back to",
                hint: "choose one with `stackctl \(stack.name) use MODEL`"
            )
        }
        let key: ModelKey
        let stored: [StoredModel]
        do throws(StoreError) {
            key = try ModelKey(model: target.model, format: target.format, quant: target.quant)
            stored = try store.models(named: target.model)
        } catch { throw Failure(store: error) }
        guard stored.contains(where: { $0.key == key && $0.firstMissingFile == nil }) else {
            throw Failure(
                .notFound,
                "`\(target.shown)`, which was served before, is not stored any more",
                hint: "pull it again with `stackctl \(stack.name) pull \(target.reference)`"
            )
        }
        target.chosenAt = ServedLaunch(key, name: "", argv: [], environment: [:]).chosenAt
        return target
    }

    /// Whether the launch is what runs already, and answers; one that is busy or still loading is waited for.
    func serves(
        _ next: ServedLaunch,
        _ state: LaunchState,
        _ container: Docker.Container,
        _ timeout: Duration,
        _ report: Reporter
    ) async throws(Failure) -> Bool {
        let active = ActiveLaunch(stack: stack)
        guard state.attempt == nil, let served = state.active, served.isSameCommand(as: next),
            container.state.running, active.isRead(by: container), active.text == ActiveLaunch.script(served),
            let startedAt = container.state.startedAt,
            Double(startedAt.seconds) >= served.chosenAt.timeIntervalSince1970
        else { return false }
        report(.phase(.waiting, "waiting until `\(store.reference(of: next))` answers"))
        let wait = ReadinessWait(stack: stack, engine: engine, model: next.name, timeout: timeout)
        do throws(NotReady) {
            _ = try await wait.run(container)
            return true
        } catch {
            switch error {
            case .cancelled: throw Failure(.cancelled, "interrupted")
            case .engine(let error): throw Failure(docker: error)
            default: return false
            }
        }
    }

    /// Refuses a stack that cannot be told what to serve, unless its server may be able to load it.
    func checkCanServe() async throws(Failure) {
        do throws(Failure) { _ = try await container() } catch {
            guard error.kind == .unsupported, stack.engine == .llamacpp else { throw error }
        }
    }

    /// What is served once the running server has loaded a model.
    func loaded(_ plan: Launch.Plan, as name: String) async throws(Failure) -> UsedModel {
        store.noteUse(of: plan.key)
        let served = ServedLaunch(plan.key, name: name, argv: [], environment: [:])
        return outcome(
            served,
            LaunchState(),
            try await stack.findContainer(in: engine)?.shownName,
            changed: true
        )
    }

    // MARK: The change

    func swap(
        to next: ServedLaunch,
        _ container: Docker.Container?,
        _ timeout: Duration,
        rollsBack: Bool,
        _ report: @escaping Reporter
    ) async throws(Failure) -> UsedModel {
        let before = try state()
        let swap = Swap(
            stack: stack,
            store: store,
            engine: engine,
            signatures: try workspace.signatures(),
            advice: GPUAdvice(stack, environment: workspace.environment),
            timeout: timeout,
            rollsBack: rollsBack,
            report: report,
            smaller: {
                [search = SmallerSearch(workspace: workspace, stack: stack, store: store)] launch, container
                in
                await search.find(than: (launch.model, launch.format, launch.quant), in: container)
            }
        ) { [workspace] () async throws(Failure) in
            _ = try await Compose(.up, isOwnOnly: true).runLocked(in: workspace)
        }
        let done = try await swap.run(to: next, container)
        if let remark = done.remark { report(.warning("`\(done.container)` answers, but \(remark)")) }
        return outcome(next, before, done.container, changed: true, readyAfter: done.readyAfter)
    }

    func outcome(
        _ launch: ServedLaunch,
        _ before: LaunchState,
        _ container: String?,
        changed: Bool,
        readyAfter: Duration? = nil
    ) -> UsedModel {
        let previous = changed ? before.active : before.previous
        return UsedModel(
            stack: stack.name,
            model: launch.model,
            format: launch.format,
            quant: launch.quant,
            name: launch.name,
            container: container,
            previous: previous?.model,
            previousQuant: previous?.quant,
            changed: changed,
            readyAfterMilliseconds: readyAfter.map { Int($0 / .milliseconds(1)) },
            argv: launch.argv
        )
    }
}
