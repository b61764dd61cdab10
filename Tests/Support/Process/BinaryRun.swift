import Glibc
public import Platform
import Synchronization
public import SystemPackage

/// A built binary under way: its output is kept, signals can be sent to it, and its end is awaited.
///
/// A run that is dropped before its end is killed.
public final class BinaryRun: Sendable {
    /// How a process ended.
    public enum Ending: Sendable, Equatable {
        /// By itself, with a status.
        case exited(Int32)
        /// By a signal.
        case killed(by: Int32)
    }

    /// What came of a run.
    public struct Result: Sendable {
        /// How it ended.
        public let ending: Ending
        /// What it wrote to stdout; on a terminal for everything, all that the terminal saw.
        public let outputBytes: [UInt8]
        /// What it wrote to stderr, or all that the terminal saw if stderr was one.
        public let errorBytes: [UInt8]
        /// The most memory that was resident, as last seen before the end.
        public let peakMemory: ByteCount
        /// From start to end.
        public let duration: Duration

        /// What it wrote to stdout, as text.
        public var output: String { String(decoding: outputBytes, as: UTF8.self) }
        /// What it wrote to stderr, as text.
        public var errors: String { String(decoding: errorBytes, as: UTF8.self) }
        /// The exit status, with 128 and the signal's number for a signal, as shells have it.
        public var status: Int32 {
            switch ending {
            case .exited(let status): status
            case .killed(let signal): 128 + signal
            }
        }
    }

    /// A terminal to run on.
    public struct TerminalSize: Sendable {
        /// The width.
        public var columns: UInt16
        /// The height.
        public var rows: UInt16
        /// Whether stdout is the terminal too, and not a pipe.
        public var showsOutput: Bool

        /// A terminal for stdin, stderr and, unless it is a pipe, stdout.
        public init(columns: UInt16 = 80, rows: UInt16 = 24, showsOutput: Bool = true) {
            self.columns = columns
            self.rows = rows
            self.showsOutput = showsOutput
        }
    }

    private let process: RunningProcess
    /// The process's number.
    public var processID: Int32 { process.id }

    /// Starts an executable with exactly this environment; `input` is all of stdin, which otherwise stays open for
    /// `type` until `closeInput`.
    public init(
        _ executable: FilePath,
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: FilePath? = nil,
        input: [UInt8]? = [],
        terminal: TerminalSize? = nil
    ) throws {
        process = try RunningProcess.start(
            Command(
                executable: executable,
                arguments: arguments,
                environment: environment,
                directory: directory
            ),
            input: input,
            terminal: terminal
        )
    }

    deinit { process.send(SIGKILL) }

    /// What stdout has brought so far.
    public var output: String { process.state.withLock { String(decoding: $0.output, as: UTF8.self) } }

    /// What stderr has brought so far.
    public var errors: String { process.state.withLock { String(decoding: $0.errors, as: UTF8.self) } }

    /// Sends a signal, unless the process has ended.
    public func send(_ signal: Int32) { process.send(signal) }

    /// Types on the terminal, or writes to stdin.
    public func type(_ text: String) { process.state.withLock { $0.input += Array(text.utf8) } }

    /// Ends stdin, unless it is a terminal.
    public func closeInput() { process.state.withLock { $0.inputEnds = true } }

    /// Changes the terminal's width, which the process is told by a signal.
    public func resize(columns: UInt16, rows: UInt16 = 24) { process.resize(columns: columns, rows: rows) }

    /// Waits until something is so, or the process has ended, or time is up; tells whether it is so.
    @discardableResult
    public func waitUntil(
        timeout: Duration = .seconds(300),
        _ condition: @Sendable (BinaryRun) -> Bool
    ) async throws -> Bool {
        let end = ContinuousClock.now + timeout
        while !condition(self) {
            guard process.state.withLock({ $0.ending == nil }), ContinuousClock.now < end else {
                return condition(self)
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        return true
    }

    /// Waits for the end; a process that takes longer than `timeout` is killed, and its result says so.
    public func finish(timeout: Duration = .seconds(300)) async throws -> Result {
        let end = ContinuousClock.now + timeout
        while true {
            if let result = process.result { return result }
            if ContinuousClock.now > end { process.send(SIGKILL) }
            try await Task.sleep(for: .milliseconds(3))
        }
    }

    /// Starts an executable and waits for its end.
    public static func run(
        _ executable: FilePath,
        _ arguments: [String],
        environment: [String: String] = [:],
        directory: FilePath? = nil,
        input: [UInt8] = [],
        timeout: Duration = .seconds(300)
    ) async throws -> Result {
        let run = try BinaryRun(
            executable,
            arguments,
            environment: environment,
            directory: directory,
            input: input
        )
        return try await run.finish(timeout: timeout)
    }

    /// An executable of the build that runs this test; `STACKCTL_BINARY` names another `stackctl`.
    public static func built(_ name: String = "stackctl") throws -> FilePath {
        if name == "stackctl", let other = Environment.process["STACKCTL_BINARY"] { return FilePath(other) }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        var folder = FilePath(
            String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        )
        // The runner may lie in a bundle beside the products.
        for _ in 0..<4 where folder.removeLastComponent() {
            let path = folder.appending(name)
            if FileSystem.exists(path) { return path }
        }
        throw SystemError(.noSuchFileOrDirectory, operation: "find the built", path: FilePath(name))
    }
}

/// What is started.
struct Command {
    let executable: FilePath
    let arguments: [String]
    let environment: [String: String]
    let directory: FilePath?

    /// The executable and its arguments; `env` changes the directory, which this libc's spawn only does for C.
    var line: [String] {
        (directory.map { ["/usr/bin/env", "-C", $0.string] } ?? []) + [executable.string] + arguments
    }
}
