import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

struct ChildProcessTests {
    private func shell(_ script: String, _ environment: Environment = [:]) throws -> ChildProcess {
        try ChildProcess(
            "/bin/sh",
            ["-c", script],
            environment: environment,
            output: .nothing,
            errors: .nothing
        )
    }

    @Test(arguments: [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)])
    func `a program ends with its status`(script: String, status: Int32) async throws {
        let child = try shell(script)
        #expect(try await child.status() == status)
        #expect(child.hasEnded)
    }

    @Test func `a program has the environment that it is given, and no other`() async throws {
        let child = try shell("[ \"$A-$HOME\" = 1- ]", ["A": "1"])
        #expect(try await child.status() == 0)
    }

    @Test func `a program is sent signals, until it has ended`() async throws {
        let child = try shell("exec sleep 600", .process)
        #expect(!child.hasEnded)
        child.send(SIGTERM)
        #expect(try await child.status() == 143)
        child.send(SIGTERM)
    }

    @Test func `a program has three descriptors`() async throws {
        let folder = try TemporaryDirectory()
        let file = try File(folder.appending("x"), .create)
        let child = try shell("[ \"$(ls /proc/self/fd | wc -l)\" -le 4 ]", .process)
        #expect(try await child.status() == 0)
        withExtendedLifetime(file) {}
    }

    @Test func `a program that there is not is an error`() {
        let error = #expect(throws: SystemError.self) {
            try ChildProcess("/nowhere/x", [], environment: [:])
        }
        #expect(error?.isNotFound == true)
    }

    @Test func `waiting for a program can be given up`() async throws {
        let child = try shell("exec sleep 600", .process)
        let task = Task { try await child.status() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        child.send(SIGKILL)
        #expect(try await child.status() == 137)
    }

    @Test func `a command is looked up in the path`() throws {
        let folder = try TemporaryDirectory()
        try folder.write("", to: "tool")
        let environment: Environment = ["PATH": "/nowhere:\(folder.path)"]
        #expect(environment.program("tool") == nil)
        #expect(chmod(folder.appending("tool").string, 0o755) == 0)
        #expect(environment.program("tool") == folder.appending("tool"))
        try FileSystem.createDirectory(folder.appending("folder"))
        #expect(environment.program("folder") == nil)
        #expect(Environment(["PATH": ""]).program("sh") != nil)
    }
}

struct ProgramSocketTests {
    @Test func `who speaks at the socket speaks with the program`() async throws {
        let socket = try ProgramSocket("/bin/cat", [], environment: [:])
        let line = try connected(to: socket.name)
        #expect(write(line, "hello", 5) == 5)
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(read(line, &buffer, 16) == 5)
        #expect(Array(buffer[..<5]) == Array("hello".utf8))
        shutdown(line, Int32(SHUT_WR))
        #expect(read(line, &buffer, 16) == 0)
        close(line)
        #expect(await socket.lastWords() == "")
    }

    @Test func `what the program says last is kept`() async throws {
        let socket = try ProgramSocket("/bin/sh", ["-c", "echo no >&2; exit 3"], environment: [:])
        #expect(await socket.lastWords(patience: .milliseconds(10)) == nil)
        let line = try connected(to: socket.name)
        var byte: UInt8 = 0
        #expect(read(line, &byte, 1) <= 0)
        #expect(await socket.lastWords(patience: .seconds(10)) == "no\n")
        close(line)
    }

    @Test func `another process is not let in`() async throws {
        let socket = try ProgramSocket("/bin/cat", [], environment: [:])
        let script = """
            import socket, sys
            line = socket.socket(socket.AF_UNIX)
            line.connect("\\0" + sys.argv[1])
            line.settimeout(10)
            try: line.send(b"hello")
            except OSError: pass
            try: sys.exit(1 if line.recv(5) else 0)
            except ConnectionResetError: sys.exit(0)
            """
        let stranger = try await BinaryRun.run("/usr/bin/python3", ["-c", script, socket.name])
        #expect(stranger.status == 0, "\(stranger.errors)")
    }

    private func connected(to name: String) throws -> Int32 {
        let line = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0[1...].copyBytes(from: name.utf8) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.utf8.count)
        let answer = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(line, $0, length) }
        }
        guard answer == 0 else { throw SystemError(Errno(rawValue: errno), operation: "connect", path: nil) }
        return line
    }
}

struct FileAccessTests {
    @Test func `a file's group and whether we may use it are told`() throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("", to: "x")
        #expect(chmod(file.string, 0o660) == 0)
        let access = try #require(FileAccess(file))
        #expect(access.isGranted && access.groupMay && access.isInGroup && !access.group.isEmpty)
        #expect(chmod(file.string, 0o600) == 0)
        #expect(FileAccess(file)?.groupMay == false)
        #expect(FileAccess(folder.appending("nothing")) == nil)
    }
}

struct SignalArrivalTests {
    @Test(.timeLimit(.minutes(1))) func `each arrival of a signal is told, the first look at once`()
        async throws
    {
        var arrivals = arrivals(of: SIGWINCH).makeAsyncIterator()
        #expect(await arrivals.next() != nil)
        kill(getpid(), SIGWINCH)
        #expect(await arrivals.next() != nil)
        kill(getpid(), SIGWINCH)
        #expect(await arrivals.next() != nil)
    }
}
