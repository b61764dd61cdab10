import Catalog
import Engines
import Formats

extension Scenario {
    /// The launches with as many settings as an engine has words for.
    var full: LaunchRequest {
        get async throws {
            var request: LaunchRequest
            switch self {
            case .vllmFull, .vllmNodes: request = try await .safetensors("engine: vllm", model: "qwen2.5:32b")
            case .mistralRsFull:
                request = try await .gguf(
                    "engine: mistralrs\nimage: ghcr.io/ericlbuehler/mistral.rs:cuda131-sm89-latest"
                )
            default: request = try await .gguf("engine: llamacpp")
            }
            request.facts?.architecture = "qwen2"
            request.settings = try modelSettings(settings).over(request.settings)
            let isGGUF = request.stack.engine == .llamacpp
            if self != .llamaCppNodes, self != .vllmNodes {
                request.adapters = [
                    LaunchAdapter(name: "sql", path: "/adapters/sql" + (isGGUF ? ".gguf" : ""), rank: 24),
                    LaunchAdapter(
                        name: "style",
                        path: "/adapters/st,yle" + (isGGUF ? ".gguf" : ""),
                        scale: isGGUF ? 0.5 : nil,
                        rank: 8
                    ),
                ]
            }
            return request
        }
    }

    private var settings: String {
        switch self {
        case .llamaCppFull: Self.llamaCppSettings
        case .llamaCppNodes:
            "nodes: [10.0.0.1, 10.0.0.2, 10.0.0.3]\ngpu: {devices: [0, 1]}\napi_key: file:/run/key"
        case .vllmFull: Self.vllmSettings
        case .vllmNodes:
            "nodes: [10.0.0.1, 10.0.0.2]\ngpu: {devices: [0, 1, 2, 3], tensor_parallel: 4}\napi_key: file:/run/key"
        default: Self.mistralRsSettings
        }
    }

    private static let llamaCppSettings = """
        served_name: coder
        context: 32768
        parallel: 4
        batch: 2048
        micro_batch: 512
        threads: 8
        kv_type: q8_0
        flash_attention: on
        load_mode: mmap+mlock
        gpu: {layers: all, devices: [0, 2], split: layer, tensor_split: [3, 1.5], main: 1, experts_on_cpu: 12}
        chat_template: chatml
        generation:
          {temperature: 0.7, top_p: 0.9, top_k: 40, min_p: 0.05, max_tokens: 2048, repeat_penalty: 1.1, seed: 7,
           stop: ["</s>", "$(END)"]}
        speculative: {model: /models/small/small-00001-of-00002.gguf, tokens: 5}
        projector: /models/mmproj.gguf
        api_key: env:CODER_KEY
        extra: {llamacpp: [--slots, --timeout, "600"]}
        """

    private static let vllmSettings = """
        context: 32768
        parallel: 64
        batch: 8192
        kv_type: fp8
        dtype: bf16
        gpu: {devices: [0, 1], tensor_parallel: 2, memory_fraction: 0.85}
        chat_template: /adapters/templates/it's.jinja
        tool_parser: hermes
        generation: {temperature: 0.7, top_p: 0.9, top_k: 40, min_p: 0.05, max_tokens: 2048, repeat_penalty: 1.1, seed: 7}
        speculative: {method: eagle3, model: /models/eagle, tokens: 4}
        api_key: file:/run/key
        max_loras: 4
        flash_attention: on
        """

    private static let mistralRsSettings = """
        context: 16384
        parallel: 16
        threads: 8
        kv_type: fp8
        dtype: bf16
        load_mode: none
        gpu: {tensor_parallel: 2, memory_fraction: 0.8}
        chat_template: /models/template.jinja
        generation: {seed: 7, temperature: 0.7}
        projector: /models/mmproj.gguf
        max_loras: 4
        """
}
