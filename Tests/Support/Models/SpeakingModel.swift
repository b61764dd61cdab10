import Formats

/// A very small model of the llama architecture that says one word again and again, whatever it is asked: who hears the
/// word knows which model has answered.
public struct SpeakingModel: Sendable {
    /// What it says.
    public let word: String
    private let missing: String?

    /// One that an engine serves.
    public static let alpha = SpeakingModel(word: "alpha")
    /// Another one.
    public static let beta = SpeakingModel(word: "beta")
    /// A well-formed file without a tensor that the architecture needs: only an engine that loads it finds out.
    public static let broken = SpeakingModel(word: "gamma", missing: "blk.1.ffn_down.weight")

    private init(word: String, missing: String? = nil) {
        self.word = word
        self.missing = missing
    }

    /// What its file is called.
    public var fileName: String { "\(word)-f16.gguf" }

    /// The whole file.
    public func bytes() throws -> [UInt8] {
        var file = GGUFFile()
        describe(in: &file)
        for tensor in Self.tensors where tensor.name != missing {
            try file.addTensor(tensor.name, tensor.shape.count == 1 ? .f32 : .f16, shape: tensor.shape)
        }
        return GGUFBuilder.bytes(of: file) { place in
            SampleWeights.bytes(values(of: place), as: place.type)
        }
    }

    private static let layers = 2
    private static let width = 64
    private static let inner = 192
    private static let heads = 4
    private static let kvHeads = 2

    private func describe(in file: inout GGUFFile) {
        file["general.architecture"] = .string("llama")
        file["general.type"] = .string("model")
        file["general.name"] = .string("Speaking \(word)")
        let sizes: KeyValuePairs = [
            "block_count": Self.layers, "context_length": 1024, "embedding_length": Self.width,
            "feed_forward_length": Self.inner, "attention.head_count": Self.heads,
            "attention.head_count_kv": Self.kvHeads, "rope.dimension_count": Self.width / Self.heads,
            "vocab_size": SpeakingVocabulary.tokens.count,
        ]
        for (key, size) in sizes { file["llama.\(key)"] = .uint32(UInt32(size)) }
        file["llama.attention.layer_norm_rms_epsilon"] = .float32(1e-5)
        file["general.file_type"] = .uint32(1)
        SpeakingVocabulary.describe(in: &file)
    }

    // MARK: Weights

    /// Noise everywhere, so that all that an engine computes is computed on something; but the first element of every
    /// embedding stands out, and the row of the output that belongs to the word listens to nothing else.
    private func values(of tensor: TensorDescription) -> [UInt16] {
        var values = SampleWeights.values("\(word) \(tensor.name)", count: tensor.elements)
        switch tensor.name {
        case "token_embd.weight":
            for token in SpeakingVocabulary.tokens.indices { values[token * Self.width] = Self.one }
        case "output.weight":
            let row = SpeakingVocabulary.tokens.firstIndex(of: "▁\(word)") ?? 0
            values[row * Self.width] = Self.four
        default: break
        }
        return values
    }

    /// 1 and 4 as the upper halves of what IEEE 754 has for them.
    private static let one: UInt16 = 0x3F80
    private static let four: UInt16 = 0x4080

    private struct Tensor {
        let name: String
        let shape: [Int]
    }

    /// The rows last, as GGUF has them.
    private static let tensors: [Tensor] = {
        let vocabulary = SpeakingVocabulary.tokens.count
        let kvWidth = width / heads * kvHeads
        let layer: KeyValuePairs = [
            "attn_norm": [width], "attn_q": [width, width], "attn_k": [width, kvWidth],
            "attn_v": [width, kvWidth], "attn_output": [width, width], "ffn_norm": [width],
            "ffn_gate": [width, inner], "ffn_up": [width, inner], "ffn_down": [inner, width],
        ]
        return [
            Tensor(name: "token_embd.weight", shape: [width, vocabulary]),
            Tensor(name: "output_norm.weight", shape: [width]),
            Tensor(name: "output.weight", shape: [width, vocabulary]),
        ]
            + (0..<layers).flatMap { number in
                layer.map { Tensor(name: "blk.\(number).\($0.key).weight", shape: $0.value) }
            }
    }()
}

/// A vocabulary in the shape of SentencePiece's: three tokens that are no text, all bytes, some pieces.
private enum SpeakingVocabulary {
    static let tokens = special + bytes + pieces

    private static let special = ["<unk>", "<s>", "</s>"]
    private static let bytes = (0...255).map { byte in
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(byte < 16 ? "0" : "")\(digits)>"
    }
    private static let pieces =
        ["▁", "▁alpha", "▁beta", "▁gamma"] + "abcdefghijklmnopqrstuvwxyz".map(String.init)

    static func describe(in file: inout GGUFFile) {
        file["tokenizer.ggml.model"] = .string("llama")
        file["tokenizer.ggml.tokens"] = .array(of: .string, tokens.map(GGUFValue.string))
        // What comes first is the likelier piece.
        let scores = tokens.indices.map { GGUFValue.float32(-Float($0)) }
        file["tokenizer.ggml.scores"] = .array(of: .float32, scores)
        // Unknown, two controls, bytes, ordinary ones.
        let types = [2, 3, 3] + bytes.map { _ in 6 } + pieces.map { _ in 1 }
        file["tokenizer.ggml.token_type"] = .array(of: .int32, types.map { .int32(Int32($0)) })
        file["tokenizer.ggml.unknown_token_id"] = .uint32(0)
        file["tokenizer.ggml.bos_token_id"] = .uint32(1)
        file["tokenizer.ggml.eos_token_id"] = .uint32(2)
        file["tokenizer.ggml.add_bos_token"] = .bool(true)
        file["tokenizer.ggml.add_eos_token"] = .bool(false)
    }
}
