import Docker
import Platform
import TestSupport
import Testing

@Suite(.engines)
struct LiveExecTests {
    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a command in a container has its own status, outputs and input`(kind: PrivateEngine.Kind)
        async throws
    {
        let live = try await LiveEngine.running(kind)
        try await live.with("sleep 600") { container in
            let mixed = try await live.execute("echo out; echo err >&2; exit 3", in: container)
            #expect(mixed.text == "out\n" && mixed.errorText == "err\n" && mixed.status == 3)
            let plan = ExecPlan(["/bin/sh", "-c", "cat; echo end"], hasInput: true)
            let fed = try await live.execute(plan, in: container, input: Array("hello\n".utf8))
            #expect(fed.text == "hello\nend\n" && fed.status == 0)
            let empty = try await live.execute(plan, in: container, input: [])
            #expect(empty.text == "end\n")
            let closed = try await live.execute("cat; echo end", in: container)
            #expect(closed.text == "end\n")
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `ten megabytes go through a command and back, unchanged`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        let bytes = StubContent.generated(size: 10_000_000, seed: 7).all
        try await live.with("sleep 600") { container in
            let plan = ExecPlan(["/bin/cat"], hasInput: true)
            let executed = try await live.execute(plan, in: container, input: bytes)
            #expect(executed.output == bytes && executed.errors.isEmpty && executed.status == 0)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a command that does not read its input ends all the same`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("sleep 600") { container in
            let plan = ExecPlan(["/bin/sh", "-c", "head -c 5; exit 4"], hasInput: true)
            let executed = try await live.execute(
                plan,
                in: container,
                input: Array(repeating: 120, count: 4_000_000)
            )
            #expect(executed.status == 4)
            // Podman may lose the output over the input that nobody took.
            #expect(kind == .podman || executed.text == "xxxxx")
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a command runs as whom, where and with which variables it is told`(kind: PrivateEngine.Kind)
        async throws
    {
        let live = try await LiveEngine.running(kind)
        try await live.with("sleep 600") { container in
            let plan = ExecPlan(
                ["/bin/sh", "-c", "id -u; id -g; pwd; echo \"$A|$B\""],
                user: "tester",
                directory: "/tmp",
                environment: ["A=1 2", "B="]
            )
            let executed = try await live.execute(plan, in: container)
            #expect(executed.text == "1000\n1000\n/tmp\n1 2|\n")
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a command that a signal ends, or that there is not, is told by its status`(
        kind: PrivateEngine.Kind
    ) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("sleep 600") { container in
            #expect(try await live.execute("kill -KILL $$", in: container).status == 137)
            #expect(try await live.execute("kill -TERM $$", in: container).status == 143)
            let missing = try await live.execute(ExecPlan(["/nothing"]), in: container)
            // Old versions of Docker have 126 for both.
            #expect(
                [126, 127].contains(missing.status) && (missing.text + missing.errorText).contains("/nothing")
            )
            #expect(try await live.execute(ExecPlan(["/etc"]), in: container).status == 126)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a command has a terminal of the size that is said, and learns when it changes`(
        kind: PrivateEngine.Kind
    ) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("sleep 600") { container in
            let plan = ExecPlan(
                ["/bin/sh", "-c", "echo begun; read -r x; stty size; read -r x; stty size; exit 5"],
                hasInput: true,
                terminal: TerminalSize(columns: 91, rows: 17)
            )
            let id = try await live.client.prepare(plan, in: container.id)
            let session = try await live.client.start(id, plan)
            try await live.client.resizeOnceBegun(id, to: TerminalSize(columns: 91, rows: 17))
            var shown = ""
            func show(until text: String) async throws {
                while !shown.contains(text), let piece = try await session.output.next() {
                    #expect(piece.kind == .output)
                    shown += String(decoding: piece.bytes, as: UTF8.self)
                }
            }
            try await show(until: "begun")
            try await session.send(Array("\n".utf8))
            try await show(until: "17 91\r\n")
            try await live.client.resize(id, to: TerminalSize(columns: 120, rows: 50))
            try await session.send(Array("\n".utf8))
            try await show(until: "50 120\r\n")
            #expect(try await session.output.next() == nil)
            #expect(try await live.client.exitCode(of: id) == 5)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `what is typed as an interruption reaches the command`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("sleep 600") { container in
            let plan = ExecPlan(
                ["/bin/sh", "-c", "trap 'echo caught; exit 9' INT; echo begun; while :; do sleep 0.1; done"],
                hasInput: true,
                terminal: TerminalSize(columns: 80, rows: 24)
            )
            let id = try await live.client.prepare(plan, in: container.id)
            let session = try await live.client.start(id, plan)
            var shown = ""
            while let piece = try await session.output.next() {
                shown += String(decoding: piece.bytes, as: UTF8.self)
                if shown.hasSuffix("begun\r\n") { try await session.send([3]) }
            }
            #expect(shown.contains("caught"))
            #expect(try await live.client.exitCode(of: id) == 9)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a container that does not run runs no command`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("true", isStarted: false) { container in
            switch await dockerError({
                try await live.client.prepare(ExecPlan(["/bin/true"]), in: container.id)
            }) {
            case .conflict, .engine: break
            case let other: Issue.record("\(String(describing: other))")
            }
        }
        guard
            case .notFound = await dockerError({
                try await live.client.prepare(ExecPlan(["x"]), in: "nothing")
            })
        else {
            Issue.record("another error")
            return
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `going through the output ends when the task is cancelled`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("sleep 600") { container in
            let plan = ExecPlan(["/bin/sleep", "600"])
            let id = try await live.client.prepare(plan, in: container.id)
            let session = try await live.client.start(id, plan)
            let task = Task { await dockerError { try await session.output.next() } }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            guard case .cancelled = await task.value else {
                Issue.record("another error")
                return
            }
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a container that is removed under a command ends it`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("sleep 600") { container in
            let plan = ExecPlan(["/bin/sh", "-c", "echo begun; exec sleep 600"])
            let id = try await live.client.prepare(plan, in: container.id)
            let session = try await live.client.start(id, plan)
            #expect(try await session.output.next() != nil)
            try await live.client.kill(container.id, signal: "KILL")
            #expect(try await session.output.next() == nil)
        }
    }
}
