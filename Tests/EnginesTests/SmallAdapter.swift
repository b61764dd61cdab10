import Formats
import TestSupport

/// A model and an adapter for it, so small that the real server has them loaded at once.
enum SmallServed {
    /// The model: heads of 32 elements, so that every type of cache can hold them.
    static func model() throws -> [UInt8] {
        var bytes = try SpeakingModel.alpha.bytes()
        for (key, size) in [
            ("attention.head_count", 2), ("attention.head_count_kv", 1), ("rope.dimension_count", 32),
        ] {
            // The key, the type of its value (4 for a number of 32 bits), the value.
            let start = Array("llama.\(key)".utf8) + [4, 0, 0, 0]
            guard let place = bytes.firstRange(of: start)?.upperBound else { preconditionFailure(key) }
            bytes[place] = UInt8(size)
        }
        return bytes
    }

    /// The adapter, of rank 4.
    static func adapter() throws -> [UInt8] {
        var file = GGUFFile()
        file["general.type"] = .string("adapter")
        file["general.architecture"] = .string("llama")
        file["adapter.type"] = .string("lora")
        file["adapter.lora.alpha"] = .float32(8)
        try file.addTensor("blk.0.attn_q.weight.lora_a", .f32, shape: [64, 4])
        try file.addTensor("blk.0.attn_q.weight.lora_b", .f32, shape: [4, 64])
        return GGUFBuilder.bytes(of: file) { tensor in [UInt8](repeating: 0, count: tensor.elements * 4) }
    }
}
