import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// `exec` through pipes.
@Suite(.engines)
struct ExecTests {
    @Test(arguments: PrivateEngine.Kind.allCases)
    func `the command's status is ours, its outputs stay apart`(kind: PrivateEngine.Kind) async throws {
        try await ExecHome.with(kind) { home in
            let mixed = try await home.run("exec", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
            #expect(mixed.status == 3 && mixed.output == "out\n" && mixed.errors == "err\n")
            #expect(try await home.run("llamacpp", "exec", "--", "true").status == 0)
            #expect(try await home.run("exec", "--", "sh", "-c", "kill -9 $$").status == 137)
            #expect([126, 127].contains(try await home.run("exec", "--", "/nothing").status))
            #expect(try await home.run("exec", "--", "/etc").status == 126)
        }
    }

    @Test func `what follows the command's name is the command's`() async throws {
        try await ExecHome.with { home in
            #expect(try await home.run("exec", "echo", "-n", "--help", "-q", "--").output == "--help -q --")
            #expect(
                try await home.run("--quiet", "llamacpp", "exec", "--", "echo", "--json").output == "--json\n"
            )
            #expect(
                try await home.run("exec", "-w", "/tmp", "-u", "1000:1000", "--", "sh", "-c", "pwd; id -u")
                    .output == "/tmp\n1000\n"
            )
            let variables = try await home.run(
                "exec",
                "-e",
                "A=1=2",
                "-e",
                "HOME",
                "-e",
                "NOT_SET",
                "--",
                "env"
            )
            #expect(
                variables.output.contains("A=1=2\n")
                    && variables.output.contains("HOME=\(home.home.directory)") == false
            )
            #expect(variables.output.contains("HOME=\(home.home.environment()["HOME"] ?? "")\n"))
            #expect(!variables.output.contains("NOT_SET"))
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `input goes through to its end, and only when it is asked for`(kind: PrivateEngine.Kind) async throws
    {
        try await ExecHome.with(kind) { home in
            #expect(try await home.run("exec", "-i", "--", "cat", input: Array("a\nb".utf8)).output == "a\nb")
            #expect(try await home.run("exec", "-i", "--", "wc", "-c", input: []).output == "0\n")
            #expect(try await home.run("exec", "--", "cat", input: Array("unseen".utf8)).output.isEmpty)
            let bytes = StubContent.generated(size: 10_000_000, seed: 5).all
            let back = try await home.run("exec", "-i", "--", "cat", input: bytes)
            #expect(back.outputBytes == bytes && back.status == 0)
            // A person's input, which does not end: the command's end is enough.
            let run = try home.start(
                ["exec", "-i", "--", "sh", "-c", "read -r x; echo $x; exit 7"],
                input: nil
            )
            run.type("line\n")
            let result = try await run.finish(timeout: .seconds(30))
            #expect(result.output == "line\n" && result.status == 7)
        }
    }

    @Test func `a failure of our own is 125, whatever it is`() async throws {
        try await ExecHome.with { home in
            let absent = try await home.run("mistral", "exec", "--", "true")
            #expect(absent.status == 125 && absent.errors.contains("has no container"))
            let terminal = try await home.run("exec", "-it", "--", "true")
            #expect(terminal.status == 125 && terminal.errors.contains("stdin is no terminal"))
            let engine = try await home.home.run("exec", "--", "true")
            #expect(engine.status == 125 && engine.errors.contains("no socket"))
            try await home.engine.kill(home.name)
            let stopped = try await home.run("exec", "--", "true")
            #expect(stopped.status == 125 && stopped.errors.contains("does not run"))
            for words in [
                ["exec"], ["exec", "--"], ["exec", "-e", "=x", "--", "true"],
                ["exec", "--nope", "--", "true"],
            ] {
                #expect(try await home.start(words).finish().status == 64)
            }
        }
    }

    @Test func `an interrupted run ends with 130`() async throws {
        try await ExecHome.with { home in
            let run = try home.start(["exec", "--", "sh", "-c", "echo begun; sleep 600"])
            #expect(try await run.waitUntil { $0.output == "begun\n" })
            run.send(SIGINT)
            #expect(try await run.finish(timeout: .seconds(30)).status == 130)
        }
    }

    @Test func `a reader that is gone ends it`() async throws {
        try await ExecHome.with { home in
            let run = try home.shell("$STACKCTL exec -- yes | head -n 1; echo end", terminal: .init())
            let result = try await run.finish(timeout: .seconds(30))
            #expect(result.output.contains("y\r\n") && result.output.contains("end\r\n"))
        }
    }
}
