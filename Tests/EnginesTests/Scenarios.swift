import Catalog
import Engines
import Formats
import Platform
import SystemPackage
import TestSupport

/// The stack that a `stack.yaml` of this text declares.
func declaredStack(_ text: String) async throws -> Stack {
    try await withTemporaryDirectory { directory in
        try directory.write(text, to: "stacks/test/stack.yaml")
        let home = Home.locate(flag: directory.path.string, environment: [:], workingDirectory: "/")
        guard let stack = try home.stack(named: "test") else { throw SystemError.noStack }
        return stack
    }
}

extension SystemError {
    fileprivate static let noStack = SystemError(
        .noSuchFileOrDirectory,
        operation: "read",
        path: "stack.yaml"
    )
}

extension LaunchRequest {
    /// A request for a GGUF.
    static func gguf(
        _ yaml: String,
        model: String = "tiny-llama:q8_0",
        quant: String = "q8_0",
        files: [String] = ["/models/tiny-llama-q8_0/gguf/q8_0/tiny-llama-q8_0.gguf"],
        context: Int? = 1_024,
        types: Set<TensorType> = [.f32, .q8_0]
    ) async throws -> LaunchRequest {
        let stack = try await declaredStack(yaml)
        return LaunchRequest(
            stack: stack,
            settings: stack.settings,
            model: model,
            format: .gguf,
            quantization: Quantization(parsing: quant),
            files: files,
            facts: ModelFacts(architecture: "llama", contextLength: context, tensorTypes: types)
        )
    }

    /// A request for a folder of safetensors.
    static func safetensors(
        _ yaml: String,
        model: String = "tiny-llama",
        quant: String = "bf16",
        files: [String] = ["README.md", "config.json", "model.safetensors", "tokenizer.json"],
        context: Int? = 131_072
    ) async throws -> LaunchRequest {
        let stack = try await declaredStack(yaml)
        return LaunchRequest(
            stack: stack,
            settings: stack.settings,
            model: model,
            format: .safetensors,
            quantization: Quantization(parsing: quant),
            files: files.map { "/models/tiny-llama/safetensors/bf16/\($0)" },
            facts: ModelFacts(architecture: "llama", contextLength: context, tensorTypes: [.bf16])
        )
    }
}

extension LaunchRequest {
    /// A request for a folder of UQFF.
    static func uqff(_ files: [String], engine: String = "mistralrs") async throws -> LaunchRequest {
        let stack = try await declaredStack("engine: \(engine)")
        return LaunchRequest(
            stack: stack,
            settings: stack.settings,
            model: "tiny-llama",
            format: .uqff,
            quantization: Quantization(parsing: "q4_k"),
            files: files.map { "/models/tiny-llama/uqff/q4_k/\($0)" },
            facts: ModelFacts(architecture: "llama", contextLength: 1_024)
        )
    }
}

/// The paths of a GGUF in shards.
func shards(_ stem: String, _ numbers: [Int], of count: Int) -> [String] {
    func digits(_ number: Int) -> String { String(String(100_000 + number).dropFirst()) }
    return numbers.map { "\(stem)-\(digits($0))-of-\(digits(count)).gguf" }
}

/// Launches with a name each, for the golden files and for the check of every flag.
enum Scenario: String, CaseIterable, CustomStringConvertible {
    case llamaCppPlain = "llama-cpp"
    case llamaCppShards = "llama-cpp-shards-projector-parallel"
    case llamaCppExtra = "llama-cpp-extra"
    case llamaCppHostileNames = "llama-cpp-hostile-names"
    case vllmPlain = "vllm"
    case vllmTuned = "vllm-tuned"
    case mistralRsPlain = "mistralrs"
    case mistralRsShards = "mistralrs-shards-projector"
    case mistralRsSafetensors = "mistralrs-safetensors"
    case mistralRsUQFF = "mistralrs-uqff"
    case llamaCppFull = "llama-cpp-full"
    case llamaCppNodes = "llama-cpp-nodes"
    case vllmFull = "vllm-full"
    case vllmNodes = "vllm-nodes"
    case mistralRsFull = "mistralrs-full"

    var description: String { rawValue }

    var request: LaunchRequest {
        get async throws {
            switch self {
            case .llamaCppPlain, .llamaCppShards, .llamaCppExtra, .llamaCppHostileNames: try await llamaCpp
            case .vllmPlain: try await .safetensors("engine: vllm\nimage: vllm/vllm-openai:v0.33.0")
            case .vllmTuned:
                try await .safetensors(
                    """
                    engine: vllm
                    port: 9000
                    defaults:
                      {context: 32768, memory_fraction: 0.85, parallel: 64,
                      extra: [--tensor-parallel-size, "2"]}
                    """,
                    quant: "awq"
                )
            case .mistralRsPlain, .mistralRsShards, .mistralRsSafetensors, .mistralRsUQFF: try await mistralRs
            case .llamaCppFull, .llamaCppNodes, .vllmFull, .vllmNodes, .mistralRsFull: try await full
            }
        }
    }

    private var llamaCpp: LaunchRequest {
        get async throws {
            switch self {
            case .llamaCppShards:
                try await .gguf(
                    "engine: llamacpp\ndefaults: {context: 65536, gpu_layers: all, parallel: 4}",
                    files: shards("/models/m/gguf/q8_0/m", [2, 3, 1], of: 3) + [
                        "/models/m/gguf/q8_0/mmproj-F16.gguf"
                    ],
                    context: 32_768
                )
            case .llamaCppExtra:
                try await .gguf(
                    """
                    engine: llamacpp
                    defaults: {gpu_layers: 20, extra: [-c, "4096", --flash-attn, "on", --jinja]}
                    """
                )
            case .llamaCppHostileNames:
                try await .gguf(
                    "engine: llamacpp\nmount: /srv/models",
                    model: "l'élan $HOME",
                    files: ["/srv/models/it's $(here)/gguf/q8_0/a \"b\"\n`c`.gguf"]
                )
            default: try await .gguf("engine: llamacpp\nimage: ghcr.io/ggml-org/llama.cpp:server")
            }
        }
    }

    private var mistralRs: LaunchRequest {
        get async throws {
            switch self {
            case .mistralRsShards:
                try await .gguf(
                    "engine: mistralrs\ndefaults: {memory_fraction: 0.5, parallel: 8}",
                    quant: "q4_k_m",
                    files: shards("/models/m/gguf/q4_k_m/m", [1, 2], of: 2) + [
                        "/models/m/gguf/q4_k_m/mmproj-F16.gguf"
                    ],
                    types: [.f32, .q4_K, .q6_K]
                )
            case .mistralRsSafetensors: try await .safetensors("engine: mistralrs\ndefaults: {context: 8192}")
            case .mistralRsUQFF:
                try await .uqff([
                    "q4k-1.uqff", "q4k-0.uqff", "residual.safetensors", "config.json", "tokenizer.json",
                ])
            default: try await .gguf("engine: mistralrs")
            }
        }
    }
}

/// What a file of `config/models/` with these lines sets.
func modelSettings(_ text: String) throws -> EffectiveSettings {
    let config = try ModelConfig.read(
        Array("model: m\n\(text)\n".utf8),
        file: "m.yaml",
        name: "m",
        origin: .builtIn
    )
    return config.settings
}
