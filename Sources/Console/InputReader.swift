import Glibc
import Platform

/// What is typed, or comes through a pipe, as it comes.
public final class InputReader: Sendable {
    private static let pieceSize = 32_768
    private let input: Descriptor
    /// What wakes whoever waits: the input may never bring anything.
    private let alarm: (waiting: Int32, ringing: Int32)

    /// Reads from a descriptor.
    public init(descriptor: Int32 = 0) throws(WriteError) {
        input = Descriptor(number: descriptor)
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw WriteError(code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        alarm = (ends[0], ends[1])
    }

    deinit {
        close(alarm.waiting)
        close(alarm.ringing)
    }

    /// The next bytes; `nil` at the end of the input, and when the task is cancelled.
    public func next() async -> [UInt8]? {
        await withTaskCancellationHandler {
            try? await blocking { [self] in waitAndRead() }
        } onCancel: {
            var byte: UInt8 = 0
            _ = unsafe write(alarm.ringing, &byte, 1)
        }
    }

    private func waitAndRead() -> [UInt8]? {
        while true {
            var requests = [
                pollfd(fd: input.number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: alarm.waiting, events: Int16(POLLIN), revents: 0),
            ]
            let answer = unsafe poll(&requests, 2, -1)
            if answer < 0, errno == EINTR { continue }
            guard answer > 0, requests[1].revents == 0 else { return nil }
            var piece = [UInt8](repeating: 0, count: Self.pieceSize)
            let count = unsafe read(input.number, &piece, piece.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            return count > 0 ? Array(piece[..<count]) : nil
        }
    }
}
