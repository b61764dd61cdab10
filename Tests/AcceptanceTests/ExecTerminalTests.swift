import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// `exec -it`, with a terminal at both ends.
@Suite(.engines)
struct ExecTerminalTests {
    /// Starts a command on a terminal, whose settings before and after are the first and last line that it shows.
    private func start(_ home: ExecHome, _ command: String, size: BinaryRun.TerminalSize = .init()) throws
        -> BinaryRun
    {
        try home.shell("stty -g; $STACKCTL exec -it -- \(command); echo status $?; stty -g", terminal: size)
    }

    /// What came of it: the status, and whether the terminal is as it was.
    private func finish(_ run: BinaryRun) async throws -> (status: String?, isRestored: Bool) {
        let lines = try await run.finish(timeout: .seconds(60)).output.split(whereSeparator: \.isNewline)
        let status = lines.last { $0.hasPrefix("status ") }.map { String($0.dropFirst("status ".count)) }
        return (status, lines.count > 2 && lines.first == lines.last && lines[0].contains(":"))
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `the command's terminal is as large as ours, and follows it`(kind: PrivateEngine.Kind) async throws {
        try await ExecHome.with(kind) { home in
            let run = try start(
                home,
                "sh -c 'echo begun; read -r x; stty size; read -r x; stty size; exit 5'",
                size: .init(columns: 93, rows: 31)
            )
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("begun") })
            // The size is told once the command has begun.
            try await Task.sleep(for: .milliseconds(300))
            run.type("\r")
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("31 93\r\n") })
            run.resize(columns: 71, rows: 19)
            try await Task.sleep(for: .milliseconds(500))
            run.type("\r")
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("19 71\r\n") })
            let ended = try await finish(run)
            #expect(ended.status == "5" && ended.isRestored)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `keys go inside as they are, Ctrl-C included`(kind: PrivateEngine.Kind) async throws {
        try await ExecHome.with(kind) { home in
            let run = try start(
                home,
                "sh -c 'trap \"echo caught; exit 9\" INT; echo begun; while :; do sleep 0.1; done'"
            )
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("begun") })
            run.type("\u{3}")
            let ended = try await finish(run)
            #expect(ended.status == "9" && ended.isRestored && run.output.contains("caught\r\n"))
        }
    }

    @Test func `an interactive shell is one`() async throws {
        try await ExecHome.with { home in
            let run = try start(home, "sh")
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("# ") })
            run.type("echo $((6*7)); tty\r")
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("42\r\n/dev/pts/") })
            // The shell takes an end that is typed only where it asks for the next line.
            #expect(
                try await run.waitUntil(timeout: .seconds(30)) { run in
                    run.output.split(separator: "/dev/pts/").dropFirst().last?.contains("# ") == true
                }
            )
            run.type("\u{4}")
            let ended = try await finish(run)
            #expect(ended.status == "0" && ended.isRestored)
        }
    }

    @Test(arguments: [(SIGTERM, "130"), (SIGINT, "130"), (SIGHUP, "130")])
    func `a signal from outside leaves the terminal in order`(signal: Int32, status: String) async throws {
        try await ExecHome.with { home in
            let run = try start(home, "sh -c 'echo begun; exec sleep 600'")
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("begun") })
            let child = try #require(ExecHome.children(of: run.processID).first)
            kill(child, signal)
            let ended = try await finish(run)
            #expect(ended.status == status && ended.isRestored)
        }
    }

    @Test func `a container that is gone leaves the terminal in order`() async throws {
        try await ExecHome.with { home in
            let run = try start(home, "sh -c 'echo begun; exec sleep 600'")
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("begun") })
            try await home.engine.kill(home.name)
            let ended = try await finish(run)
            #expect(ended.status != "0" && ended.isRestored)
        }
    }

    @Test func `a reader that is gone leaves the terminal in order`() async throws {
        try await ExecHome.with { home in
            let run = try home.shell(
                "stty -g; { $STACKCTL exec -it -- yes | head -n 1; }; echo status $?; stty -g"
            )
            let ended = try await finish(run)
            #expect(ended.status == "0" && ended.isRestored)
        }
    }

    @Test func `a command that cannot be run leaves the terminal in order`() async throws {
        try await ExecHome.with { home in
            let ended = try await finish(try start(home, "/nothing"))
            #expect(["126", "127"].contains(ended.status) && ended.isRestored)
        }
    }
}
