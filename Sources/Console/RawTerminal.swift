import Glibc
import Platform
import Synchronization

/// A terminal that is lent to a program elsewhere: each key goes there as it is, and comes back from there.
public final class RawTerminal: Sendable {
    private let descriptor: Int32
    private let settings: Mutex<termios?>

    private init(descriptor: Int32) {
        self.descriptor = descriptor
        settings = Mutex(nil)
    }

    /// Lends the terminal behind a descriptor to `body`.
    ///
    /// It is as before when `body` ends, however that is, and as soon as the task is cancelled: what a second signal does
    /// then finds it in order.
    public static func lent<Result>(
        descriptor: Int32 = 0,
        while body: () async throws -> Result
    ) async throws -> Result {
        let terminal = RawTerminal(descriptor: descriptor)
        // A reader who is gone would end the process before the terminal is in order.
        let whenUnread = signal(SIGPIPE, SIG_IGN)
        try terminal.makeRaw()
        defer {
            terminal.restore()
            signal(SIGPIPE, whenUnread)
        }
        return try await withTaskCancellationHandler {
            try await body()
        } onCancel: {
            terminal.restore()
        }
    }

    private func makeRaw() throws(WriteError) {
        var now = termios()
        guard unsafe tcgetattr(descriptor, &now) == 0 else { throw WriteError(code: errno) }
        settings.withLock { $0 = now }
        unsafe cfmakeraw(&now)
        guard unsafe tcsetattr(descriptor, TCSANOW, &now) == 0 else { throw WriteError(code: errno) }
    }

    private func restore() {
        settings.withLock { settings in
            guard var before = settings.take() else { return }
            // Not waiting for output that a person may have stopped.
            _ = unsafe tcsetattr(descriptor, TCSANOW, &before)
        }
    }
}

extension Terminal {
    /// How large the terminal behind a descriptor is; `nil` if it is none, or does not say.
    public static func size(of descriptor: Int32) -> (columns: Int, rows: Int)? {
        Descriptor(number: descriptor).size
    }

    /// Writes as `write(_:)` does, but that a reader who is gone is an error like others.
    ///
    /// It is for whoever has a terminal to put in order first; `endIfUnread` then ends the process as the reader's absence
    /// would have.
    public func pass(_ bytes: [UInt8]) throws(WriteError) { try descriptor.write(bytes) }

    /// Ends the process if an error says that nobody reads the standard output any more.
    public static func endIfUnread(_ error: any Error) {
        guard let error = error as? WriteError, error.code == EPIPE else { return }
        standardOutput().endOfBrokenPipe()
    }

    /// Whether there is a terminal behind a descriptor.
    public static func isBehind(_ descriptor: Int32) -> Bool { Descriptor(number: descriptor).isTerminal }
}
