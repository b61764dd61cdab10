import Catalog
import Engines
import Platform
import SystemPackage
import TestSupport
import Testing

/// A server that is to have a key never runs without it, and no text that is written has the key in it.
struct SecretTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func plan(_ engine: EngineName, _ key: String) async throws -> LaunchPlan {
        let yaml = "engine: \(engine.rawValue)"
        var request = engine == .vllm ? try await LaunchRequest.safetensors(yaml) : try await .gguf(yaml)
        request.settings = try modelSettings("api_key: \(key)").over(request.settings)
        return try LaunchPlan(request)
    }

    /// Runs a text with a program in the engine's place that tells its key.
    private func run(_ text: String, _ environment: [String: String] = [:]) async throws -> BinaryRun.Result {
        for name in ["vllm", "llama-server"] {
            let path = try folder.write("#!/bin/sh\necho \"<$VLLM_API_KEY$LLAMA_API_KEY>\"\n", to: name)
            _ = try await BinaryRun.run("/bin/chmod", ["755", path.string])
        }
        let all = environment.merging(["PATH": "\(folder.path):/usr/bin:/bin"]) { own, _ in own }
        return try await BinaryRun.run("/bin/sh", ["-c", text], environment: all)
    }

    private func texts(_ plan: LaunchPlan) -> [String] {
        [
            plan.shell,
            LaunchScript.render(
                plan.argv,
                environment: plan.environment,
                secrets: plan.environmentSecrets,
                title: "m"
            ),
        ]
    }

    @Test(arguments: [EngineName.llamacpp, .vllm]) func `a key comes from the variable that has it`(
        engine: EngineName
    ) async throws {
        for text in try texts(await plan(engine, "env:MINE")) {
            #expect(try await run(text, ["MINE": "s3 cret"]).output == "<s3 cret>\n")
            for environment in [[:], ["MINE": ""]] {
                let without = try await run(text, environment)
                #expect(without.status != 0 && without.output.isEmpty)
            }
        }
    }

    @Test func `a key comes from the file that has it`() async throws {
        let file = try folder.write("s3cret\n", to: "a key")
        let plan = try await plan(.vllm, "file:keys/mine")
        #expect(plan.keySource == "keys/mine")
        for text in texts(plan) {
            #expect(!text.contains("s3cret") && !text.contains("keys/mine"))
            // Where a container sees it is here where the test has it.
            let placed = text.replacing(LaunchPlan.keyPath, with: ShellCommand.quoted(file.string))
            #expect(try await run(placed).output == "<s3cret>\n")
            try FileSystem.write([], to: file)
            #expect(try await run(placed).status != 0)
            try FileSystem.write(Array("s3cret\n".utf8), to: file)
            let without = try await run(text.replacing(LaunchPlan.keyPath, with: "/nonexistent/key"))
            #expect(without.status != 0 && without.output.isEmpty)
        }
    }

    @Test func `llama.cpp reads a file by itself, where its container sees it`() async throws {
        let plan = try await plan(.llamacpp, "file:keys/mine")
        #expect(plan.argv.suffix(2) == ["--api-key-file", "/run/secrets/api-key"])
        #expect(plan.environmentSecrets.isEmpty && plan.secrets == ["LLAMA_API_KEY": .file("keys/mine")])
        #expect(try plan.variables.text.contains("\nLLAMA_ARG_API_KEY_FILE=/run/secrets/api-key\n"))
    }

    @Test(arguments: ["LLAMA_API_KEY", "MINE"])
    func `a file of variables, which would let a server without its key start, is refused`(name: String)
        async throws
    {
        let plan = try await plan(.llamacpp, "env:\(name)")
        #expect(throws: LaunchRefusal.keyNotInVariables(.variable(name))) { try plan.variables }
    }
}
