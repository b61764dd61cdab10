import Docker
import Operations
import Platform
import Synchronization
import TestSupport
import Testing

/// The verbs of a running stack, on real engines.
@Suite(.engines)
struct DockerStackTests {
    // MARK: Start, stop, restart

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a container is stopped and started, once`(kind: PrivateEngine.Kind) async throws {
        try await DockerHome.with(kind) { home in
            let id = try await home.run("trap exit TERM; sleep 600 & wait")
            let workspace = home.workspace()
            #expect(try await Restart(.stop).plan(in: workspace).changed)
            #expect(try await home.client.container(id).state.running)
            let stopped = try await Restart(.stop).run(in: workspace) { _ in }
            #expect(stopped.changed && stopped.container == home.name && stopped.stack == "llamacpp")
            #expect(try await !Restart(.stop).run(in: workspace) { _ in }.changed)
            #expect(try await !Restart(.stop).plan(in: workspace).changed)
            #expect(try await Restart(.start).run(in: workspace) { _ in }.changed)
            #expect(try await !Restart(.start).run(in: workspace) { _ in }.changed)
            #expect(try await Restart(.restart).run(in: workspace) { _ in }.changed)
            #expect(try await home.client.container(id).state.running)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a restart waits until the server answers`(kind: PrivateEngine.Kind) async throws {
        try await DockerHome.with(kind) { home in
            try await home.run("trap exit TERM; (sleep 0.7; \(TinyServer.script)) & wait")
            let reports = Reports()
            let done = try await Restart(waiting: .seconds(60)).run(
                in: home.workspace(),
                report: reports.reporter
            )
            #expect(done.ready == true && (done.readyAfterMilliseconds ?? 0) >= 700)
            #expect(reports.stages == ["waiting until `\(home.name)` answers"])
            #expect(try await Status().run(in: home.workspace()) { _ in }.first?.ready == true)
        }
    }

    @Test func `a restart that is not answered in time is not ready`() async throws {
        try await DockerHome.with { home in
            try await home.run("trap exit TERM; sleep 600 & wait")
            let failure = await failure {
                try await Restart(waiting: .milliseconds(600)).run(in: home.workspace()) { _ in }
            }
            #expect(failure?.kind == .notReady && failure?.message.contains("600 ms") == true)
            #expect(failure?.message.contains("127.0.0.1:\(home.port)/health") == true)
        }
    }

    @Test(arguments: [nil, RestartPolicy("always")])
    func `a server that ends before it answers is not waited for`(policy: RestartPolicy?) async throws {
        try await DockerHome.with { home in
            try await home.run("sleep 0.2; exit 17", policy: policy)
            let began = ContinuousClock.now
            let failure = await failure {
                try await Restart(waiting: .seconds(60)).run(in: home.workspace()) { _ in }
            }
            #expect(failure?.kind == .notReady && ContinuousClock.now - began < .seconds(30))
            #expect(failure?.message.contains("ended with status 17 before it answered") == true)
            #expect(failure?.hint == "see `stackctl llamacpp why`")
        }
    }

    // MARK: Status

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `the status says what a container does and how it ended`(kind: PrivateEngine.Kind) async throws {
        try await DockerHome.with(kind) { home in
            try await home.run("sleep 600")
            let running = try #require(try await Status().run(in: home.workspace()) { _ in }.first)
            #expect(
                running.state == "running" && !running.ready && running.restarts == 0 && running.model == nil
            )
            #expect(running.startedAt != nil && (running.memoryBytes ?? 0) > 0 && running.exitCode == nil)
            try await home.client.kill(home.name, signal: "KILL")
            _ = try await home.client.wait(for: home.name)
            let ended = try #require(try await Status().run(in: home.workspace()) { _ in }.first)
            #expect(ended.state == "exited" && ended.exitCode == 137 && ended.startedAt == nil)
            #expect(ended.memoryBytes == nil)
        }
    }

    @Test func `the status names the stored model that the command has`() async throws {
        let repository = StubRepository("org/tiny-GGUF", files: ["tiny-q8_0.gguf": try smallGGUF()])
        let home = try await DockerHome()
        home.home.hub.publish(repository)
        try await home.home.pull("org/tiny-GGUF")
        try await home.run("sleep 600; : /models/org--tiny-GGUF/gguf/q8_0/tiny-q8_0.gguf")
        defer { withExtendedLifetime(home) {} }
        let status = try await Status().run(in: home.workspace()) { _ in }.first
        try await home.client.remove(home.name, forced: true)
        #expect(status?.model == "org/tiny-GGUF")
    }

    @Test func `all stacks are told together, and what cannot be told is a warning`() async throws {
        try await DockerHome.with { home in
            try await home.run("sleep 600")
            let workspace = home.home.workspace(stack: nil, ["DOCKER_HOST": "unix://\(home.engine.socket)"])
            let all = try await Status().run(in: workspace) { _ in }
            #expect(all.map(\.stack) == ["llamacpp", "mistral", "vllm"])
            #expect(all.map(\.state) == ["running", "absent", "absent"])
            try home.home.directory.write("name: mine\n", to: "home/stacks/llamacpp/compose.yaml")
            try await home.client.remove(home.name, forced: true)
            try await home.run(
                "sleep 600",
                labels: [ComposeLabel.project: "o", ComposeLabel.files: "/o.yaml"]
            )
            let reports = Reports()
            let rest = try await Status().run(in: workspace, report: reports.reporter)
            #expect(rest.map(\.stack) == ["mistral", "vllm"] && reports.warnings.count == 1)
        }
    }

    // MARK: Logs, stats, exec

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a log is handed on with its two outputs`(kind: PrivateEngine.Kind) async throws {
        try await DockerHome.with(kind) { home in
            try await home.run("echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three")
            _ = try await home.client.wait(for: home.name)
            let written = Mutex<[OutputStream: String]>([:])
            func log(_ logs: Logs) async throws -> [OutputStream: String] {
                written.withLock { $0 = [:] }
                try await logs.run(in: home.workspace()) { stream, bytes in
                    written.withLock { $0[stream, default: ""] += String(decoding: bytes, as: UTF8.self) }
                }
                return written.withLock { $0 }
            }
            #expect(try await log(Logs()) == [.output: "one\nthree\n", .errors: "two\n"])
            #expect(try await log(Logs(follows: true, tail: 1)) == [.output: "three\n"])
            #expect(
                try await log(Logs(since: LogStart(parsing: "1h"))) == [
                    .output: "one\nthree\n", .errors: "two\n",
                ]
            )
            #expect(try await log(Logs(since: LogStart(parsing: "2100-01-01"))).isEmpty)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `what a container takes is measured over an interval`(kind: PrivateEngine.Kind) async throws {
        try await DockerHome.with(kind) { home in
            try await home.run("while :; do :; done")
            let shown = Mutex<[ContainerUse]>([])
            try await Stats(every: .milliseconds(300)).run(in: home.workspace()) { _ in
            } show: { uses in
                shown.withLock { $0 = uses }
                return false
            }
            let use = try #require(shown.withLock { $0.first })
            #expect(use.container == home.name && (use.cpuPercent ?? 0) > 3 && use.memoryBytes > 0)
            try await home.client.kill(home.name, signal: "KILL")
            _ = try await home.client.wait(for: home.name)
            let failure = await failure {
                try await Stats().run(in: home.workspace()) { _ in
                } show: { _ in
                    false
                }
            }
            #expect(failure?.kind == .conflict)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a command in the stack's container is connected with what it is given`(
        kind: PrivateEngine.Kind
    ) async throws {
        try await DockerHome.with(kind) { home in
            try await home.run("sleep 600")
            let written = Mutex<[OutputStream: String]>([:])
            let pieces = Mutex<[[UInt8]]>([Array("a\n".utf8), Array("b\n".utf8)])
            let console = ExecConsole(input: { pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() } }) {
                stream,
                bytes in
                written.withLock { $0[stream, default: ""] += String(decoding: bytes, as: UTF8.self) }
            }
            let exec = Exec(
                ["/bin/sh", "-c", "cat; echo $X >&2; pwd >&2; exit 11"],
                directory: "/tmp",
                environment: ["X=1"]
            )
            #expect(try await exec.run(in: home.workspace(), console) == 11)
            #expect(written.withLock { $0 } == [.output: "a\nb\n", .errors: "1\n/tmp\n"])
            try await home.client.kill(home.name, signal: "KILL")
            _ = try await home.client.wait(for: home.name)
            #expect(await failure { try await exec.run(in: home.workspace(), console) }?.kind == .conflict)
        }
    }
}

struct LogStartTests {
    @Test(arguments: [
        "10m", "1h30m", "2d", "90s", "2026-11-21T12:00:00Z", "2026-11-21", "2026-11-21T12:00:00", "0",
    ])
    func `a moment is read in the ways that people write it`(text: String) {
        #expect(LogStart(parsing: text) != nil)
    }

    @Test(
        arguments: ["", "m", "10", "10m1h", "10x", "-5m", "1.5h", "yesterday", "10m "].filter { $0 != "10" }
    )
    func `what is no moment is none`(text: String) { #expect(LogStart(parsing: text) == nil) }

    @Test func `a span is read with its units, the larger first`() {
        #expect(Duration(parsing: "1h30m5s") == .seconds(5405))
        #expect(Duration(parsing: "2d") == .seconds(172_800))
        for text in ["", "5", "5m5m", "5s5m", "h", "99999999999s", "-1s"] {
            #expect(Duration(parsing: text) == nil)
        }
    }
}
