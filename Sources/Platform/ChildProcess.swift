import CLinux
import Dispatch
import Glibc
public import SystemPackage

/// A program that this process has started: signals can be sent to it, and its end is awaited.
///
/// It has the descriptors that it was given and no other, and signals as a shell would leave them to it.
public final class ChildProcess: Sendable {
    /// Where one of the child's first three descriptors leads.
    public enum Stream: Sendable {
        /// Where this process's own descriptor of that number leads.
        case inherited
        /// Nowhere: it brings nothing and takes all.
        case nothing
        /// Where another descriptor of this process leads.
        case descriptor(Int32)
    }

    /// The process's number.
    public let id: Int32
    /// How it ended; `nil` while it runs.
    ///
    /// Held by whoever sends a signal: a number that was reaped may be another's.
    private let ending = Monitor<Int32?>(nil)

    /// Starts a program with exactly this environment.
    public init(
        _ program: FilePath,
        _ arguments: [String],
        environment: Environment,
        input: Stream = .nothing,
        output: Stream = .inherited,
        errors: Stream = .inherited
    ) throws(SystemError) {
        id = try Self.spawn(program, arguments, environment, [input, output, errors])
        DispatchQueue(label: "child").async { [id, ending] in
            var information = siginfo_t()
            // Left as a zombie until nobody can be about to send a signal to its number.
            while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
            ending.update { $0 = Self.reap(id) }
        }
    }

    /// Waits for its end; its status, with 128 and the signal's number if a signal ended it, as shells have it.
    public func status() async throws -> Int32 { try await ending.when { $0 } }

    /// Whether it has ended.
    public var hasEnded: Bool { ending.access { $0 != nil } }

    /// Sends a signal, unless it has ended.
    public func send(_ signal: Int32) {
        ending.access { [id] in if $0 == nil { kill(id, signal) } }
    }

    private static func reap(_ id: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(id, &status, 0) == -1 {
            // Somebody else in this process reaps children: how this one ended is not known.
            guard errno == EINTR else { return 255 }
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    private static func spawn(
        _ program: FilePath,
        _ arguments: [String],
        _ environment: Environment,
        _ streams: [Stream]
    ) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (number, stream) in zip(Int32(0)..., streams) { add(stream, as: number, to: &actions) }
        linux_close_from(&actions, 3)
        var (all, none) = (sigset_t(), sigset_t())
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let words = ([program.string] + arguments).map { strdup($0) }
        let variables = environment.assignments.map { strdup($0) }
        defer { for text in words + variables { free(text) } }
        var id = pid_t()
        let answer = posix_spawn(&id, program.string, &actions, &attributes, words + [nil], variables + [nil])
        guard answer == 0 else {
            throw SystemError(Errno(rawValue: answer), operation: "run", path: program)
        }
        return id
    }

    private static func add(_ stream: Stream, as number: Int32, to actions: inout posix_spawn_file_actions_t)
    {
        switch stream {
        // Onto itself, which keeps it open although a program that is started would not have it otherwise.
        case .inherited: posix_spawn_file_actions_adddup2(&actions, number, number)
        case .nothing: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
        case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, number)
        }
    }
}

extension Environment {
    /// The file that a command's name stands for, as a shell looks it up in `PATH`; `nil` if there is none.
    public func program(_ name: String) -> FilePath? {
        let folders = (self["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        return folders.lazy.map { FilePath(String($0)).appending(name) }.first { path in
            path.withPlatformString { access($0, X_OK) } == 0 && (try? FileSystem.status(path))?.kind == .file
        }
    }
}
