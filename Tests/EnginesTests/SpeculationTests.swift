import Catalog
import Engines
import Formats
import Testing

struct SpeculationTests {
    private func plan(_ engine: EngineName, _ settings: String, draft: [String] = []) async throws
        -> LaunchPlan
    {
        let yaml = "engine: \(engine.rawValue)"
        var request = engine == .vllm ? try await LaunchRequest.safetensors(yaml) : try await .gguf(yaml)
        request.settings = try modelSettings("speculative: {\(settings)}").over(request.settings)
        request.draft = draft
        return try LaunchPlan(request)
    }

    @Test(arguments: [
        (
            "model: small", ["/models/s/s.gguf"],
            ["--model-draft", "/models/s/s.gguf", "--spec-type", "draft-simple"]
        ),
        ("model: /m/s.gguf, tokens: 4", [], ["--spec-type", "draft-simple", "--spec-draft-n-max", "4"]),
        ("method: mtp", [], ["--spec-type", "draft-mtp"]),
        (
            "method: eagle3, model: /m/e.gguf", [],
            ["--model-draft", "/m/e.gguf", "--spec-type", "draft-eagle3"]
        ),
        ("method: ngram, tokens: 8", [], ["--spec-type", "ngram-simple", "--spec-ngram-simple-size-m", "8"]),
    ]) func `llama.cpp is told the way of guessing and not the model alone`(
        settings: String,
        draft: [String],
        expected: [String]
    ) async throws {
        let plan = try await plan(.llamacpp, settings, draft: draft)
        #expect(plan.argv.contains(expected), "\(plan.argv)")
        #expect(EngineFlags.complaints(about: plan) == [])
    }

    @Test(arguments: [
        ("model: /m/s", #"{"method":"draft_model","model":"/m/s","num_speculative_tokens":3}"#),
        ("method: mtp", #"{"method":"mtp","num_speculative_tokens":1}"#),
        (
            "method: eagle3, model: /m/e, tokens: 5",
            #"{"method":"eagle3","model":"/m/e","num_speculative_tokens":5}"#
        ),
        ("method: ngram, tokens: 4", #"{"method":"ngram","num_speculative_tokens":4}"#),
    ]) func `vLLM is told all of it in one word`(settings: String, expected: String) async throws {
        #expect(try await plan(.vllm, settings).argv.contains(["--speculative-config", expected]))
    }

    @Test func `mistral.rs has a head of the model itself for it, and no smaller model`() async throws {
        let own = try await plan(.mistralrs, "method: mtp, tokens: 2")
        #expect(own.argv.contains(["--mtp", "--mtp-n-predict", "2"]))
        let other = try await plan(.mistralrs, "method: mtp, model: /m/assistant")
        #expect(other.argv.contains(["--mtp-model", "/m/assistant"]) && !other.argv.contains("--mtp"))
        let draft = try await plan(.mistralrs, "model: small, tokens: 2")
        #expect(draft.unused.map(\.name).sorted() == ["speculative_model", "speculative_tokens"])
    }

    @Test func `a smaller model in a format that the engine does not read is refused`() async {
        await #expect(throws: LaunchRefusal.formatNotServed(.vllm, .gguf)) {
            try await plan(.vllm, "model: small", draft: ["/models/s.gguf"])
        }
        await #expect(throws: LaunchRefusal.formatNotServed(.llamacpp, .safetensors)) {
            try await plan(
                .llamacpp,
                "model: s",
                draft: ["/models/s/config.json", "/models/s/m.safetensors"]
            )
        }
    }
}
