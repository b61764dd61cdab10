import Synchronization

/// A state that several tasks share: each changes it, or waits until it is as it needs it.
public final class Monitor<State: Sendable>: Sendable {
    private struct Guarded {
        var state: State
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter: UInt64 = 0
    }

    private let guarded: Mutex<Guarded>

    /// Starts with a state and nobody waiting.
    public init(_ state: State) { guarded = Mutex(Guarded(state: state)) }

    /// Looks at the state, or changes it in a way that nobody waits for.
    public func access<Result: Sendable>(_ body: @Sendable (inout State) -> Result) -> Result {
        guarded.withLock { body(&$0.state) }
    }

    /// Changes the state and wakes all who wait.
    @discardableResult
    public func update<Result: Sendable>(_ body: @Sendable (inout State) -> Result) -> Result {
        let (result, waiters) = guarded.withLock { guarded in
            let result = body(&guarded.state)
            defer { guarded.waiters = [:] }
            return (result, guarded.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
        return result
    }

    /// Waits until `body` answers with something, and answers with that; `body` may change the state as it does.
    public func when<Result: Sendable>(_ body: @Sendable (inout State) -> Result?) async throws -> Result {
        let number = guarded.withLock { guarded in
            guarded.lastWaiter += 1
            return guarded.lastWaiter
        }
        while true {
            try Task.checkCancellation()
            var found: Result?
            await withTaskCancellationHandler {
                await withCheckedContinuation { waiter in
                    let isInVain = guarded.withLock { guarded in
                        found = body(&guarded.state)
                        if found != nil || Task.isCancelled { return true }
                        guarded.waiters[number] = waiter
                        return false
                    }
                    if isInVain { waiter.resume() }
                }
            } onCancel: {
                wake(number)
            }
            if let found { return found }
        }
    }

    private func wake(_ number: UInt64) {
        guarded.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
    }
}
