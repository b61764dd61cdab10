import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// The other verbs of a running stack.
@Suite(.engines)
struct ExecStackTests {
    @Test(arguments: PrivateEngine.Kind.allCases)
    func `the status has the shape that scripts rely on`(kind: PrivateEngine.Kind) async throws {
        try await ExecHome.with(kind, "\(TinyServer.script)") { home in
            let all = try AnyJSON(try await home.run("status", "--json").output).elements
            #expect(all.count == 3)
            let own = try #require(all.first)
            #expect(
                own.keys.isSuperset(of: [
                    "stack", "container", "state", "ready", "startedAt", "restarts", "memoryBytes",
                ])
            )
            let table = try await home.run("llamacpp", "status").output
            #expect(
                table.hasPrefix("STACK     CONTAINER") && table.contains("running") && table.contains("yes")
            )
            try await home.engine.kill(home.name)
            let ended = try await home.run("llamacpp", "status", "--json")
            #expect(ended.status == 0 && ended.output.contains("\"exitCode\" : 137"))
        }
    }

    @Test func `a status that is watched is shown again when something changes, until it is interrupted`()
        async throws
    {
        try await ExecHome.with { home in
            let run = try home.start(["llamacpp", "status", "--watch", "--json"])
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("\"running\"") })
            try await home.engine.kill(home.name)
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("\"exited\"") })
            run.send(SIGINT)
            let result = try await run.finish(timeout: .seconds(30))
            #expect(result.status == 0 && result.errors.isEmpty)
            #expect(result.output.split(separator: "\n").allSatisfy { (try? AnyJSON(String($0))) != nil })
        }
    }

    @Test func `a status on a terminal is drawn in the same place`() async throws {
        try await ExecHome.with { home in
            let run = try home.start(["llamacpp", "status", "--watch"], terminal: .init(columns: 100))
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("running") })
            #expect(try await run.waitUntil(timeout: .seconds(30)) { $0.output.contains("\u{1B}[2A") })
            run.type("\u{3}")
            #expect(try await run.finish(timeout: .seconds(30)).status == 0)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a container is restarted, and its server waited for`(kind: PrivateEngine.Kind) async throws {
        try await ExecHome.with(
            kind,
            "trap exit TERM; (sleep 0.3; \(TinyServer.script)) & wait"
        ) {
            home in
            let done = try await home.run("restart", "--wait", "--timeout", "30s")
            #expect(done.status == 0 && done.output.contains("`\(home.name)` restarted, answers after "))
            #expect(try await home.run("stop").output == "`\(home.name)` stopped\n")
            #expect(try await home.run("stop").output == "`\(home.name)` does not run\n")
            #expect(try await home.run("start", "--dry-run").output == "would start `\(home.name)`\n")
            #expect(try await home.run("start", "--quiet").output.isEmpty)
            #expect(try await home.run("start", "--json").output.contains("\"changed\" : false"))
        }
    }

    @Test func `a server that does not come up is status 9`() async throws {
        try await ExecHome.with(.docker, "trap exit TERM; sleep 600 & wait") { home in
            let late = try await home.run("restart", "--wait", "--timeout", "1s")
            #expect(late.status == 9 && late.errors.contains("does not answer"))
            #expect(try await home.run("restart", "--timeout", "1s").status == 64)
            #expect(try await home.run("restart", "--wait", "--timeout", "1").status == 64)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a log is shown, followed and cut`(kind: PrivateEngine.Kind) async throws {
        try await ExecHome.with(
            kind,
            "echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three; exec sleep 600"
        ) { home in
            let follower = try home.start(["logs", "-f"])
            #expect(try await follower.waitUntil(timeout: .seconds(30)) { $0.output == "one\nthree\n" })
            let all = try await home.run("logs")
            #expect(all.output == "one\nthree\n" && all.errors == "two\n" && all.status == 0)
            #expect(try await home.run("logs", "--tail", "1").output == "three\n")
            #expect(try await home.run("logs", "--since", "1h", "-t").output.contains("Z one\n"))
            let json = try await home.run("logs", "--json").output.split(separator: "\n")
            #expect(json.first == #"{"line":"one","stream":"stdout"}"# && json.count == 3)
            #expect(try await home.run("logs", "--since", "later").status == 64)
            follower.send(SIGINT)
            #expect(try await follower.finish(timeout: .seconds(30)).status == 0)
            let second = try home.start(["logs", "-f"])
            #expect(try await second.waitUntil(timeout: .seconds(30)) { $0.output.contains("three") })
            try await home.engine.kill(home.name)
            #expect(try await second.finish(timeout: .seconds(30)).status == 0)
        }
    }

    @Test func `what a container takes is shown once to a pipe`() async throws {
        try await ExecHome.with { home in
            let shown = try await home.run("llamacpp", "stats")
            #expect(shown.status == 0 && shown.output.hasPrefix("STACK") && shown.output.contains(home.name))
            let json = try AnyJSON(try await home.run("stats", "--json").output).elements
            #expect(
                json.first?.keys.isSuperset(of: ["stack", "container", "cpuPercent", "memoryBytes"]) == true
            )
        }
    }

    // MARK: The way to the engine

    @Test func `a user who may not use the socket is told its group`() async throws {
        let folder = try TemporaryDirectory(in: "/var/tmp")
        #expect(chmod(folder.path.string, 0o755) == 0)
        let binary = folder.appending("stackctl")
        try FileSystem.copy(BinaryRun.built(), to: binary)
        #expect(chmod(binary.string, 0o755) == 0)
        let server = try StubServer(socket: folder.appending("docker.sock")) { _ in .json("{}") }
        #expect(chown(folder.appending("docker.sock").string, 0, 8) == 0)
        #expect(chmod(folder.appending("docker.sock").string, 0o660) == 0)
        func run(_ groups: String) async throws -> BinaryRun.Result {
            try await BinaryRun.run(
                "/usr/bin/setpriv",
                ["--reuid=65534", "--regid=65534", groups, "--", binary.string, "status"],
                environment: [
                    "DOCKER_HOST": "unix://\(folder.path)/docker.sock", "STACKCTL_HOME": "/nowhere",
                    "PATH": "/usr/bin",
                ]
            )
        }
        let refused = try await run("--clear-groups")
        #expect(refused.status == 5 && server.requests.isEmpty)
        #expect(refused.errors.contains("belongs to the group `mail`, and the user is not in it"))
        #expect(refused.errors.contains("usermod -aG mail $USER"))
        // Whoever is in the group gets to the engine, and hears that this one is none.
        #expect(try await run("--groups=8").status == 8)
        #expect(chmod(folder.appending("docker.sock").string, 0o600) == 0)
        let closed = try await run("--groups=8")
        #expect(closed.status == 5 && !closed.errors.contains("usermod"))
    }

    @Test func `without an engine, each verb says so with status 6`() async throws {
        let home = try CommandLineHome()
        for verb in [["status"], ["restart"], ["stop"], ["start"], ["logs"], ["stats"]] {
            let result = try await home.start(verb).finish()
            #expect(result.status == 6 && result.errors.contains("docker.sock"))
        }
    }
}
