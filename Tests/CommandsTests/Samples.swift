import Catalog
import Console
import FoundationEssentials
import Platform
import SystemPackage
import Testing

@testable import Operations

/// A terminal of a width, which takes no colour.
func terminal(columns: Int) -> Terminal {
    Terminal(descriptor: -1, color: .never, environment: ["COLUMNS": "\(columns)"])
}

/// Values to be shown, with one text in every place that comes from outside.
struct Samples {
    /// What stands in those places; the usual values without it.
    var hostile: String?

    private static let moment = Date(timeIntervalSince1970: 1_767_225_600)
    private static let commit = String(repeating: "0123456789abcdef", count: 3).prefix(40).description
    private static let sha256 = String(repeating: "fedcba98", count: 8)

    private func text(_ usual: String) -> String { hostile ?? usual }

    var models: [ListedModel] {
        [
            ListedModel(
                stack: "llamacpp",
                model: text("qwen2.5-coder:32b"),
                format: text("gguf"),
                quant: text("q4_k_m"),
                sizeBytes: 19_851_335_840,
                files: 3,
                parameters: 32_763_876_352,
                contextLength: 32768,
                architecture: text("qwen2"),
                source: text("Qwen/Qwen2.5-Coder-32B-Instruct-GGUF"),
                revision: text(Self.commit),
                pulledAt: Self.moment,
                lastUsedAt: Self.moment,
                state: .ready
            ),
            ListedModel(
                stack: "llamacpp",
                model: text("org/name"),
                format: text("gguf"),
                quant: nil,
                sizeBytes: 4_700_000_000,
                files: 1,
                state: .partial
            ),
            ListedModel(
                stack: "vllm",
                model: text("org/name"),
                format: "safetensors",
                quant: text("bf16"),
                state: .damaged
            ),
            ListedModel(
                stack: "vllm",
                model: text("phi-2"),
                format: nil,
                quant: nil,
                parameters: 2_779_683_840,
                contextLength: 2048,
                source: text("microsoft/phi-2"),
                state: .available
            ),
        ]
    }

    var shown: ShownModel {
        get throws {
            ShownModel(
                stack: "llamacpp",
                model: text("qwen2.5-coder:32b"),
                format: text("gguf"),
                quant: text("q4_k_m"),
                sizeBytes: 19_851_335_840,
                path: text("/srv/ai/stacks/llamacpp/models/qwen2.5-coder-32b/gguf/q4_k_m"),
                containerPath: text("/models/qwen2.5-coder-32b/gguf/q4_k_m"),
                source: .init(
                    kind: "hub",
                    endpoint: text("https://huggingface.co"),
                    repository: text("Qwen/Qwen2.5-Coder"),
                    revision: text(Self.commit),
                    requestedRevision: text("main")
                ),
                licence: text("apache-2.0"),
                header: .init(
                    architecture: text("qwen2"),
                    parameters: 32_763_876_352,
                    contextLength: 32768,
                    layers: 64,
                    heads: 40,
                    kvHeads: 8,
                    headSize: 128,
                    vocabularySize: 152_064,
                    experts: nil,
                    bitsPerWeight: 4.847,
                    hasChatTemplate: true
                ),
                memory: .init(weightsBytes: 19_845_000_000, kvBytesPerToken: 262_144),
                files: [try file],
                pulledAt: Self.moment,
                lastUsedAt: nil,
                uses: 3,
                tool: "stackctl 0.1.0"
            )
        }
    }

    private var file: ShownModel.File {
        get throws {
            let path = try #require(RelativePath("qwen2.5-coder-32b-instruct-q4_k_m.gguf"))
            return .init(path: path, sizeBytes: 19_851_335_840, sha256: Self.sha256)
        }
    }

    var verified: [VerifiedFile] {
        get throws {
            let path = try #require(RelativePath("model-00001-of-00002.safetensors"))
            let other = String(repeating: "00112233", count: 8)
            return [VerifiedFile.State.ok, .differs, .missing].map { state in
                VerifiedFile(
                    stack: "vllm",
                    model: text("org/name"),
                    quant: text("bf16"),
                    path: path,
                    state: state,
                    expected: Self.sha256,
                    actual: state == .ok ? Self.sha256 : state == .differs ? other : nil,
                    repaired: state == .missing ? true : nil
                )
            }
        }
    }

    var plan: PullPlan {
        get throws {
            PullPlan(
                stack: "llamacpp",
                model: text("org/name"),
                format: "gguf",
                quant: text("q4_k_m"),
                repository: text("org/name-GGUF"),
                revision: text(Self.commit),
                files: [.init(path: try file.path, sizeBytes: 5000, missingBytes: 3000)],
                freeBytes: 1000
            )
        }
    }

    var entries: [CatalogEntry] {
        get throws {
            let text = """
                models:
                  mine:
                    description: A model of mine
                    family: llama
                    licence: mit
                    gated: true
                    use_cases: [code, chat]
                    default: 7b
                    variants:
                      7b:
                        aliases: [small]
                        safetensors: me/mine
                        gguf: {repository: me/mine-GGUF, file: "mine-{quant}.gguf", quants: [q4_k_m, q8_0]}
                        parameters: 7615616512
                        layers: 28
                        heads: 28
                        kv_heads: 4
                        head_size: 128
                        context: 32768
                        recommended: true

                """
            return try ModelCatalog.load([("models.yaml", Array(text.utf8))]).entries
        }
    }
}
