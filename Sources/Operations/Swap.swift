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
            remark = try await wait(for: begun.container, next)
        } catch {
            throw await failed(next, begun.container, error, state)
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

    private struct Begun {
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
            guard [.notFound, .refused, .unsupported, .conflict, .noSpace].contains(error.kind) else {
                let verb = "stackctl \(stack.name)"
                throw error.hinting(
                    instead: "`\(verb) use \(next.model)` goes on, `\(verb) rollback` goes back"
                )
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

    /// Has the container begin with the script that is there; makes it, or makes it anew, where it does not read that.
    ///
    /// Its process has `grace` to end by itself; as long as the container says, if `nil`.
    private func restart(_ container: Docker.Container?, grace: Duration? = nil) async throws(Failure)
        -> Begun
    {
        let active = ActiveLaunch(stack: stack)
        guard let container, active.isRead(by: container) else {
            report(
                .handover(.waiting, container == nil ? "making the container" : "making the container anew")
            )
            try await compose()
            let made = try await stack.ownContainer(in: engine)
            guard active.isRead(by: made) else { throw active.notRead(by: made) }
            return Begun(container: made)
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

    private func wait(for container: Docker.Container, _ launch: ServedLaunch) async throws(NotReady)
        -> String?
    {
        report(.phase(.waiting, "waiting until `\(launch.model)` answers"))
        let wait = ReadinessWait(stack: stack, engine: engine, model: launch.name, timeout: timeout)
        let watch = LoadWatch(engine: engine, of: stack.engine, container, report)
        let task = Task { await watch.run() }
        defer { task.cancel() }
        return try await wait.run(container)
    }

    // MARK: Taking it back

    private func failed(
        _ next: ServedLaunch,
        _ container: Docker.Container,
        _ reason: NotReady,
        _ state: LaunchState
    ) async -> Failure {
        let words = "`\(container.shownName)` \(reason.words(stack, timeout))"
        switch reason {
        case .cancelled:
            let verb = "stackctl \(stack.name)"
            return Failure(
                .cancelled,
                "interrupted while `\(next.model)` was loading",
                hint: "`\(verb) use \(next.model)` goes on waiting, `\(verb) rollback` goes back"
            )
        case .engine(let error): return Failure(docker: error)
        default: break
        }
        // A task that is cancelled from here on still has to put back what it took away.
        return await Task {
            do throws(Failure) { return try await takeBack(next, container, reason, words, state) } catch {
                return Failure(
                    .notReady,
                    "\(words), and what answered before could not be put back: \(error.message)",
                    hint: "see `stackctl \(stack.name) why`; `stackctl \(stack.name) rollback` tries again",
                    cause: error
                )
            }
        }.value
    }

    private func takeBack(
        _ next: ServedLaunch,
        _ container: Docker.Container,
        _ reason: NotReady,
        _ words: String,
        _ state: LaunchState
    ) async throws(Failure) -> Failure {
        let failed = FailedRun(stack: stack, store: store, engine: engine, signatures: signatures)
        let isGone = if case .gone = reason { true } else { false }
        if !isGone { await failed.stop(container) }
        let found = await failed.keep(next, container, reason, words, report)
        let why = "see `stackctl \(stack.name) why`"
        let fix = await fix(for: found, next, container)
        guard rollsBack else {
            return Failure(
                .notReady,
                words,
                hint: fix ?? "\(why); `stackctl \(stack.name) rollback` goes back"
            )
        }
        let before = state.active.flatMap { $0.isSameCommand(as: next) ? state.previous : $0 }
        try await putBack(before, isGone ? nil : container)
        var after = state
        (after.active, after.attempt) = (before, nil)
        // Where what was served failed itself, it is what a rollback leads back to.
        if let active = state.active, active != before { after.previous = active }
        try save(after)
        let outcome =
            before.map { "`\($0.model)` is served again" } ?? "nothing was served before, and nothing is now"
        return Failure(.notReady, "\(words); \(outcome)", hint: fix ?? why)
    }

    /// What to type; where memory was short, the next smaller model before anything else.
    private func fix(for found: Reason?, _ launch: ServedLaunch, _ container: Docker.Container) async
        -> String?
    {
        guard let found, found.isAboutMemory, let smaller = await smaller(launch, container) else {
            return found?.fix
        }
        return "`\(smaller.command)` \(smaller.words); or \(found.fix)"
    }

    /// Serves what was served before, or nothing; `nil` is nothing.
    private func putBack(_ before: ServedLaunch?, _ container: Docker.Container?) async throws(Failure) {
        try ActiveLaunch(stack: stack).write(before)
        report(.phase(.waiting, before.map { "going back to `\($0.model)`" } ?? "going back to nothing"))
        let begun = try await restart(container)
        do throws(NotReady) {
            if let reason = begun.refusal { throw .notStarted(reason) }
            if let before { _ = try await wait(for: begun.container, before) }
        } catch {
            throw Failure(.notReady, "`\(begun.container.shownName)` \(error.words(stack, timeout))")
        }
    }

    // MARK: What is written down

    private func state() throws(Failure) -> LaunchState {
        do throws(StoreError) { return try store.launchState(of: stack.name) } catch {
            throw Failure(store: error)
        }
    }

    private func save(_ state: LaunchState) throws(Failure) {
        do throws(StoreError) { try store.save(state, of: stack.name) } catch { throw Failure(store: error) }
    }
}
