import Glibc
import Platform
import Synchronization
import SystemPackage

/// A child process with its pipes or terminal, fed and drained by a thread of its own.
final class RunningProcess: Sendable {
    struct State {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var input: [UInt8]
        var inputEnds: Bool
        var peakMemory: Int64 = 0
        var ending: BinaryRun.Ending?
        var duration: Duration = .zero
    }

    let id: pid_t
    let state: Mutex<State>
    private let pipes: ChildPipes
    private let start = ContinuousClock.now

    private init(id: pid_t, pipes: ChildPipes, input: [UInt8]?) {
        self.id = id
        self.pipes = pipes
        state = Mutex(State(input: input ?? [], inputEnds: input != nil))
    }

    static func start(
        _ command: Command,
        input: [UInt8]?,
        terminal: BinaryRun.TerminalSize?
    ) throws -> RunningProcess {
        let pipes = try ChildPipes(terminal: terminal)
        let id = try spawn(command, pipes)
        pipes.closeChildEnds()
        let process = RunningProcess(id: id, pipes: pipes, input: input)
        onNewThread { process.follow() }
        return process
    }

    var result: BinaryRun.Result? {
        state.withLock { state in
            state.ending.map {
                BinaryRun.Result(
                    ending: $0,
                    outputBytes: state.output,
                    errorBytes: state.errors,
                    peakMemory: ByteCount(state.peakMemory),
                    duration: state.duration
                )
            }
        }
    }

    /// Under the lock that the reaping takes: a number that was reaped may be another process's.
    func send(_ signal: Int32) {
        state.withLock { if $0.ending == nil { kill(id, signal) } }
    }

    func resize(columns: UInt16, rows: UInt16) { pipes.resize(columns: columns, rows: rows) }

    // MARK: The thread

    private func follow() {
        while true {
            pump(timeout: 10)
            sampleMemory()
            if reap() { break }
        }
    }

    /// Moves what can be moved, and waits no longer than so many milliseconds for it.
    private func pump(timeout: Int32) {
        var requests = [pollfd(fd: pipes.output.reading, events: Int16(POLLIN), revents: 0)]
        if let errors = pipes.errors {
            requests.append(pollfd(fd: errors.reading, events: Int16(POLLIN), revents: 0))
        }
        if poll(&requests, nfds_t(requests.count), timeout) > 0 {
            // A pipe whose writers have gone is always ready; without this the loop would spin until the reaping.
            if drain() == 0 { usleep(1000) }
        }
        feed()
    }

    @discardableResult
    private func drain() -> Int {
        let output = Self.readAll(pipes.output.reading)
        let errors = pipes.errors.map { Self.readAll($0.reading) } ?? []
        state.withLock { state in
            state.output += output
            state.errors += pipes.errors == nil ? output : errors
        }
        return output.count + errors.count
    }

    private static func readAll(_ descriptor: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &piece, piece.count), count > 0 { bytes += piece[..<count] }
        return bytes
    }

    private func feed() {
        let (input, ends) = state.withLock { ($0.input, $0.inputEnds) }
        if !input.isEmpty {
            let count = write(pipes.input.writing, input, input.count)
            if count > 0 { state.withLock { $0.input.removeFirst(count) } }
            if count < 0, errno == EPIPE { state.withLock { $0.input = [] } }
        } else if ends {
            pipes.closeInput()
        }
    }

    /// The kernel's own high-water mark; the one of `wait4` counts the memory of the parent that forked.
    private func sampleMemory() {
        guard let bytes = try? FileSystem.read(FilePath("/proc/\(id)/status")) else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let number = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({
                Int64($0)
            })
        else { return }
        state.withLock { $0.peakMemory = max($0.peakMemory, number * 1024) }
    }

    private func reap() -> Bool {
        let status: Int32? = state.withLock { _ in
            var status: Int32 = 0
            return waitpid(id, &status, WNOHANG) == id ? status : nil
        }
        guard let status else { return false }
        drain()
        state.withLock { state in
            state.duration = .now - start
            let signal = status & 0x7F
            state.ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(by: signal)
        }
        return true
    }
}

extension RunningProcess {
    private static func spawn(_ command: Command, _ pipes: ChildPipes) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        pipes.addActions(&actions)
        setAttributes(&attributes, isTerminal: pipes.isTerminal)

        let arguments = command.line.map { strdup($0) }
        let environment = command.environment.map { strdup("\($0.key)=\($0.value)") }
        defer { for text in arguments + environment { free(text) } }
        var id = pid_t()
        let answer = heritage.withLock { _ in
            posix_spawn(&id, command.line[0], &actions, &attributes, arguments + [nil], environment + [nil])
        }
        guard answer == 0 else {
            throw SystemError(Errno(rawValue: answer), operation: "run", path: command.executable)
        }
        return id
    }

    /// The runner of the tests may ignore or block signals; a child begins as a shell would start it.
    private static func setAttributes(_ attributes: inout posix_spawnattr_t, isTerminal: Bool) {
        var all = sigset_t()
        var none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        // A session of its own makes the terminal the one that Ctrl-C comes from.
        let session: Int32 = isTerminal ? 0x80 : 0
        let flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK) | session
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }
}
