import Glibc
import Platform
import Synchronization
import SystemPackage

/// What connects a test with a child process: three pipes, or a terminal in the place of some of them.
final class ChildPipes: Sendable {
    /// Two descriptors: what is written to one is read from the other.
    struct Ends {
        let reading: Int32
        let writing: Int32
    }

    let input: Ends
    let output: Ends
    /// `nil` if stderr goes where stdout goes.
    let errors: Ends?
    let isTerminal: Bool
    private let terminalPath: String?
    private let open: Mutex<Set<Int32>>

    init(terminal: BinaryRun.TerminalSize?) throws {
        isTerminal = terminal != nil
        guard let terminal else {
            (input, output, errors) = (try Self.pipe(), try Self.pipe(), try Self.pipe())
            terminalPath = nil
            open = Mutex([
                input.reading, input.writing, output.reading, output.writing, errors?.reading ?? -1,
                errors?.writing ?? -1,
            ])
            Self.setNonblocking(input.writing, output.reading, errors?.reading ?? -1)
            return
        }
        let (person, path) = try Self.openTerminal(terminal)
        let shown = Ends(reading: person, writing: -1)
        input = Ends(reading: -1, writing: person)
        terminalPath = path
        if terminal.showsOutput {
            (output, errors) = (shown, nil)
        } else {
            (output, errors) = (try Self.pipe(), shown)
        }
        open = Mutex([person, output.reading, output.writing])
        Self.setNonblocking(person, output.reading)
    }

    deinit { open.withLock { for descriptor in $0 where descriptor >= 0 { close(descriptor) } } }

    /// What the child does with the descriptors before it runs.
    func addActions(_ actions: inout posix_spawn_file_actions_t) {
        guard let terminalPath else {
            posix_spawn_file_actions_adddup2(&actions, input.reading, 0)
            posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
            posix_spawn_file_actions_adddup2(&actions, errors?.writing ?? output.writing, 2)
            return
        }
        posix_spawn_file_actions_addopen(&actions, 0, terminalPath, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        posix_spawn_file_actions_adddup2(&actions, errors == nil ? 0 : output.writing, 1)
    }

    /// Leaves the child's ends to the child, so that its end can be seen.
    func closeChildEnds() {
        closeEnds([input.reading, output.writing, errors?.writing ?? -1])
    }

    /// Ends the child's input, which a terminal does not have.
    func closeInput() {
        if !isTerminal { closeEnds([input.writing]) }
    }

    private func closeEnds(_ descriptors: [Int32]) {
        open.withLock { open in
            for descriptor in descriptors where open.remove(descriptor) != nil && descriptor >= 0 {
                close(descriptor)
            }
        }
    }

    func resize(columns: UInt16, rows: UInt16) {
        if isTerminal { Self.resize(input.writing, columns: columns, rows: rows) }
    }

    private static func pipe() throws -> Ends {
        var ends: [Int32] = [-1, -1]
        let answer = heritage.withLock { _ in
            let answer = Glibc.pipe(&ends)
            if answer == 0 { for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) } }
            return answer
        }
        guard answer == 0 else { throw failure("make a pipe") }
        return Ends(reading: ends[0], writing: ends[1])
    }

    private static func setNonblocking(_ descriptors: Int32...) {
        for descriptor in descriptors {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
    }

    /// `TIOCSPTLCK` and `TIOCGPTN`, which Swift does not import; `posix_openpt` is hidden from it too.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    private static func openTerminal(_ size: BinaryRun.TerminalSize) throws -> (person: Int32, path: String) {
        let person = Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var unlocked: Int32 = 0
        var number: UInt32 = 0
        guard person >= 0, ioctl(person, setLock, &unlocked) == 0, ioctl(person, getNumber, &number) == 0
        else {
            throw failure("open a terminal")
        }
        resize(person, columns: size.columns, rows: size.rows)
        return (person, "/dev/pts/\(number)")
    }

    private static func resize(_ descriptor: Int32, columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(descriptor, UInt(TIOCSWINSZ), &size)
    }

    private static func failure(_ operation: String) -> SystemError {
        SystemError(Errno(rawValue: errno), operation: operation, path: nil)
    }
}
