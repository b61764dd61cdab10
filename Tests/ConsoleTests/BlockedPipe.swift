import Dispatch
import Glibc

/// A pipe that is full, and whose reader begins to read only when told to.
final class BlockedPipe: Sendable {
    let writing: Int32
    private let reading: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Pseudoterminal.Failure(code: errno) }
        (reading, writing) = (ends[0], ends[1])
        let flags = fcntl(writing, F_GETFL)
        _ = fcntl(writing, F_SETFL, flags | O_NONBLOCK)
        let bytes = [UInt8](repeating: 0x20, count: 4096)
        while write(writing, bytes, bytes.count) > 0 {}
        _ = fcntl(writing, F_SETFL, flags)
    }

    deinit { close(writing) }

    /// Reads until the writing end is closed.
    func drain() {
        DispatchQueue(label: "reader").async { [reading] in
            var piece = [UInt8](repeating: 0, count: 65_536)
            while read(reading, &piece, piece.count) > 0 {}
            close(reading)
        }
    }
}
