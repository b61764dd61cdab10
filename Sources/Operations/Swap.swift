import Catalog
import Docker
import Engines
import FoundationEssentials
import Platform
import Store

/// A change of what a stack serves, as a transaction: begun, tried, and then either kept or taken back.
///
/// What is being done is written down before it is done. A process that is killed in the middle leaves an attempt, and
/// what answered before it; the next change begins from there.
struct Swap: Sendable {
    let stack: Stack
    let store: ModelStore
    let engine: DockerClient
    let signatures: SignatureTable
    let advice: GPUAdvice
    let timeout: Duration
    /// Whether what answered before is put back when the new one does not answer.
    let rollsBack: Bool
    let report: Reporter
    /// Finds what is smaller than a launch that had not enough memory in its container.
    let smaller: @Sendable (ServedLaunch, Docker.Container) async -> SmallerModel?
    /// Has Compose make or remake the container, and answers when that is done.
    let compose: @Sendable () async throws(Failure) -> Void

    /// How a change went.
    struct Outcome {
        let container: String
        let remark: String?
        let readyAfter: Duration
    }

    /// Serves another launch.
    func run(to next: ServedLaunch, _ container: Docker.Container?) async throws(Failure) -> Outcome {
        var state = try state()
        let isTakenUp = isUnderWay(next, state, container)
        let hasAnswered = state.attempt == nil
        if !isTakenUp {
            state.attempt = next
            try save(state)
        }
        let began = ContinuousClock.now
        let begun: Begun
        if isTakenUp, let container {
            report(.note("going on with the change that was begun"))
            begun = Begun(container: container)
        } else {
            begun = try await begin(next, container, grace: hasAnswered ? nil : FailedRun.grace, &state)
        }
        let remark: String?
        do throws(NotReady) {
            if let reason = begun.refusal { throw .notStarted(reason) }
            remark = try await wait(for: begun.container, next, timeout)
        } catch {
            throw await failure(of: next, begun.container, error, state)
        }
        state.commit()
        try save(state)
        if let key = try? ModelKey(model: next.model, format: next.format, quant: next.quant) {
            store.noteUse(of: key)
        }
        return Outcome(
            container: begun.container.shownName,
            remark: remark,
            readyAfter: ContinuousClock.now - began
        )
    }

    // MARK: The container

    struct Begun {
        let container: Docker.Container
        /// Why the engine could not begin it.
        var refusal: String?
    }

    /// Puts the script in place and has a container begin with it; where that cannot be tried, all is as before.
    private func begin(
        _ next: ServedLaunch,
        _ container: Docker.Container?,
        grace: Duration?,
        _ state: inout LaunchState
    ) async throws(Failure) -> Begun {
        let active = ActiveLaunch(stack: stack)
        do throws(Failure) {
            try active.write(next)
            return try await restart(container, grace: grace)
        } catch {
            // Whoever does not know what became of the container must not forget what was begun with it.
            guard [.notFound, .refused, .unsupported, .conflict, .noSpace, .failed].contains(error.kind)
            else {
                throw error.hinting(instead: goingOn(with: next))
            }
            state.attempt = nil
            try? active.write(state.active)
            try? save(state)
            throw error
        }
    }

    /// Whether a process that was killed, or interrupted, has got so far that only the wait is left.
    private func isUnderWay(_ next: ServedLaunch, _ state: LaunchState, _ container: Docker.Container?)
        -> Bool
    {
        guard let container, let attempt = state.attempt, attempt.isSameCommand(as: next),
            container.state.running, let startedAt = container.state.startedAt,
            ActiveLaunch(stack: stack).text == ActiveLaunch.script(attempt)
        else { return false }
        return Double(startedAt.seconds) > attempt.chosenAt.timeIntervalSince1970
    }

    /// Has the container begin with the script that is there; makes it, or makes it anew, where it does not read that or
    /// could not be started as it was made.
    ///
    /// Its process has `grace` to end by itself; as long as the container says, if `nil`.
    func restart(_ container: Docker.Container?, grace: Duration? = nil) async throws(Failure) -> Begun {
        let active = ActiveLaunch(stack: stack)
        guard let container, active.isRead(by: container), container.begins || !active.isDeclared else {
            report(
                .handover(.waiting, container == nil ? "making the container" : "making the container anew")
            )
            return try await make()
        }
        report(.phase(.waiting, "restarting `\(container.shownName)`"))
        do throws(DockerError) {
            try await engine.restart(container.id, grace: grace)
            return Begun(container: try await engine.container(container.id))
        } catch {
            switch error {
            case .engine(let status, let words) where ![401, 403, 503].contains(status):
                return Begun(container: container, refusal: words)
            case .conflict(let words): return Begun(container: container, refusal: words)
            default: throw Failure(docker: error)
            }
        }
    }

    private func make() async throws(Failure) -> Begun {
        let active = ActiveLaunch(stack: stack)
        do throws(Failure) { try await compose() } catch {
            // What the engine said to Compose, the container remembers.
            guard error.kind == .failed, let made = try? await stack.findContainer(in: engine),
                active.isRead(by: made), let refusal = made.refusal
            else { throw error }
            return Begun(container: made, refusal: refusal)
        }
        let made = try await stack.ownContainer(in: engine)
        guard active.isRead(by: made) else { throw active.notRead(by: made) }
        return Begun(container: made)
    }

    func wait(for container: Docker.Container, _ launch: ServedLaunch, _ timeout: Duration)
        async throws(NotReady) -> String?
    {
        report(.phase(.waiting, "waiting until `\(store.reference(of: launch))` answers"))
        let wait = ReadinessWait(stack: stack, engine: engine, model: launch.name, timeout: timeout)
        let watch = LoadWatch(engine: engine, of: stack.engine, container, report)
        let task = Task { await watch.run() }
        defer { task.cancel() }
        return try await wait.run(container)
    }

    // MARK: What is written down

    private func state() throws(Failure) -> LaunchState {
        do throws(StoreError) { return try store.launchState(of: stack.name) } catch {
            throw Failure(store: error)
        }
    }

    func save(_ state: LaunchState) throws(Failure) {
        do throws(StoreError) { try store.save(state, of: stack.name) } catch { throw Failure(store: error) }
    }
}
