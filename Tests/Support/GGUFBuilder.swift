public import Formats
import Platform

/// Makes GGUF files in memory, for tests.
public enum GGUFBuilder {
    /// The bytes of a file; `content` gives each tensor's data, zeros unless told otherwise.
    public static func bytes(
        of file: GGUFFile,
        content: ((TensorDescription) -> [UInt8])? = nil
    ) -> [UInt8] {
        var bytes = file.header()
        for tensor in file.tensors {
            bytes += content?(tensor) ?? [UInt8](repeating: 0, count: Int(tensor.size.bytes))
            while bytes.count % file.alignment != 0 { bytes.append(0) }
        }
        return bytes
    }

    /// A small valid file of the llama architecture with two tensors, or one shard of such a file.
    public static func tiny(
        architecture: String = "llama",
        fileType: UInt32 = 7,
        contextLength: UInt32 = 2048,
        shard: (number: UInt16, count: UInt16)? = nil,
        extra: [(String, GGUFValue)] = []
    ) throws -> [UInt8] {
        var file = GGUFFile()
        if shard?.number ?? 0 == 0 {
            file["general.architecture"] = .string(architecture)
            file["general.name"] = .string("Tiny")
            file["general.file_type"] = .uint32(fileType)
            let sizes: KeyValuePairs = [
                "block_count": 2, "context_length": contextLength, "embedding_length": 64,
                "feed_forward_length": 128,
                "attention.head_count": 4, "attention.head_count_kv": 2, "vocab_size": 32,
            ]
            for (key, size) in sizes { file["\(architecture).\(key)"] = .uint32(size) }
            let tokens = (0..<32).map { GGUFValue.string("t\($0)") }
            file["tokenizer.ggml.tokens"] = .array(of: .string, tokens)
        }
        if let shard {
            file["split.no"] = .uint16(shard.number)
            file["split.count"] = .uint16(shard.count)
            file["split.tensors.count"] = .int32(Int32(shard.count) * 2)
        }
        for (key, value) in extra { file[key] = value }
        let layer = shard.map { "\($0.number)" } ?? "0"
        try file.addTensor("blk.\(layer).attn_norm.weight", .f32, shape: [64])
        try file.addTensor("blk.\(layer).attn_q.weight", .q8_0, shape: [64, 64])
        return bytes(of: file)
    }
}
