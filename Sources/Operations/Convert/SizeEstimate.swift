import Catalog
import Conversion
import Formats
import Platform

/// About how large what is made will be of a model of which only headers were read; rather too large.
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

    /// Of safetensors, with the lengths of the files that they come with.
    init(_ tensors: [TensorDescription], besides files: [(path: RelativePath, size: ByteCount)]) {
        func size(_ name: String) -> Double {
            files.filter { $0.path.string == name }.reduce(0) { $0 + Double($1.size.bytes) }
        }
        // A token and what is known of it take more in a GGUF than in a protobuf, and about what they take in JSON.
        header = 8192 + 160 * Double(tensors.count) + max(size("tokenizer.json"), 2 * size("tokenizer.model"))
        for tensor in tensors {
            let isOfTokens = ["embed_tokens.weight", "lm_head.weight"].contains(where: tensor.name.hasSuffix)
            add(tensor.elements, in: tensor.shape.reversed(), isOfTokens: isOfTokens)
        }
    }

    /// Of a GGUF, whose header is taken over.
    init(_ source: Conversion.GGUFSource) {
        let data = source.tensors.reduce(0) { $0 + ($1.type.byteCount(elements: $1.elements) ?? 0) }
        header = Double(max(0, source.size.bytes - data))
        for tensor in source.tensors {
            let isOfTokens = ["token_embd.weight", "output.weight"].contains(tensor.name)
            add(tensor.elements, in: tensor.shape, isOfTokens: isOfTokens)
        }
    }

    private mutating func add(_ elements: Int, in shape: [Int], isOfTokens: Bool) {
        let count = Double(elements)
        if shape.count < 2 {
            vectors += count
        } else if isOfTokens {
            ofTokens += count
        } else if shape[0].isMultiple(of: 256) {
            weights += count
        } else {
            odd += count
        }
    }

    /// The same where tensors are packed, so that they are more weights than they have elements.
    func unpacked(to parameters: Int) -> SizeEstimate {
        var estimate = self
        estimate.odd += max(0, Double(parameters) - weights - odd - ofTokens - vectors)
        return estimate
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
