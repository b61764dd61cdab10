import Platform
public import SystemPackage

extension ModelFacts {
    /// Reads the facts from a folder with `config.json` and safetensors files.
    public static func read(safetensors folder: FilePath) throws(FormatError) -> ModelFacts {
        try read(in: folder) { () throws(FormatError) in try tensors(in: folder) }
    }

    /// Reads the facts from what lies beside the weights of a folder, and the descriptions of these.
    static func read(in folder: FilePath, _ tensors: () throws(FormatError) -> [TensorDescription])
        throws(FormatError) -> ModelFacts
    {
        guard let config = try FormatError.decoding(JSONPart.self, at: folder.appending("config.json"))
        else {
            throw .missing("config.json")
        }
        let tensors = try tensors()
        let template = try FormatError.decoding(
            TokenizerConfig.self,
            at: folder.appending("tokenizer_config.json")
        )
        let templates = ["chat_template.jinja", "chat_template.json"].map { folder.appending($0) }
        return ModelFacts(
            config: config,
            tensors: tensors,
            chatTemplate: template?.hasTemplate == true || templates.contains(where: FileSystem.exists)
        )
    }

    init(config: JSONPart, tensors: [TensorDescription], chatTemplate: Bool) {
        // A model that also sees or hears keeps the language model's sizes in a part of its own.
        let parts = [config] + ["text_config", "llm_config", "language_config"].compactMap { config[$0] }
        func fact(_ keys: String...) -> Int? {
            for part in parts {
                for key in keys { if let value = part.integer(key)?.plausible { return value } }
            }
            return nil
        }
        let quantization = (config["quantization_config"] ?? parts.last?["quantization_config"])
            .map(StoredQuantization.init)
        self.init(
            architecture: config.text("model_type") ?? config.text("architectures"),
            parameters: tensors.reduce(0) { $0 &+ $1.weights(packedBits: quantization?.bits) },
            contextLength: fact("max_position_embeddings", "n_positions", "max_seq_len", "seq_length"),
            layers: fact("num_hidden_layers", "n_layer", "num_layers", "n_layers"),
            heads: fact("num_attention_heads", "n_head", "n_heads", "num_heads"),
            kvHeads: fact("num_key_value_heads", "num_kv_heads", "multi_query_group_num"),
            headSize: fact("head_dim"),
            embeddingLength: fact("hidden_size", "n_embd", "d_model"),
            vocabularySize: fact("vocab_size", "padded_vocab_size"),
            experts: fact("num_local_experts", "num_experts", "n_routed_experts"),
            quantization: quantization?.label ?? tensors.prevailingType?.publishedName,
            tensorTypes: Set(tensors.map(\.type)),
            weightsSize: tensors.map(\.size).total(),
            chatTemplate: chatTemplate
        )
    }

    /// The tensors of all files that make up the model of a folder.
    static func tensors(in folder: FilePath) throws(FormatError) -> [TensorDescription] {
        let path = folder.appending(SafetensorsIndex.name)
        guard FileSystem.exists(path) else {
            let names = try fileNames(in: folder)
            guard !names.isEmpty else { throw .missing("model.safetensors") }
            var tensors: [TensorDescription] = []
            for name in names { tensors += try SafetensorsHeader.read(folder.appending(name)).tensors }
            return tensors
        }
        let index = try SafetensorsIndex.read(path)
        var tensors: [TensorDescription] = []
        for name in index.fileNames {
            let file = name.below(folder)
            guard FileSystem.exists(file) else { throw .missing(name.string) }
            let found = try SafetensorsHeader.read(file).tensors
            for tensor in found where index.files[tensor.name] != name {
                throw .invalid(.index(tensor: tensor.name), offset: 0)
            }
            tensors += found
        }
        let present = Set(tensors.map(\.name))
        if let lost = index.files.keys.sorted().first(where: { !present.contains($0) }) {
            throw .invalid(.index(tensor: lost), offset: 0)
        }
        return tensors
    }

    /// The model's own files where there are others too: Mistral publishes the same weights again as
    /// `consolidated`.
    private static func fileNames(in folder: FilePath) throws(FormatError) -> [String] {
        let all: [String]
        do throws(SystemError) { all = try FileSystem.list(folder) } catch { throw .system(error) }
        let files = all.filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix("adapter_") }
        let usual = files.filter { $0.hasPrefix("model") }
        return usual.isEmpty ? files : usual
    }
}

private struct TokenizerConfig: Decodable {
    let hasTemplate: Bool

    enum CodingKeys: String, CodingKey { case chat_template }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        hasTemplate = try container.contains(.chat_template) && !container.decodeNil(forKey: .chat_template)
    }
}

/// What `quantization_config` says.
private struct StoredQuantization {
    let label: String?
    let bits: Int?

    init(_ config: JSONPart) {
        let group = config["config_groups"]?["group_0"]
        let weights = group?["weights"]
        bits = config.integer("bits") ?? config.integer("w_bit") ?? weights?.integer("num_bits")
        switch config.text("quant_method") {
        case "compressed-tensors": label = Self.label(weights, group?["input_activations"])
        case "modelopt": label = (config.text("quant_algo") ?? weights?.text("type"))?.lowercased()
        case "bitsandbytes": label = "bnb"
        case "auto_awq": label = "awq"
        case let method: label = method
        }
    }

    private static func label(_ weights: JSONPart?, _ activations: JSONPart?) -> String {
        guard let bits = weights?.integer("num_bits") else { return "compressed-tensors" }
        if weights?.text("type") == "float" { return bits == 4 ? "nvfp4" : "fp\(bits)" }
        return "w\(bits)a\(activations?.integer("num_bits") ?? 16)"
    }
}

extension TensorType {
    /// The name under which weights of this type are published.
    fileprivate var publishedName: String {
        switch self {
        case .f8_e4m3, .f8_e5m2, .f8_e4m3fnuz, .f8_e5m2fnuz: "fp8"
        default: rawValue
        }
    }
}

extension TensorDescription {
    /// The model's weights in this tensor: packed ones unpacked, scales and orders not counted.
    fileprivate func weights(packedBits: Int?) -> Int {
        guard let packedBits, packedBits > 0 else { return elements }
        let part = name.split(separator: ".").last ?? ""
        let helpers: Set<Substring> = [
            "scales", "qzeros", "g_idx", "weight_scale", "weight_scale_inv", "weight_shape",
            "weight_zero_point",
            "weight_global_scale", "weight_g_idx", "input_scale", "input_global_scale",
        ]
        if helpers.contains(part) { return 0 }
        guard part == "qweight" || part == "weight_packed" else { return elements }
        return Int(clamping: size.bytes) / packedBits &* 8 &+ Int(clamping: size.bytes) % packedBits &* 8
            / packedBits
    }
}
