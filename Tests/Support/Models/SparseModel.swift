public import Formats
import Platform
public import SystemPackage

/// A model of a true size and shape whose file takes next to no room: all its weights are holes.
public struct SparseModel: Sendable {
    /// What its name is in tests.
    public let name: String
    private let architecture: String
    private let sizes: [(String, GGUFValue)]
    private let tensors: [(String, TensorType, [Int])]

    /// Writes the file into a folder.
    public func write(in folder: FilePath) throws -> FilePath {
        let file = try file()
        let path = folder.appending("\(name).gguf")
        let header = file.header()
        try FileSystem.write(header, to: path)
        let size = file.tensors.map { ($0.offset + $0.size.bytes + 31) / 32 * 32 }.max() ?? 0
        try File(path, .update).truncate(to: ByteCount(Int64(header.count) + size))
        return path
    }

    /// The file's header and tensors.
    public func file() throws -> GGUFFile {
        var file = GGUFFile()
        file["general.architecture"] = .string(architecture)
        file["tokenizer.ggml.model"] = .string("none")
        for (key, value) in sizes { file["\(architecture).\(key)"] = value }
        for (name, type, shape) in tensors { try file.addTensor(name, type, shape: shape) }
        return file
    }

    private init(_ name: String, _ plan: SparsePlan) {
        (self.name, architecture, sizes, tensors) = (name, plan.architecture, plan.sizes, plan.tensors())
    }
}

extension SparseModel {
    /// Models of many shapes, by the sizes that their publishers state.
    public static let all: [SparseModel] = [
        SparseModel(
            "qwen2.5-7b",
            SparsePlan("qwen2", 28, 3584, 18944, heads: 28, kv: 4, vocabulary: 152_064, [.bias])
        ),
        SparseModel(
            "qwen2.5-14b",
            SparsePlan("qwen2", 48, 5120, 13824, heads: 40, kv: 8, vocabulary: 152_064, [.bias])
        ),
        SparseModel(
            "qwen2.5-32b",
            SparsePlan("qwen2", 64, 5120, 27648, heads: 40, kv: 8, vocabulary: 152_064, [.bias])
        ),
        SparseModel(
            "llama-3.1-8b",
            SparsePlan("llama", 32, 4096, 14336, heads: 32, kv: 8, vocabulary: 128_256)
        ),
        SparseModel(
            "mixtral-8x7b",
            SparsePlan(
                "llama",
                32,
                4096,
                14336,
                heads: 32,
                kv: 8,
                vocabulary: 32_000,
                experts: (count: 8, used: 2, length: 14336)
            )
        ),
        SparseModel(
            "qwen3-30b-a3b",
            SparsePlan(
                "qwen3moe",
                48,
                2048,
                6144,
                heads: 32,
                kv: 4,
                head: 128,
                vocabulary: 151_936,
                experts: (count: 128, used: 8, length: 768),
                [.queryNorm]
            )
        ),
        SparseModel(
            "gemma-2-9b",
            SparsePlan(
                "gemma2",
                42,
                3584,
                14336,
                heads: 16,
                kv: 8,
                head: 256,
                vocabulary: 256_000,
                window: 4096,
                [.postNorm, .tied]
            )
        ),
        SparseModel(
            "gemma-3-12b",
            SparsePlan(
                "gemma3",
                48,
                3840,
                15360,
                heads: 16,
                kv: 8,
                head: 256,
                vocabulary: 262_208,
                window: 1024,
                [.postNorm, .queryNorm, .tied]
            )
        ),
        SparseModel(
            "gpt-oss-20b",
            SparsePlan(
                "gpt-oss",
                24,
                2880,
                2880,
                heads: 64,
                kv: 8,
                head: 64,
                vocabulary: 201_088,
                window: 128,
                experts: (count: 32, used: 4, length: 2880),
                [.bias, .sinks]
            )
        ),
        SparseModel(
            "phi-3-mini",
            SparsePlan(
                "phi3",
                32,
                3072,
                8192,
                heads: 32,
                kv: 32,
                vocabulary: 32_064,
                window: 262_144,
                [.fused]
            )
        ),
        SparseModel(
            "deepseek-v2-lite",
            SparsePlan(
                "deepseek2",
                27,
                2048,
                10944,
                heads: 16,
                kv: 1,
                vocabulary: 102_400,
                experts: (count: 64, used: 6, length: 1408),
                [.latent]
            )
        ),
        SparseModel(
            "lfm2-1.2b",
            SparsePlan(
                "lfm2",
                16,
                2048,
                8192,
                heads: 32,
                kv: 8,
                vocabulary: 65_536,
                [.queryNorm, .convolution]
            )
        ),
    ]
}

extension SparseModel: CustomStringConvertible {
    /// The name.
    public var description: String { name }
}
