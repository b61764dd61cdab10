import Catalog
import Engines
import Formats
import Platform
import SystemPackage
import Testing

struct FlagTests {
    @Test(arguments: Scenario.allCases) func `every word of a launch is one that the engine accepts`(
        scenario: Scenario
    ) async throws {
        let plan = try await LaunchPlan(scenario.request)
        #expect(EngineFlags.complaints(about: plan) == [])
    }

    @Test(arguments: ["llamacpp", "mistral", "vllm"]) func `the shipped stacks launch`(name: String) throws {
        let home = Home.locate(flag: "/nonexistent", environment: [:], workingDirectory: "/")
        let stack = try #require(try home.stack(named: name))
        let format = stack.defaults.format
        let files = format == .gguf ? ["m.gguf"] : ["config.json", "model.safetensors"]
        let request = LaunchRequest(
            stack: stack,
            settings: stack.settings,
            model: "m",
            format: format,
            files: files.map { "\(stack.mount)/m/\($0)" }
        )
        let plan = try LaunchPlan(request)
        #expect(EngineFlags.complaints(about: plan) == [])
        #expect(plan.argv.contains("\(stack.port)"))
        #expect(plan.image == stack.image)
    }

    @Test(arguments: EngineName.allCases) func `what an engine had once is refused`(
        engine: EngineName
    ) async throws {
        let removed = EngineFlags.of(engine).options.filter(\.isRemoved)
        #expect(removed.count == [.llamacpp: 15, .vllm: 25, .mistralrs: 8][engine])
        for option in removed {
            for word in option.names {
                await #expect(
                    throws: LaunchRefusal.argumentRemoved(engine, word, successor: option.successor)
                ) { try await plan(engine, extra: "\"\(word)\"") }
            }
        }
    }

    @Test(
        arguments: [
            (.llamacpp, "--treads", "--threads"), (.vllm, "--max-num-seq", "--max-num-seqs"),
            (.vllm, "--max-model", "--max-model-len"), (.mistralrs, "--no-uii", "--no-ui"),
            (.llamacpp, "--zzzzzzzzzz", nil),
        ] as [(EngineName, String, String?)]
    ) func `an argument that no engine has is refused, with the nearest one`(
        engine: EngineName,
        word: String,
        near: String?
    ) async throws {
        let version = EngineFlags.of(engine).version
        let refusal = LaunchRefusal.argumentUnknown(engine, word, version: version, near: near)
        await #expect(throws: refusal) { try await plan(engine, extra: "\"\(word)\"") }
        #expect(refusal.description.contains(version) && refusal.description.contains(near ?? word))
    }

    @Test func `what is newer than the table goes behind two dashes`() async throws {
        for engine in EngineName.allCases {
            let plan = try await plan(engine, extra: "--, --newer-than-that, \"-1\"")
            #expect(plan.argv.suffix(2) == ["--newer-than-that", "-1"])
        }
        // They hide neither a secret nor what the stack says elsewhere.
        await #expect(throws: LaunchRefusal.secretInCommand("--api-key")) {
            try await plan(.llamacpp, extra: "--, --api-key, s3cret")
        }
        await #expect(throws: LaunchRefusal.argumentReserved(.vllm, "--port")) {
            try await plan(.vllm, extra: "--, --port=1")
        }
    }

    @Test(
        arguments: [
            (.llamacpp, "--threads", .valueMissing(.llamacpp, "--threads")),
            (.vllm, "--seed, --enforce-eager", .valueMissing(.vllm, "--seed")),
            (.mistralrs, "--max-seqs", .valueMissing(.mistralrs, "--max-seqs")),
            (.llamacpp, "--metrics, yes", .argumentNotAccepted(.llamacpp, "yes")),
            (.llamacpp, "--threads=4", .argumentNotAccepted(.llamacpp, "--threads=4")),
            (.vllm, "--dtype, fp7", .valueNotAccepted(.vllm, "--dtype", "fp7", choices: dtypes)),
        ] as [(EngineName, String, LaunchRefusal)]
    ) func `an argument with too few or wrong values is refused`(
        engine: EngineName,
        extra: String,
        refusal: LaunchRefusal
    ) async {
        await #expect(throws: refusal) { try await plan(engine, extra: extra) }
    }

    private static let dtypes = ["auto", "bfloat16", "float", "float16", "float32", "half"]

    @Test(
        arguments: [
            (.llamacpp, "--seed, \"-1\", -fa, \"on\", --flash_attn, \"true\""),
            (.vllm, "-O3, --seed, \"-1\""),
            (.vllm, "--compilation-config.mode, \"3\", --no-enable-prefix-caching"),
            (.vllm, "'--hf-overrides={}'"),
            (.vllm, "--middleware, a, --middleware, b"), (.mistralrs, "-vv, '-n0:4', --isq=4"),
        ] as [(EngineName, String)]
    ) func `the engines' own ways of writing an argument are theirs`(
        engine: EngineName,
        extra: String
    ) async throws {
        let words = extra.split(separator: ", ").map { $0.filter { $0 != "\"" && $0 != "'" } }
        #expect(try await plan(engine, extra: extra).argv.suffix(words.count) == words)
    }

    @Test func `a table finds what is wrong`() {
        let llama = EngineFlags.of(.llamacpp)
        func complaints(_ words: String...) -> [String] {
            llama.complaints(about: ["llama-server"] + words, leading: 1)
        }
        #expect(complaints("--nonsense") == ["unknown: --nonsense"])
        #expect(complaints("--draft").contains("removed: --draft"))
        #expect(complaints("--port") == ["0 values: --port"])
        #expect(complaints("--metrics", "--metrics") == ["twice: --metrics"])
        #expect(complaints("-c", "1", "--ctx-size", "1") == ["twice: --ctx-size"])
        #expect(complaints("--reverse-prompt", "a", "-r", "b") == [])
        let vllm = EngineFlags.of(.vllm)
        let wrong = vllm.complaints(about: ["vllm", "serve", "/m", "--max-lora-rank", "24"], leading: 3)
        #expect(wrong == ["not a choice: --max-lora-rank [\"24\"]"])
    }

    private func plan(_ engine: EngineName, extra: String) async throws -> LaunchPlan {
        let yaml = "engine: \(engine.rawValue)\ndefaults: {extra: [\(extra)]}"
        return try await LaunchPlan(engine == .vllm ? .safetensors(yaml) : .gguf(yaml))
    }
}
