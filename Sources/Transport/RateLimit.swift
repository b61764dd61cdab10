public import Platform
import Synchronization

/// A budget of bytes a second that exchanges share: whoever finds it overdrawn stops reading, and TCP tells the server
/// to slow down.
public final class RateLimit: Sendable {
    private let nanosecondsPerByte: Double
    /// When the bytes that were let through would all have been due.
    private let due = Mutex(ContinuousClock.now)
    /// How far the line may run ahead after a silence.
    private static let burst = Duration.milliseconds(100)
    /// A debt this small is not worth a pause.
    private static let tolerance = Duration.milliseconds(2)
    /// How much is read at once under a limit: little, so that a pause is short.
    static let receiveBuffer: ByteCount = 16_384

    /// Describes a budget of at least one byte a second.
    public init(_ bytesPerSecond: ByteCount) {
        nanosecondsPerByte = 1e9 / Double(max(bytesPerSecond.bytes, 1))
    }

    /// Lets bytes through, or answers when to ask again.
    func admit(_ bytes: Int, at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        due.withLock { due in
            guard due - now < Self.tolerance else { return due }
            due = max(due, now - Self.burst) + .nanoseconds(Int64(Double(bytes) * nanosecondsPerByte))
            return nil
        }
    }
}
