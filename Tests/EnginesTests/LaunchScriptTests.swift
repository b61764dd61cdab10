import Catalog
import Engines
import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// The script that a container begins as, run by a real shell.
struct LaunchScriptTests {
    private static let hostile = [
        "", " ", "a b", "'", "it's", "\"", "$HOME", "$(echo no)", "`echo no`", "\\", "a\\", "\n",
        "a\nexit 3\n", "*",
        "~", "#", ";", "exit 7", "é", "'\u{301}", "a'\u{301}; exit 8; '\u{301}", "模型", "\u{7F}", "\u{1}",
        "--", "-n",
        "%s", "!", "&", "|", "\r\n", "--flag=va'lue", "EOF", "$((1/0))", "${x?gone}",
    ]

    /// Runs a script; what it writes, taken apart at its zeros.
    private func run(_ script: String, environment: [String: String] = [:]) async throws -> BinaryRun.Result {
        let folder = try TemporaryDirectory()
        let path = try folder.write(script, to: "launch.sh")
        return try await BinaryRun.run("/bin/sh", [path.string], environment: environment)
    }

    private func words(_ script: String) async throws -> [String] {
        let result = try await run(script)
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        return result.output.split(separator: "\0", omittingEmptySubsequences: false).dropLast().map {
            String($0)
        }
    }

    @Test func `the words of the command arrive as they are`() async throws {
        let argv = ["/bin/sh", "-c", #"printf '%s\0' "$@""#, "sh"] + Self.hostile
        let script = LaunchScript.render(argv, environment: [:], title: "a model")
        #expect(try await words(script).map { Array($0.utf8) } == Self.hostile.map { Array($0.utf8) })
    }

    @Test func `the values of the variables arrive as they are`() async throws {
        for value in Self.hostile {
            let argv = ["/bin/sh", "-c", #"printf '%s\0' "$VALUE" "$OTHER""#]
            let script = LaunchScript.render(
                argv,
                environment: ["VALUE": value, "OTHER": "x"],
                title: "a model"
            )
            #expect(try await words(script).map { Array($0.utf8) } == [value, "x"].map { Array($0.utf8) })
        }
    }

    @Test func `a title is a comment, whatever is in it`() async throws {
        for title in Self.hostile {
            let script = LaunchScript.render(["/bin/echo", "fine"], environment: [:], title: title)
            #expect(script.hasPrefix("#!/bin/sh\n# Serves "))
            #expect(script.split(separator: "\n").count == 3)
            let result = try await run(script)
            #expect(result.output == "fine\n" && result.errors.isEmpty)
        }
    }

    @Test func `the shell becomes the engine, with its number and its status`() async throws {
        let argv = ["/bin/sh", "-c", "echo $$; kill -TERM $$", "a b"]
        let script = "echo $$\n" + LaunchScript.render(argv, environment: ["A": "1"], title: "a model")
        let result = try await run(script)
        let numbers = result.output.split(separator: "\n")
        #expect(numbers.count == 2 && numbers.first == numbers.last)
        #expect(result.status == 128 + 15, "\(result.status)")
    }

    @Test func `a program that is not there is told, and nothing else is run`() async throws {
        let script = LaunchScript.render(
            ["/nowhere/llama-server", "-m", "x"],
            environment: [:],
            title: "a model"
        )
        let result = try await run(script + "echo still here\n")
        #expect(result.status == 127 && result.output.isEmpty && result.errors.contains("llama-server"))
    }

    @Test(arguments: ["llamacpp", "it's", "a b", "$(exit 3)"])
    func `a container without a model says so and waits, until it is told to end`(stack: String) async throws
    {
        let folder = try TemporaryDirectory()
        let path = try folder.write(LaunchScript.idle(stack: stack), to: "launch.sh")
        let number = try folder.write("", to: "sleep.pid")
        try folder.write("#!/bin/sh\necho $$ >'\(number)'\nexec /bin/sleep \"$@\"\n", to: "sleep")
        #expect(chmod(folder.appending("sleep").string, 0o755) == 0)
        let run = try BinaryRun(
            "/bin/sh",
            [path.string],
            environment: ["PATH": "\(folder.path):/usr/bin:/bin"]
        )
        try await run.waitUntil { $0.errors.hasSuffix("MODEL\n") }
        #expect(run.errors == "no model is in use; choose one with: stackctl \(stack) use MODEL\n")
        var child: Int32?
        while child == nil {
            let text = String(decoding: try FileSystem.read(number), as: UTF8.self)
            child = text.hasSuffix("\n") ? Int32(text.dropLast()) : nil
        }
        run.send(SIGTERM)
        #expect(try await run.finish().status == 0)
        // What it waited in ends too.
        let end = ContinuousClock.now + .seconds(30)
        while let child, kill(child, 0) == 0, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(child.map { kill($0, 0) } == -1)
    }

    @Test func `the program is where the image has it`() async throws {
        let plan = try LaunchPlan(try await .gguf("engine: llamacpp"))
        let rest = plan.argv.dropFirst()
        let own = [
            ["/opt/llama/llama-server"], ["llama-server"], ["/usr/bin/tini", "--", "llama-server"],
            ["/app/llama-server", "--host", "::"],
        ]
        for entrypoint in own { #expect(plan.containerArgv(entrypoint: entrypoint) == entrypoint + rest) }
        for entrypoint in [[], ["/bin/sh", "-c"], ["/usr/bin/tini", "--"], ["/app/not-llama-server"]] {
            #expect(plan.containerArgv(entrypoint: entrypoint) == ["/app/llama-server"] + rest)
        }
    }

    @Test func `vLLM and mistral.rs keep the words that belong to their program`() async throws {
        let vllm = try LaunchPlan(try await .safetensors("engine: vllm"))
        for entrypoint in [
            ["vllm", "serve"], [], ["vllm"], ["python3", "-m", "vllm.entrypoints.openai.api_server"],
        ] {
            #expect(vllm.containerArgv(entrypoint: entrypoint) == vllm.argv)
        }
        let mistral = try LaunchPlan(try await .gguf("engine: mistralrs"))
        #expect(mistral.containerArgv(entrypoint: []) == mistral.argv)
        #expect(
            mistral.containerArgv(entrypoint: ["/usr/local/bin/mistralrs"])
                == ["/usr/local/bin/mistralrs"] + mistral.argv.dropFirst()
        )
    }
}
