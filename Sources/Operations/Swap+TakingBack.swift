import Catalog
import Docker
import Engines
import Platform
import Store

extension Swap {
    /// How long what answered before is waited for when it is put back: it has nothing to do with how long the new one
    /// was given.
    private var patienceWithOld: Duration { max(timeout, Use.patience) }

    /// What to type where a change was begun and nobody knows how it went.
    func goingOn(with next: ServedLaunch) -> String {
        let verb = "stackctl \(stack.name)"
        return "`\(verb) use \(store.reference(of: next))` goes on, `\(verb) rollback` goes back"
    }

    /// Takes a change back that has failed, where that is wanted; how it went, in words.
    func failure(
        of next: ServedLaunch,
        _ container: Docker.Container,
        _ reason: NotReady,
        _ state: LaunchState
    ) async -> Failure {
        switch reason {
        case .cancelled:
            return Failure(
                .cancelled,
                "interrupted while `\(store.reference(of: next))` was loading",
                hint: goingOn(with: next)
            )
        case .engine(let error): return Failure(docker: error).hinting(instead: goingOn(with: next))
        default: break
        }
        // A task that is cancelled from here on still has to put back what it took away.
        return await Task {
            // Only what takes the place of something else can be taken back.
            if let active = state.active, active.isSameCommand(as: next) {
                return await stays(next, container, reason, state)
            }
            return await takeBack(next, container, reason, state)
        }.value
    }

    private var failedRun: FailedRun {
        FailedRun(stack: stack, store: store, engine: engine, signatures: signatures, advice: advice)
    }

    private var why: String { "see `stackctl \(stack.name) why`" }

    // MARK: The same launch

    /// Leaves in place what has answered before and does not now: what was served before that is another wish.
    private func stays(
        _ next: ServedLaunch,
        _ container: Docker.Container,
        _ reason: NotReady,
        _ state: LaunchState
    ) async -> Failure {
        let found = await failedRun.keep(next, container, reason, timeout: timeout, report)
        let words = failedRun.words(of: reason, container, found, timeout: timeout)
        let name = store.reference(of: next)
        var after = state
        after.attempt = nil
        do throws(Failure) { try save(after) } catch { return error }
        let back = state.previous.map {
            "; `stackctl \(stack.name) rollback` goes back to `\(store.reference(of: $0))`"
        }
        let fix = await fix(for: found, next, container) ?? why
        return Failure(
            .notReady,
            "\(words); `\(name)` answered with the same command before, and is left in place",
            hint: fix + (back ?? "")
        )
    }

    // MARK: Another one

    private func takeBack(
        _ next: ServedLaunch,
        _ container: Docker.Container,
        _ reason: NotReady,
        _ state: LaunchState
    ) async -> Failure {
        let isGone = if case .gone = reason { true } else { false }
        if !isGone { await failedRun.stop(container) }
        let found = await failedRun.keep(next, container, reason, timeout: timeout, report)
        let words = failedRun.words(of: reason, container, found, timeout: timeout)
        let fix = await fix(for: found, next, container)
        let rollback = "`stackctl \(stack.name) rollback`"
        guard rollsBack else {
            return Failure(.notReady, words, hint: fix ?? "\(why); \(rollback) goes back")
        }
        let isStarted = if case .notStarted = reason { false } else { true }
        do throws(Failure) {
            if let before = state.active {
                try await putBack(before, isGone ? nil : container)
            } else {
                try await putNothing(isGone ? nil : container, isStarted: isStarted)
            }
            var after = state
            after.attempt = nil
            try save(after)
        } catch {
            return Failure(
                .notReady,
                "\(words); \(notPutBack(state.active, error.message, words))",
                hint: "\(fix ?? why); \(rollback) tries again",
                cause: error
            )
        }
        let outcome =
            state.active.map { "`\(store.reference(of: $0))` is served again" }
            ?? "no model was served before, and none is now"
        return Failure(.notReady, "\(words); \(outcome)", hint: fix ?? why)
    }

    private func notPutBack(_ before: ServedLaunch?, _ reason: String, _ first: String) -> String {
        guard let before else { return reason }
        let name = "`\(store.reference(of: before))`, which answered before,"
        // The same obstacle may be in the way of both.
        return reason == first
            ? "\(name) fails for the same reason" : "\(name) could not be put back: \(reason)"
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

    /// Serves what was served before.
    private func putBack(_ before: ServedLaunch, _ container: Docker.Container?) async throws(Failure) {
        try ActiveLaunch(stack: stack).write(before)
        report(.phase(.waiting, "going back to `\(store.reference(of: before))`"))
        let begun = try await restart(container)
        do throws(NotReady) {
            if let reason = begun.refusal { throw .notStarted(reason) }
            _ = try await wait(for: begun.container, before, patienceWithOld)
        } catch {
            let found = await failedRun.found(of: before, error)
            throw Failure(
                .notReady,
                failedRun.words(of: error, begun.container, found, timeout: patienceWithOld)
            )
        }
    }

    /// Has the container wait to be told what to serve, as it did before; one that cannot be started has nothing to wait
    /// with.
    private func putNothing(_ container: Docker.Container?, isStarted: Bool) async throws(Failure) {
        try ActiveLaunch(stack: stack).write(nil)
        guard isStarted, let container else { return }
        report(.phase(.waiting, "no model was served before: `\(container.shownName)` waits for one"))
        let begun = try await restart(container)
        if let reason = begun.refusal {
            throw Failure(.notReady, "`\(container.shownName)` could not be started: \(reason)")
        }
    }
}
