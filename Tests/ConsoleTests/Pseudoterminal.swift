import Glibc

/// A terminal of the kernel's own making: what is written to one end is read at the other.
final class Pseudoterminal: Sendable {
    /// The end at which a person would sit.
    let person: Int32
    /// The end that a program has.
    let program: Int32

    /// `TIOCSPTLCK` and `TIOCGPTN`, which Swift does not import; `posix_openpt` is hidden from it too.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    init(columns: UInt16, rows: UInt16 = 24) throws {
        person = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var unlocked: Int32 = 0
        var number: UInt32 = 0
        guard person >= 0, ioctl(person, Self.setLock, &unlocked) == 0,
            ioctl(person, Self.getNumber, &number) == 0
        else { throw Failure(code: errno) }
        program = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard program >= 0 else { throw Failure(code: errno) }
        resize(columns: columns, rows: rows)
    }

    deinit {
        close(person)
        close(program)
    }

    func resize(columns: UInt16, rows: UInt16 = 24) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(person, UInt(TIOCSWINSZ), &size)
    }

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(person, bytes, bytes.count)
    }

    /// Reads what was shown until `end` is part of it, or for a minute.
    func shown(until end: String) async throws -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        let deadline = ContinuousClock.now + .seconds(60)
        while !String(decoding: bytes, as: UTF8.self).contains(end), ContinuousClock.now < deadline {
            var request = pollfd(fd: person, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, 0) > 0 else {
                try await Task.sleep(for: .milliseconds(5))
                continue
            }
            let count = read(person, &piece, piece.count)
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    struct Failure: Error { let code: Int32 }
}
