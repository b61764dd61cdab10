public import Formats
import Platform
public import SystemPackage

/// A very small model of the llama architecture that real engines load, as two repositories of a hub.
public enum SampleModel {
    /// The repository with the original weights.
    public static let repository = "stackctl/tiny-llama"
    /// The repository with the GGUF files.
    public static let ggufRepository = "stackctl/tiny-llama-GGUF"
    /// The GGUF files of each quantization.
    public static let ggufFiles = [
        "q8_0": ["tiny-llama-q8_0.gguf"],
        "f16": ["tiny-llama-f16.gguf"],
        "bf16": (1...3).map { "BF16/tiny-llama-bf16-0000\($0)-of-00003.gguf" },
    ]
    /// The number of weights.
    public static let parameters = tensors.reduce(0) { $0 + $1.count }
    /// The longest context.
    public static let contextLength = 1024

    static let layers = 2
    static let width = 64
    static let inner = 192
    static let heads = 4
    static let kvHeads = 2
    static let headSize = width / heads

    /// Writes both repositories below a folder, as `stackctl/tiny-llama` and `stackctl/tiny-llama-GGUF`;
    /// files that are there already with the same content are left alone.
    public static func write(below folder: FilePath) throws {
        for (path, bytes) in try files() {
            let target = folder.appending(path)
            if let status = try FileSystem.status(target), status.size == ByteCount(Int64(bytes.count)),
                try FileSystem.read(target) == bytes
            {
                continue
            }
            try FileSystem.createDirectory(target.removingLastComponent())
            try FileSystem.write(bytes, to: target)
        }
    }

    /// The content of every file of both repositories, by its path below the hub's folder.
    public static func files() throws -> [(path: String, bytes: [UInt8])] { try made.get() }

    /// Made once in a process: many tests want it.
    private static let made = Result { try make() }

    private static func make() throws -> [(path: String, bytes: [UInt8])] {
        var files: [(path: String, bytes: [UInt8])] = [
            ("\(repository)/README.md", SampleCard.original),
            ("\(repository)/config.json", SampleCard.config),
            ("\(repository)/generation_config.json", SampleCard.generation),
            ("\(repository)/model.safetensors", try safetensors()),
            ("\(repository)/tokenizer.json", try SampleTokenizer.json()),
            (
                "\(repository)/tokenizer_config.json",
                try SampleTokenizer.configuration(contextLength: contextLength)
            ),
            ("\(ggufRepository)/README.md", SampleCard.converted),
        ]
        for (name, type) in [("bf16", TensorType.bf16), ("f16", .f16), ("q8_0", .q8_0)] {
            let paths = ggufFiles[name] ?? []
            for (path, bytes) in zip(paths, try gguf(type, shards: paths.count)) {
                files.append(("\(ggufRepository)/\(path)", bytes))
            }
        }
        return files
    }

    /// The model as a GGUF of a type: `bf16`, `f16` or `q8_0`, whole or in shards.
    public static func gguf(_ type: TensorType, shards: Int = 1) throws -> [[UInt8]] {
        let perShard = (tensors.count + shards - 1) / shards
        return try (0..<shards).map { shard in
            var file = GGUFFile()
            if shard == 0 { describe(type, in: &file) }
            if shards > 1 {
                file["split.no"] = .uint16(UInt16(shard))
                file["split.count"] = .uint16(UInt16(shards))
                file["split.tensors.count"] = .int32(Int32(tensors.count))
            }
            let own = tensors.dropFirst(shard * perShard).prefix(perShard)
            for tensor in own {
                let stored = tensor.shape.count == 1 ? .f32 : type
                try file.addTensor(tensor.ggufName, stored, shape: tensor.shape.reversed())
            }
            let byName = Dictionary(uniqueKeysWithValues: own.map { ($0.ggufName, $0) })
            return GGUFBuilder.bytes(of: file) { place in
                SampleWeights.bytes(byName[place.name]?.permutedValues ?? [], as: place.type)
            }
        }
    }

    /// The model as one safetensors file.
    public static func safetensors() throws -> [UInt8] {
        var file = SafetensorsFile()
        for tensor in tensors { try file.addTensor(tensor.name, .bf16, shape: tensor.shape) }
        return try file.header() + tensors.flatMap { SampleWeights.bytes($0.values, as: .bf16) }
    }
}

// MARK: Tensors

extension SampleModel {
    struct Tensor {
        let name: String
        let ggufName: String
        let shape: [Int]
        /// The heads whose halves llama.cpp wants interleaved.
        var heads: Int?

        var count: Int { shape.reduce(1, *) }
        var values: [UInt16] { SampleWeights.values(name, count: count) }
        var permutedValues: [UInt16] {
            heads.map { SampleWeights.permuted(values, heads: $0, width: shape[1]) } ?? values
        }
    }

    /// The tensors, sorted by name.
    static let tensors: [Tensor] = {
        let vocabulary = SampleTokenizer.tokens.count
        let all = [
            Tensor(name: "lm_head.weight", ggufName: "output.weight", shape: [vocabulary, width]),
            Tensor(
                name: "model.embed_tokens.weight",
                ggufName: "token_embd.weight",
                shape: [vocabulary, width]
            ),
            Tensor(name: "model.norm.weight", ggufName: "output_norm.weight", shape: [width]),
        ]
        return (all + (0..<layers).flatMap(layer)).sorted { $0.name < $1.name }
    }()

    private static func layer(_ number: Int) -> [Tensor] {
        func tensor(_ name: String, _ ggufName: String, _ shape: [Int], heads: Int? = nil) -> Tensor {
            Tensor(
                name: "model.layers.\(number).\(name).weight",
                ggufName: "blk.\(number).\(ggufName).weight",
                shape: shape,
                heads: heads
            )
        }
        return [
            tensor("input_layernorm", "attn_norm", [width]),
            tensor("post_attention_layernorm", "ffn_norm", [width]),
            tensor("self_attn.q_proj", "attn_q", [width, width], heads: heads),
            tensor("self_attn.k_proj", "attn_k", [kvHeads * headSize, width], heads: kvHeads),
            tensor("self_attn.v_proj", "attn_v", [kvHeads * headSize, width]),
            tensor("self_attn.o_proj", "attn_output", [width, width]),
            tensor("mlp.gate_proj", "ffn_gate", [inner, width]),
            tensor("mlp.up_proj", "ffn_up", [inner, width]),
            tensor("mlp.down_proj", "ffn_down", [width, inner]),
        ]
    }
}

// MARK: The GGUF's header

extension SampleModel {
    /// The keys in the order of llama.cpp's converter.
    private static func describe(_ type: TensorType, in file: inout GGUFFile) {
        file["general.architecture"] = .string("llama")
        file["general.type"] = .string("model")
        file["general.name"] = .string("Tiny Llama")
        file["general.size_label"] = .string("\((parameters + 500) / 1000)K")
        file["general.license"] = .string("mit")
        file["general.tags"] = .array(of: .string, [.string("llama"), .string("text-generation")])
        file["general.languages"] = .array(of: .string, [.string("en")])
        file["llama.block_count"] = .uint32(UInt32(layers))
        file["llama.context_length"] = .uint32(UInt32(contextLength))
        file["llama.embedding_length"] = .uint32(UInt32(width))
        file["llama.feed_forward_length"] = .uint32(UInt32(inner))
        file["llama.attention.head_count"] = .uint32(UInt32(heads))
        file["llama.attention.head_count_kv"] = .uint32(UInt32(kvHeads))
        file["llama.rope.freq_base"] = .float32(10000)
        file["llama.attention.layer_norm_rms_epsilon"] = .float32(1e-5)
        file["llama.attention.key_length"] = .uint32(UInt32(headSize))
        file["llama.attention.value_length"] = .uint32(UInt32(headSize))
        file["general.file_type"] = .uint32([.f16: 1, .q8_0: 7, .bf16: 32][type] ?? 0)
        file["llama.vocab_size"] = .uint32(UInt32(SampleTokenizer.tokens.count))
        file["llama.rope.dimension_count"] = .uint32(UInt32(headSize))
        file["general.quantization_version"] = .uint32(2)
        SampleTokenizer.describe(in: &file)
    }
}
