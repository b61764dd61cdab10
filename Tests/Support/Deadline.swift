import Synchronization

/// Work did not end in time.
public struct DeadlineMissed: Error {
    /// The time that it had.
    public let limit: Duration
}

/// Runs `work`, which is cancelled and left behind if it takes longer than `limit`: a test that hangs tells nothing.
public func finishing<Success: Sendable>(
    within limit: Duration,
    _ work: @escaping @Sendable () async throws -> Success
) async throws -> Success {
    let race = Race<Success>()
    return try await withCheckedThrowingContinuation { continuation in
        race.waiting.withLock { $0 = continuation }
        let working = Task {
            let result: Result<Success, any Error>
            do { result = .success(try await work()) } catch { result = .failure(error) }
            race.end(result)
        }
        let watching = Task {
            try await Task.sleep(for: limit)
            working.cancel()
            race.end(.failure(DeadlineMissed(limit: limit)))
        }
        Task {
            _ = await working.result
            watching.cancel()
        }
    }
}

/// Whoever ends first answers; the other one is not heard.
private final class Race<Success: Sendable>: Sendable {
    let waiting = Mutex<CheckedContinuation<Success, any Error>?>(nil)

    func end(_ result: Result<Success, any Error>) {
        waiting.withLock { $0.take() }?.resume(with: result)
    }
}
