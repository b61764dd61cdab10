import Catalog
import Conversion
import Formats
import Platform

/// About how large what is made will be of a model in safetensors of which only headers were read; rather too large.
struct SizeEstimate: Sendable {
    private var weights = 0.0
    /// Those whose rows are no whole blocks of most quantizations, so that they keep more bits.
    private var odd = 0.0
    /// Those with a row for each token, which no quantization makes very small.
    private var ofTokens = 0.0
    /// Those that stay floats.
    private var vectors = 0.0
    /// What is not weights: the tokens and all that is said of the model.
    private let header: Double

    init(_ tensors: [TensorDescription], besides files: [PullPlan.File]) {
        func size(_ name: String) -> Double {
            files.filter { $0.path.string == name }.reduce(0) { $0 + Double($1.sizeBytes.bytes) }
        }
        // A token and what is known of it take more in a GGUF than in a protobuf, and about what they take in JSON.
        header = 8192 + 160 * Double(tensors.count) + max(size("tokenizer.json"), 2 * size("tokenizer.model"))
        for tensor in tensors {
            let count = Double(tensor.elements)
            if tensor.shape.count < 2 {
                vectors += count
            } else if ["embed_tokens.weight", "lm_head.weight"].contains(where: tensor.name.hasSuffix) {
                ofTokens += count
            } else if tensor.shape.last.map({ $0.isMultiple(of: 256) }) == true {
                weights += count
            } else {
                odd += count
            }
        }
    }

    func size(of target: TargetForm) -> ByteCount {
        let bits = Quantization(parsing: target.quant)?.approximateBitsPerWeight ?? 16
        let most = target.plainType == nil ? max(bits, min(bits + 2, 8.5)) : bits
        // mistral.rs leaves the embeddings as they are, and what they are turned back with.
        let forTokens = target.format == .uqff ? 16 : max(bits, 8.5)
        let sum = (weights * bits + odd * most + ofTokens * forTokens + vectors * 32) / 8 + header
        return ByteCount(Int64(exactly: sum.rounded(.up)) ?? .max)
    }
}
