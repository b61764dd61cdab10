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
    let flag = Flag()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            // A queue of its own: the global one has a thread a core, and sleepers there hold up all others.
            DispatchQueue(label: "blocking").async {
                continuation.resume(with: Result { try work { if flag.isSet { throw CancellationError() } } })
            }
        }
    } onCancel: {
        flag.set()
    }
}

private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
