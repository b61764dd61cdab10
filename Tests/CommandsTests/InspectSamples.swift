import Platform
import Testing

@testable import Operations

extension Samples {
    private func text(_ usual: String) -> String { hostile ?? usual }

    /// A model as `inspect` tells of it, of two files and with its tensors.
    var inspected: InspectedModel { inspected(isFull: false) }

    /// The same with whole lists.
    var inspectedFull: InspectedModel { inspected(isFull: true) }

    private func inspected(isFull: Bool) -> InspectedModel {
        InspectedModel(
            format: "gguf",
            version: 3,
            kind: text("adapter"),
            source: InspectedModel.Source(
                kind: "hub",
                endpoint: text("https://huggingface.co"),
                repository: text("Qwen/Qwen2.5-Coder-7B-Instruct-GGUF"),
                revision: text("0123456789abcdef0123456789abcdef01234567"),
                readBytes: 6_815_744,
                sizeBytes: 4_683_073_952
            ),
            files: ["00001", "00002"].map { number in
                InspectedModel.File(
                    path: text("m-\(number)-of-00002.gguf"),
                    sizeBytes: 2_341_536_976,
                    dataOffset: 5_950_784,
                    tensors: 2
                )
            },
            header: inspectedHeader,
            tokenizer: InspectedModel.Tokenizer(
                model: text("gpt2"),
                pre: text("qwen2"),
                specialTokens: [
                    .init(name: text("bos"), id: 151_643, text: text("<|endoftext|>")),
                    .init(name: text("eos"), id: 151_645, text: nil),
                ]
            ),
            chatTemplate: .init(characters: 2507, mentionsTools: true, names: [text("rag")]),
            imatrix: .init(file: text("m.dat"), dataset: text("calibration.txt"), entries: 196, chunks: 128),
            adapter: .init(type: text("lora"), rank: 16, alpha: 32, base: text("Qwen2.5")),
            totals: inspectedTotals,
            metadata: InspectedMetadata(entries: inspectedEntries(isFull: isFull)),
            tensors: inspectedTensors
        )
    }

    private var inspectedTotals: InspectedModel.Totals {
        InspectedModel.Totals(
            tensors: 4,
            parameters: 7_615_616_512,
            sizeBytes: 4_677_120_000,
            bitsPerWeight: 4.913,
            types: [
                .init(type: "q4_K", tensors: 2, parameters: 7_600_000_000, sizeBytes: 4_275_000_000),
                .init(type: "q6_K", tensors: 1, parameters: 15_600_000, sizeBytes: 402_000_000),
                .init(type: "f32", tensors: 1, parameters: 16_512, sizeBytes: 120_000),
            ]
        )
    }

    private var inspectedTensors: [InspectedModel.Tensor] {
        [
            .init(
                name: text("token_embd.weight"),
                type: "q4_K",
                shape: [3584, 152_064],
                offset: 5_950_784,
                sizeBytes: 306_561_024,
                file: text("m-00001-of-00002.gguf")
            ),
            .init(
                name: text("scale"),
                type: "f32",
                shape: [],
                offset: 312_511_808,
                sizeBytes: 4,
                file: text("m-00002-of-00002.gguf")
            ),
        ]
    }

    private var inspectedHeader: InspectedModel.Header {
        InspectedModel.Header(
            name: text("Qwen2.5 Coder 7B"),
            architecture: text("qwen2"),
            licence: text("apache-2.0"),
            quantization: text("q4_k_m"),
            fileType: 15,
            contextLength: 32768,
            layers: 28,
            heads: 28,
            kvHeads: 4,
            headSize: 128,
            embeddingLength: 3584,
            vocabularySize: 152_064,
            experts: 8,
            byteOrder: "big-endian"
        )
    }

    private func inspectedEntries(isFull: Bool) -> [InspectedMetadata.Entry] {
        let tokens: [InspectedValue] = [.text(text("!")), .text(text("Ġt, ")), .text(text("\n"))]
        let list: InspectedValue = isFull ? .list(tokens) : .beginning(Array(tokens.dropLast()), count: 3)
        return [
            .init(key: text("general.architecture"), type: "string", value: .text(text("qwen2"))),
            .init(key: text("general.file_type"), type: "uint32", value: .unsigned(15)),
            .init(key: text("qwen2.rope.freq_base"), type: "float32", value: .float(1_000_000)),
            .init(key: text("qwen2.epsilon"), type: "float32", value: .float(1e-6)),
            .init(key: text("a.nan"), type: "float64", value: .double(.nan)),
            .init(key: text("a.least"), type: "int64", value: .integer(.min)),
            .init(key: text("a.flag"), type: "bool", value: .bool(false)),
            .init(key: text("tokenizer.ggml.tokens"), type: "string[3]", value: list),
            .init(
                key: text("tokenizer.chat_template"),
                type: "string",
                value: .text(text(String(repeating: "{{ message }}\n", count: 40)))
            ),
        ]
    }
}
