import Dispatch
import Synchronization

/// Runs work that waits for the disk on a thread of its own, since the tasks of Swift share one thread a core.
public func blocking<Success: Sendable>(_ work: @escaping @Sendable () throws -> Success) async throws
    -> Success
{
    try await cancellableBlocking { _ in try work() }
}

/// Runs long work that waits for the disk on a thread of its own; the work calls what it is given, now and then, which
/// throws `CancellationError` once the task is cancelled.
public func cancellableBlocking<Success: Sendable>(
    _ work: @escaping @Sendable (_ checkCancellation: () throws -> Void) throws -> Success
) async throws -> Success {
    try await stoppableBlocking { isCancelled in
        try work { if isCancelled() { throw CancellationError() } }
    }
}

/// Runs long work that has threads of its own on another one; any of them may ask what the work is given, whether the
/// task is cancelled.
public func stoppableBlocking<Success: Sendable>(
    _ work: @escaping @Sendable (_ isCancelled: @escaping @Sendable () -> Bool) throws -> Success
) async throws -> Success {
    let flag = Flag()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            // A queue of its own: the global one has a thread a core, and sleepers there hold up all others.
            DispatchQueue(label: "blocking").async {
                continuation.resume(with: Result { try work { flag.isSet } })
            }
        }
    } onCancel: {
        flag.set()
    }
}

/// Runs work that waits for the disk and cannot be told to stop: once the task is cancelled nobody waits for it, and it
/// comes to its end on its own.
public func abandonableBlocking(_ work: @escaping @Sendable () throws -> Void) async throws {
    let outcome = Monitor<Result<Void, any Error>?>(nil)
    DispatchQueue(label: "blocking").async {
        let result = Result { try work() }
        outcome.update { $0 = result }
    }
    try await outcome.when { $0 }.get()
}

private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
