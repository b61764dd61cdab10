import Catalog
import Platform
import Testing

@testable import Operations

extension Samples {
    /// What a host is recommended, one of each kind.
    var recommendations: Recommendations {
        get throws {
            let first = try recommended(
                hostile ?? "qwen2.5-coder:14b",
                "q5_k_m",
                10_523_648_986,
                isFirst: true
            )
            let second = try recommended(
                hostile ?? "llama3.3:70b",
                "q4_k_m",
                43_125_952_725,
                verdict: "partial"
            )
            let third = try recommended(hostile ?? "phi3:medium-128k", "q8_0", 14_832_753_034, isStored: true)
            return Recommendations(
                stack: hostile ?? "llamacpp",
                machine: .init(
                    memory: 33_000_000_000,
                    availableMemory: 21_000_000_000,
                    gpus: [
                        .init(
                            name: hostile ?? "NVIDIA GeForce RTX 4090",
                            total: 25_757_220_864,
                            free: 24_000_000_000
                        )
                    ],
                    freeDisk: 120_000_000_000
                ),
                models: [first, second, third],
                notes: [],
                nothing: nil
            )
        }
    }

    private func recommended(
        _ model: String,
        _ quant: String,
        _ size: ByteCount,
        verdict: String = "gpu",
        isFirst: Bool = false,
        isStored: Bool = false
    ) throws -> RecommendedModel {
        RecommendedModel(
            stack: hostile ?? "llamacpp",
            profile: hostile ?? "coding",
            model: model,
            quant: hostile ?? quant,
            format: "gguf",
            parameters: 14_770_033_664,
            gated: nil,
            sizeBytes: size,
            needBytes: size + 4_000_000_000,
            ramBytes: 500_000_000,
            vramBytes: size + 3_500_000_000,
            contextLength: 16_384,
            verdict: verdict,
            gpuLayers: 32,
            layers: 80,
            recommended: isFirst,
            stored: isStored,
            reason:
                "\(hostile ?? "coding"): \(isFirst ? "the largest that fits on the GPU" : "fits on the GPU")",
            command: hostile ?? "stackctl llamacpp pull \(model)-\(quant)",
            reference: try ModelReference(parsing: "qwen2.5-coder:14b-q5_k_m"),
            place: verdict == "gpu" ? "on the GPU" : "32 of 80 layers on the GPU"
        )
    }
}
