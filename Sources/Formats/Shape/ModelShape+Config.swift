import Platform

extension ModelShape {
    /// Takes the shape from a `config.json` and the tensors of all files.
    public init(config bytes: [UInt8], tensors: [TensorDescription]) throws {
        let config = try FormatError.decoding(JSONPart.self, from: bytes, lenient: true)
        try self.init(config: ModelConfig(config), tensors: tensors)
    }

    private init(config: ModelConfig, tensors: [TensorDescription]) throws(ShapeError) {
        let count = try config.need("num_hidden_layers", "n_layer", "num_layers", "n_layers")
        let embedding = try config.need("hidden_size", "n_embd", "d_model")
        let heads = try config.need("num_attention_heads", "n_head", "n_heads", "num_heads")
        guard count <= ModelConfig.mostLayers else { throw .missing("num_hidden_layers") }
        let experts = config.number("num_local_experts", "num_experts", "n_routed_experts") ?? 0
        let used = experts > 0 ? config.number("num_experts_per_tok") ?? 1 : 0
        let wide = config.number("intermediate_size") ?? 4 &* embedding
        let expert = config.number("moe_intermediate_size") ?? wide
        let shared = config.number("shared_expert_intermediate_size") ?? 0
        self.init(
            architecture: config.architecture,
            layers: try config.layers(count, heads: heads, embedding: embedding),
            sharesInput: config.isTied,
            embeddingLength: embedding,
            feedForwardLength: experts > 0 ? used &* expert &+ shared : wide,
            heads: heads,
            headLength: config.headLength(heads, embedding),
            vocabularySize: config.number("vocab_size", "padded_vocab_size") ?? 0,
            experts: experts,
            expertsUsed: used,
            contextLength: config.number(
                "max_position_embeddings",
                "n_positions",
                "max_seq_len",
                "seq_length"
            )
        )
        for tensor in tensors { weigh(tensor) }
    }

    private mutating func weigh(_ tensor: TensorDescription) {
        let parts = tensor.name.split(separator: ".")
        let place = parts.firstIndex { ["layers", "h", "blocks"].contains($0) }
        if let place, place + 1 < parts.count, let index = Int(parts[place + 1]),
            layers.indices.contains(index),
            !tensor.name.contains("vision")
        {
            layers[index].weights = layers[index].weights + tensor.size
        } else if ["embed_tokens", "wte", "tok_embeddings"].contains(where: tensor.name.contains) {
            inputWeights = inputWeights + tensor.size
        } else {
            outputWeights = outputWeights + tensor.size
        }
    }
}

/// What a `config.json` says of the language model in it.
private struct ModelConfig {
    static let mostLayers = 512

    let architecture: String
    /// The whole, and the part that a model that also sees or hears has for its language model.
    private let parts: [JSONPart]

    init(_ config: JSONPart) {
        parts = ["text_config", "llm_config", "language_config"].compactMap { config[$0] } + [config]
        architecture = config.text("model_type") ?? config.text("architectures") ?? ""
    }

    var isTied: Bool { parts.lazy.compactMap { $0.flag("tie_word_embeddings") }.first ?? false }

    private var layerTypes: [String]? { parts.lazy.compactMap(\.layerTypes).first }

    func number(_ keys: String...) -> Int? { find(keys) }

    func need(_ keys: String...) throws(ShapeError) -> Int {
        guard let number = find(keys) else { throw .missing(keys[0]) }
        return number
    }

    private func find(_ keys: [String]) -> Int? {
        for part in parts { for key in keys { if let value = part.integer(key)?.plausible { return value } } }
        return nil
    }

    func headLength(_ heads: Int, _ embedding: Int) -> Int {
        if let rope = number("qk_rope_head_dim"), let rest = number("qk_nope_head_dim") {
            return rope &+ rest
        }
        return number("head_dim") ?? embedding / heads
    }

    func layers(_ count: Int, heads: Int, embedding: Int) throws(ShapeError) -> [ModelShape.Layer] {
        let kinds = try kinds(count)
        let kvHeads = number("num_key_value_heads", "num_kv_heads", "multi_query_group_num") ?? heads
        var attention = ModelShape.Layer()
        if let rank = number("kv_lora_rank"), let rope = number("qk_rope_head_dim") {
            // Multi-head latent attention keeps one compressed vector a token.
            attention.keys = rank &+ rope
        } else {
            attention.keys = kvHeads &* headLength(heads, embedding)
            attention.values = attention.keys
        }
        let own = count - min(count, number("num_kv_shared_layers") ?? 0)
        return try kinds.enumerated().map { index, kind throws(ShapeError) in
            var layer = attention
            switch kind {
            case _ where index >= own: return ModelShape.Layer()
            case .full: break
            case .sliding(let window): layer.window = window
            case .recurrent: layer = ModelShape.Layer(state: try linearState())
            }
            return layer
        }
    }

    private enum Kind {
        case full, recurrent
        case sliding(Int)
    }

    private func kinds(_ count: Int) throws(ShapeError) -> [Kind] {
        // Models of this kind keep a state whose sizes have other names in each of them.
        let states = ["state_size", "mamba_d_state", "ssm_state_size", "d_state"]
        if states.contains(where: { number($0) != nil }) { throw .unknownArchitecture(architecture) }
        let window = number("attention_chunk_size") ?? number("sliding_window")
        if let types = layerTypes, types.count >= count {
            return try types.prefix(count).map { (type) throws(ShapeError) in
                switch type {
                case "full_attention", "attention": .full
                case "sliding_attention", "chunked_attention": window.map(Kind.sliding) ?? .full
                case "linear_attention": .recurrent
                default: throw .unknownArchitecture(architecture)
                }
            }
        }
        if let interval = number("full_attention_interval"), number("linear_num_value_heads") != nil {
            return (1...count).map { $0 % interval == 0 ? .full : .recurrent }
        }
        guard let window, isSliding else { return Array(repeating: .full, count: count) }
        let period = number("sliding_window_pattern") ?? usualPeriod
        return (1...count).map { period > 1 && $0 % period == 0 ? .full : .sliding(window) }
    }

    private var isSliding: Bool { parts.lazy.compactMap { $0.flag("use_sliding_window") }.first ?? true }

    /// Of how many layers the last keeps all tokens, for configurations from before `layer_types`.
    private var usualPeriod: Int {
        switch architecture {
        case "gemma2": 2
        case "gemma3", "gemma3_text": 6
        case "cohere2", "llama4", "llama4_text": 4
        default: 1
        }
    }

    /// The state of a gated delta net and the last tokens of its convolution.
    private func linearState() throws(ShapeError) -> Int {
        let key = try need("linear_key_head_dim")
        let value = try need("linear_value_head_dim")
        let values = try need("linear_num_value_heads")
        let keys = try need("linear_num_key_heads")
        let kernel = try need("linear_conv_kernel_dim")
        return (kernel - 1) &* (2 &* keys &* key &+ values &* value) &+ values &* key &* value
    }
}
