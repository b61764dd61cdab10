import Dispatch
import Glibc
public import SystemPackage

/// A socket that only this process can connect to, each connection to which becomes the input and output of a program.
///
/// What the programs say on stderr is kept. The socket has a name outside the filesystem, so that it leaves nothing behind.
public final class ProgramSocket: Sendable {
    /// Its name, in the kernel's own space of names.
    public let name: String
    private let listener: Int32
    private let programs = Monitor<[ListenedProgram]>([])

    /// Listens; `arguments` are those of the program, which has exactly this environment.
    public init(_ program: FilePath, _ arguments: [String], environment: Environment) throws(SystemError) {
        name = "stackctl-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        listener = try Self.listen(name)
        DispatchQueue(label: "program socket").async { [listener, programs] in
            while let connection = Self.accept(listener) {
                // Whoever connected sees the end of a program that did not start, and asks for its words.
                let started = try? ListenedProgram(program, arguments, environment, connection)
                // Known before its line can end: whoever sees the end asks for the words at once.
                if let started { programs.update { $0 = ($0 + [started]).suffix(8) } }
                close(connection)
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// What the last program has said on stderr by its end; `nil` if it has not ended and does not within `patience`.
    public func lastWords(patience: Duration = .seconds(2)) async -> String? {
        await programs.access { $0.last }?.lastWords(patience)
    }

    private static func listen(_ name: String) throws(SystemError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = try systemCall("make a socket", nil) { socket(AF_UNIX, kind, 0) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A name that begins with a zero byte is none of a file; its length ends it.
        withUnsafeMutableBytes(of: &address.sun_path) { $0[1...].copyBytes(from: name.utf8) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.utf8.count)
        do throws(SystemError) {
            try systemCall("name a socket", nil) {
                withUnsafePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
                }
            }
            try systemCall("listen at a socket", nil) { Glibc.listen(descriptor, 64) }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// Waits for the next connection from this very process; `nil` once the socket was shut down.
    private static func accept(_ listener: Int32) -> Int32? {
        while true {
            let connection = Glibc.accept(listener, nil, nil)
            if connection < 0 {
                guard errno == EINTR || errno == ECONNABORTED else { return nil }
                continue
            }
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            if peer(of: connection) == getpid() { return connection }
            close(connection)
        }
    }

    private static func peer(of connection: Int32) -> pid_t? {
        // The process, user and group at the other end.
        var credentials: (pid_t, uid_t, gid_t) = (0, 0, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
        return credentials.0
    }
}

/// A program under way, and the end of what it says.
private final class ListenedProgram: Sendable {
    private struct Words: Sendable {
        var bytes: [UInt8] = []
        var haveEnded = false
    }

    private static let mostWords = 4096
    private let process: ChildProcess
    private let words = Monitor(Words())

    init(
        _ program: FilePath,
        _ arguments: [String],
        _ environment: Environment,
        _ line: Int32
    ) throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try systemCall("make a pair of sockets", nil) { socketpair(AF_UNIX, kind, 0, &ends) }
        defer { close(ends[1]) }
        do throws(SystemError) {
            process = try ChildProcess(
                program,
                arguments,
                environment: environment,
                input: .descriptor(line),
                output: .descriptor(line),
                errors: .descriptor(ends[1])
            )
        } catch {
            close(ends[0])
            throw error
        }
        DispatchQueue(label: "words of a program").async { [words, talk = ends[0]] in
            Self.listen(to: talk, words)
        }
    }

    func lastWords(_ patience: Duration) async -> String? {
        let end = ContinuousClock.now + patience
        while !process.hasEnded || !words.access({ $0.haveEnded }) {
            guard ContinuousClock.now < end else { break }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { break }
        }
        guard process.hasEnded else { return nil }
        return String(decoding: words.access { $0.bytes }, as: UTF8.self)
    }

    private static func listen(to descriptor: Int32, _ words: Monitor<Words>) {
        var piece = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            words.update { [piece] in $0.bytes = ($0.bytes + piece[..<count]).suffix(mostWords) }
        }
        close(descriptor)
        words.update { $0.haveEnded = true }
    }
}
