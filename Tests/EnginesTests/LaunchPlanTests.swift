import Catalog
import Engines
import Formats
import Testing

struct LaunchPlanTests {
    // MARK: Refusals

    @Test func `an engine refuses the format it does not read`() async {
        await refusal(.formatNotServed(.llamacpp, .safetensors)) {
            try await .safetensors("engine: llamacpp")
        }
        await refusal(.formatNotServed(.vllm, .gguf)) { try await .gguf("engine: vllm") }
    }

    @Test(arguments: ["iq4_xs", "iq2_xxs", "i1_iq3_m", "tq1_0", "ud_iq2_m"])
    func `mistral.rs refuses a quantization it does not read`(
        name: String
    ) async throws {
        let quantization = try #require(Quantization(parsing: name))
        await refusal(.quantizationNotServed(.mistralrs, quantization)) {
            try await .gguf("engine: mistralrs", quant: name)
        }
        _ = try await LaunchPlan(.gguf("engine: llamacpp", quant: name))
    }

    @Test func `mistral.rs refuses a mixture with tensors it does not read`() async {
        await refusal(.tensorTypeNotServed(.mistralrs, .iq2_xxs)) {
            try await .gguf(
                "engine: mistralrs",
                quant: "ud_q2_k_xl",
                types: [.f32, .q4_K, .iq3_xxs, .iq2_xxs]
            )
        }
    }

    @Test func `vLLM refuses bitsandbytes`() async throws {
        let quantization = try #require(Quantization(parsing: "bnb"))
        await refusal(.quantizationNotServed(.vllm, quantization)) {
            try await .safetensors("engine: vllm", quant: "bnb")
        }
    }

    @Test func `what is missing among the files is named`() async {
        await refusal(.missingFile("*.gguf")) {
            try await .gguf("engine: llamacpp", files: ["/models/README.md"])
        }
        await refusal(.missingFile("*.gguf")) {
            try await .gguf("engine: llamacpp", files: ["/models/mmproj.gguf"])
        }
        await refusal(.missingFile("m-00002-of-00003.gguf")) {
            try await .gguf("engine: llamacpp", files: shards("/models/m", [1, 3], of: 3))
        }
        await refusal(.missingFile("config.json")) {
            try await .safetensors("engine: vllm", files: ["model.safetensors", "other/config.json"])
        }
        await refusal(.missingFile("*.safetensors")) {
            try await .safetensors("engine: vllm", files: ["config.json"])
        }
    }

    @Test func `two models at once are refused`() async {
        await refusal(.ambiguousFiles(["a.gguf", "b.gguf"])) {
            try await .gguf("engine: llamacpp", files: ["/models/b.gguf", "/models/a.gguf"])
        }
    }

    @Test func `what an engine would misread is refused`() async {
        await refusal(.nameNotServed(.llamacpp, "a,b")) { try await .gguf("engine: llamacpp", model: "a,b") }
        await refusal(.nameNotServed(.vllm, "-a")) { try await .safetensors("engine: vllm", model: "-a") }
        await refusal(.pathNotServed(.mistralrs, "/models/a;b.gguf")) {
            try await .gguf("engine: mistralrs", files: ["/models/a;b.gguf"])
        }
    }

    @Test(arguments: [
        ("llamacpp", "-m"), ("llamacpp", "--alias"), ("llamacpp", "--port"),
        ("mistralrs", "--quantized-file"),
        ("mistralrs", "-p"), ("vllm", "--served_model_name=x"), ("vllm", "--host"),
    ]) func `an argument that the stack says elsewhere is refused`(engine: String, word: String) async throws
    {
        let engine = try #require(EngineName(rawValue: engine))
        let rest = word.contains("=") ? "" : ", \"1\""
        let yaml = "engine: \(engine.rawValue)\ndefaults: {extra: [\"\(word)\"\(rest)]}"
        let expected = word == "--served_model_name=x" ? "--served-model-name" : word
        await refusal(.argumentReserved(engine, expected)) {
            engine == .vllm ? try await .safetensors(yaml) : try await .gguf(yaml)
        }
    }

    @Test func `a secret has no place in a command`() async {
        await refusal(.secretInCommand("--api-key")) {
            try await .gguf("engine: llamacpp\ndefaults: {extra: [--api-key, s3cret]}")
        }
        await refusal(.secretInCommand("--hf-token")) {
            try await .safetensors("engine: vllm\ndefaults: {extra: [--hf_token=s3cret]}")
        }
    }

    // MARK: Context

    @Test(
        arguments: [
            (nil, nil, "16384"), (nil, 8_192, "8192"), (nil, 1_000_000, "16384"), (4_096, 8_192, "4096"),
            (65_536, 8_192, "65536"), (65_536, nil, "65536"),
        ] as [(Int?, Int?, String)]
    ) func `a pool of context is what the stack says, or a usual size`(
        declared: Int?,
        limit: Int?,
        expected: String
    ) async throws {
        let defaults = declared.map { "\ndefaults: {context: \($0)}" } ?? ""
        let llama = try await LaunchPlan(.gguf("engine: llamacpp" + defaults, context: limit))
        #expect(value(of: "--ctx-size", in: llama) == expected)
        let mistral = try await LaunchPlan(.gguf("engine: mistralrs" + defaults, context: limit))
        #expect(value(of: "--pa-context-len", in: mistral) == expected)
    }

    @Test(
        arguments: [
            (nil, nil, nil), (nil, 8_192, "8192"), (nil, 1_000_000, "16384"), (4_096, 8_192, "4096"),
            (65_536, 8_192, "8192"), (65_536, nil, "65536"),
        ] as [(Int?, Int?, String?)]
    ) func `vLLM is never given more context than the model has`(
        declared: Int?,
        limit: Int?,
        expected: String?
    ) async throws {
        let defaults = declared.map { "\ndefaults: {context: \($0)}" } ?? ""
        let plan = try await LaunchPlan(.safetensors("engine: vllm" + defaults, context: limit))
        #expect(value(of: "--max-model-len", in: plan) == expected)
    }

    // MARK: What follows for the container

    @Test func `the container is given what its entry point lacks`() async throws {
        let llama = try await LaunchPlan(.gguf("engine: llamacpp"))
        #expect(llama.containerCommand.first == "--model")
        let mistral = try await LaunchPlan(.gguf("engine: mistralrs"))
        #expect(mistral.containerCommand.prefix(2) == ["serve", "-f"])
        let vllm = try await LaunchPlan(.safetensors("engine: vllm"))
        #expect(
            vllm.containerCommand.prefix(2) == ["/models/tiny-llama/safetensors/bf16", "--served-model-name"]
        )
    }

    @Test func `mistral.rs names a model by its path`() async throws {
        let gguf = try await LaunchPlan(.gguf("engine: mistralrs"))
        #expect(gguf.model == "/models/tiny-llama-q8_0/gguf/q8_0")
        let folder = try await LaunchPlan(.safetensors("engine: mistralrs"))
        #expect(folder.model == "/models/tiny-llama/safetensors/bf16")
    }

    @Test func `an option of the stack's own replaces ours`() async throws {
        let plan = try await LaunchPlan(.gguf("engine: llamacpp\ndefaults: {context: 1, extra: [-c, \"2\"]}"))
        #expect(!plan.argv.contains("--ctx-size"))
        #expect(plan.argv.suffix(2) == ["-c", "2"])
    }

    private func value(of flag: String, in plan: LaunchPlan) -> String? {
        plan.argv.firstIndex(of: flag).map { plan.argv[$0 + 1] }
    }

    private func refusal(
        _ expected: LaunchRefusal,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ request: () async throws -> LaunchRequest
    ) async {
        await #expect(throws: expected, sourceLocation: sourceLocation) { try LaunchPlan(await request()) }
        #expect(!expected.description.isEmpty)
    }
}
