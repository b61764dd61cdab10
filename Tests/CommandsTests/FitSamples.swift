import Catalog
import Host
import Platform

@testable import Operations

extension Samples {
    private func text(_ usual: String) -> String { hostile ?? usual }

    /// A model as `fit` tells of it, in quantizations that lie in each way.
    var fitted: FittedModel {
        let gpu = GPU(name: text("NVIDIA L4"), vram: 24_152_899_584, free: 24_117_248_000)
        let host = HostProfile(memory: Memory(total: 33_000_000_000, available: 27_000_000_000), gpus: [gpu])
        return FittedModel(
            model: text("qwen2.5-coder:32b"),
            stack: text("llamacpp"),
            engine: .llamacpp,
            source: .remote,
            contextLength: 32_768,
            context: 16_384,
            parallel: 4,
            kvType: text("q8_0"),
            kvLayers: [
                .init(
                    layers: 64,
                    keys: 1024,
                    values: 1024,
                    tokens: 16_384,
                    state: 0,
                    sizeBytes: 2_281_701_376
                ),
                .init(layers: 2, keys: 0, values: 0, tokens: 0, state: 4096, sizeBytes: 131_072),
            ],
            unknown: nil,
            host: HostSummary(host),
            rows: [
                row("q4_k_m", "gpu", layers: 64, weights: 19_851_335_840),
                row("q5_k_m", "partial", layers: 48, weights: 23_262_156_960),
                row(
                    "q6_k",
                    "cpu",
                    layers: 0,
                    weights: 26_885_000_000,
                    [text("only 27 GB of the memory are free now")]
                ),
                row("q8_0", "no", layers: 0, weights: 34_820_884_640, [text("12 GB are missing")]),
                row("iq9_x", "unknown", layers: nil, weights: nil),
            ]
        )
    }

    private func row(
        _ quant: String,
        _ verdict: String,
        layers: Int?,
        weights: ByteCount?,
        _ remarks: [String] = []
    ) -> FittedModel.Row {
        let rest: ByteCount? = weights == nil ? nil : 300_000_000
        return FittedModel.Row(
            quant: text(quant),
            format: "gguf",
            stored: quant == "q4_k_m",
            source: quant == "q4_k_m" ? .stored : .remote,
            weightsBytes: weights,
            kvBytes: weights == nil ? nil : 2_281_832_448,
            computeBytes: rest,
            overheadBytes: rest,
            totalBytes: weights.map { $0 + 2_881_832_448 },
            gpuBytes: layers.map { $0 > 0 ? 20_000_000_000 : 0 },
            hostBytes: rest,
            verdict: verdict,
            gpuLayers: layers,
            layers: weights == nil ? nil : 64,
            remarks: remarks,
            answer: verdict == "partial" ? "48 of 64 layers on the GPU" : verdict
        )
    }
}
