import Glibc
import Platform
import Synchronization

/// A budget of bytes a second that all connections share.
///
/// Whoever has spent ahead of time sleeps on the network's thread: all connections stop reading, and TCP tells the
/// servers to slow down.
final class RateLimit: Sendable {
    private let nanosecondsPerByte: Double
    /// When the bytes that were let through would all have been due.
    private let due = Mutex(ContinuousClock.now)
    /// How far the line may run ahead after a silence.
    private static let burst = Duration.milliseconds(100)
    /// The longest sleep: the thread must see a cancelled transfer soon.
    private static let nap = Duration.seconds(1)
    /// How much is read at once under a limit: little, so that a sleep is short.
    static let receiveBuffer: ByteCount = 16_384

    init(_ bytesPerSecond: ByteCount) {
        nanosecondsPerByte = 1e9 / Double(max(bytesPerSecond.bytes, 1))
    }

    func pay(for bytes: Int) {
        let now = ContinuousClock.now
        let debt = due.withLock { due in
            due = max(due, now - Self.burst) + .nanoseconds(Int64(Double(bytes) * nanosecondsPerByte))
            return due - now
        }
        guard debt > .zero else { return }
        usleep(UInt32(min(debt, Self.nap) / .microseconds(1)))
    }
}
