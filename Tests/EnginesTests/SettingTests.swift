import Catalog
import Engines
import Formats
import TestSupport
import Testing

/// Nothing that is set is left out in silence: it changes the launch, or is said to come to nothing, or is refused.
struct SettingTests {
    /// A value of each setting that is not what engines do anyway.
    private static let samples: [String: String] = [
        "served_name": "served_name: other", "context_size": "context: 4096", "parallel": "parallel: 3",
        "batch": "batch: 1024", "micro_batch": "micro_batch: 128", "threads": "threads: 7",
        "kv_type": "kv_type: fp8", "flash_attention": "flash_attention: on", "dtype": "dtype: bf16",
        "load_mode": "load_mode: none", "gpu_layers": "gpu: {layers: 11}",
        "gpu_devices": "gpu: {devices: [1]}",
        "split": "gpu: {split: row}", "tensor_split": "gpu: {tensor_split: [3, 1.5]}",
        "main_gpu": "gpu: {main: 1}",
        "experts_on_cpu": "gpu: {experts_on_cpu: 4}", "tensor_parallel": "gpu: {tensor_parallel: 2}",
        "pipeline_parallel": "gpu: {pipeline_parallel: 2}", "memory_fraction": "gpu: {memory_fraction: 0.5}",
        "nodes": "nodes: [10.0.0.1, 10.0.0.2]", "chat_template": "chat_template: /models/t.jinja",
        "tool_parser": "tool_parser: hermes", "temperature": "generation: {temperature: 0.3}",
        "top_p": "generation: {top_p: 0.5}", "top_k": "generation: {top_k: 5}",
        "min_p": "generation: {min_p: 0.01}", "max_tokens": "generation: {max_tokens: 99}",
        "repeat_penalty": "generation: {repeat_penalty: 1.1}", "stop": "generation: {stop: [END]}",
        "seed": "generation: {seed: 42}", "speculative_method": "speculative: {method: ngram}",
        "speculative_model": "speculative: {model: /models/small}",
        "speculative_tokens": "speculative: {method: ngram, tokens: 9}", "projector": "projector: none",
        "api_key": "api_key: env:KEY", "lora": "lora: [{name: a, source: o/a}]",
        "xlora": "xlora: {source: /adapters/x, order: /adapters/o.json}",
        "max_lora_rank": "max_lora_rank: 16",
        "max_loras": "max_loras: 5", "extra_llamacpp": "extra: {llamacpp: [--swa-full]}",
        "extra_vllm": "extra: {vllm: [--enforce-eager]}",
        "extra_mistralrs": "extra: {mistralrs: [--no-kv-cache]}",
    ]
    /// What says which model it is, which is decided before there is a launch.
    private static let identity: Set = ["model", "format", "quant", "file", "revision"]

    @Test func `every setting has a sample`() {
        let names = Set(ModelConfig.table.map(\.name)).subtracting(Self.identity)
        #expect(names == Set(Self.samples.keys))
    }

    @Test(arguments: EngineName.allCases) func `nothing that is set is left out in silence`(
        engine: EngineName
    ) async throws {
        let yaml = "engine: \(engine.rawValue)"
        let plain = engine == .vllm ? try await LaunchRequest.safetensors(yaml) : try await .gguf(yaml)
        let base = try LaunchPlan(plain)
        for (name, text) in Self.samples.sorted(by: { $0.key < $1.key }) {
            let isForeign = name.hasPrefix("extra_") && name != "extra_\(engine.rawValue)"
            var request = plain
            request.settings = try modelSettings(text).over(plain.settings)
            guard let plan = try? LaunchPlan(request) else { continue }
            let changes = plan != base && plan.unused.isEmpty
            let isSaid = plan.unused.contains { $0.name == name }
            #expect((changes || isSaid) != isForeign, "\(name)")
        }
    }

    @Test(
        arguments: [
            (.mistralrs, "api_key: env:KEY", .keyNotServed(.mistralrs)),
            (.mistralrs, "nodes: [a, b]", .nodesNotServed(.mistralrs)),
            (.mistralrs, "kv_type: q8_0", .cacheTypeNotServed(.mistralrs, "q8_0")),
            (.mistralrs, "kv_type: bf16\ndtype: f16", .cacheTypeNotServed(.mistralrs, "bf16")),
            (.mistralrs, "chat_template: chatml", .templateNotServed(.mistralrs, "chatml")),
            (.vllm, "kv_type: q4_0", .cacheTypeNotServed(.vllm, "q4_0")),
            (.vllm, "kv_type: f32", .cacheTypeNotServed(.vllm, "f32")),
            (.vllm, "chat_template: chatml", .templateNotServed(.vllm, "chatml")),
            (.vllm, "nodes: [a, b]\ngpu: {tensor_parallel: 3, pipeline_parallel: 1}", nodeConflict),
            (.llamacpp, "nodes: [a, '::1']", .addressNotServed(.llamacpp, "::1")),
            (.llamacpp, "kv_type: fp8", .cacheTypeNotServed(.llamacpp, "fp8")),
            (.llamacpp, "chat_template: chatlm", .templateNotServed(.llamacpp, "chatlm")),
            (.llamacpp, "speculative: {model: small}", .missingDraft("small")),
        ] as [(EngineName, String, LaunchRefusal)]
    )
    func `what an engine cannot do and must not leave out is refused`(
        engine: EngineName,
        text: String,
        refusal: LaunchRefusal
    ) async throws {
        let yaml = "engine: \(engine.rawValue)"
        var request = engine == .vllm ? try await LaunchRequest.safetensors(yaml) : try await .gguf(yaml)
        request.settings = try modelSettings(text).over(request.settings)
        #expect(throws: refusal) { try LaunchPlan(request) }
        #expect(!refusal.description.isEmpty)
    }

    private static let nodeConflict = LaunchRefusal.settingsConflict(.vllm, "nodes", "gpu.tensor_parallel")

    @Test func `a cache and attention that do not go together are refused, wherever each was set`()
        async throws
    {
        var request = try await LaunchRequest.gguf("engine: llamacpp")
        let flags = try modelSettings("kv_type: q8_0")
        request.settings = flags.over(try modelSettings("flash_attention: off"))
        #expect(throws: LaunchRefusal.settingsConflict(.llamacpp, "kv_type", "flash_attention")) {
            try LaunchPlan(request)
        }
    }
}
