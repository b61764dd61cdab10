/// What the tensors of an architecture are called in a GGUF, and which of them a whole model has.
struct TensorNames: Sendable {
    /// The weights of a tensor.
    struct Place: Sendable {
        /// The name in a GGUF, or within a layer of one.
        let name: String
        /// What they are made of is so long: of a matrix, its rows and its columns.
        let shape: [TensorExtent]

        init(_ name: String, _ shape: TensorExtent...) {
            self.name = name
            self.shape = shape
        }
    }
    typealias Places = [String: Place]

    /// Tensors of no layer.
    private static let whole: Places = [
        "model.embed_tokens": Place("token_embd", .tokens, .width),
        "model.norm": Place("output_norm", .width), "lm_head": Place(output, .tokens, .width),
    ]
    private static let output = "output"

    /// Tensors of every layer.
    private let common: Places
    /// Those of a layer without experts, and of one with them.
    private let dense: Places
    private let sparse: Places

    private init(_ common: [Places], dense: Places, sparse: Places = [:]) {
        self.common = common.reduce(into: [:]) { $0.merge($1) { _, new in new } }
        (self.dense, self.sparse) = (dense, sparse)
    }

    /// The name for a name; `nil` if the architecture has no such tensor.
    func name(for original: String, layers: Int) -> String? {
        guard let dot = original.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let suffix = original[dot...]
        guard suffix == ".weight" || suffix == ".bias" else { return nil }
        let stem = original[..<dot]
        if let whole = Self.whole[String(stem)] { return whole.name + suffix }
        guard let (layer, rest) = Self.layer(of: stem), layer < layers else { return nil }
        let part = String(rest)
        guard let place = common[part] ?? dense[part] ?? sparse[part] else { return nil }
        return "blk.\(layer).\(place.name)\(suffix)"
    }

    /// What a whole model has of no layer; its output may be its embedding.
    static func whole(hasOutput: Bool) -> Places {
        whole.filter { hasOutput || $0.value.name != output }
    }

    /// What each layer of a whole model has.
    func inLayer(hasExperts: Bool) -> Places {
        common.merging(hasExperts ? sparse : dense) { _, new in new }
    }

    /// The number of the layer that a tensor belongs to, and its name there.
    static func layer(of name: Substring) -> (layer: Int, rest: Substring)? {
        let prefix = "model.layers."
        guard name.utf8.starts(with: prefix.utf8) else { return nil }
        let parts = name.dropFirst(prefix.count).split(separator: ".", maxSplits: 1)
        // Only the usual spelling of a number is that layer.
        guard parts.count == 2, let layer = Int(parts[0]), layer >= 0, String(layer) == parts[0] else {
            return nil
        }
        return (layer, parts[1])
    }
}

extension TensorNames {
    private static let norms: Places = [
        "input_layernorm": Place("attn_norm", .width), "post_attention_layernorm": Place("ffn_norm", .width),
    ]
    private static let surroundingNorms: Places = [
        "input_layernorm": Place("attn_norm", .width),
        "post_attention_layernorm": Place("post_attention_norm", .width),
        "pre_feedforward_layernorm": Place("ffn_norm", .width),
        "post_feedforward_layernorm": Place("post_ffw_norm", .width),
    ]
    private static let attention: Places = [
        "self_attn.q_proj": Place("attn_q", .queries, .width),
        "self_attn.k_proj": Place("attn_k", .keys, .width),
        "self_attn.v_proj": Place("attn_v", .keys, .width),
        "self_attn.o_proj": Place("attn_output", .width, .queries),
    ]
    private static let headNorms: Places = [
        "self_attn.q_norm": Place("attn_q_norm", .head), "self_attn.k_norm": Place("attn_k_norm", .head),
    ]
    private static let feedForward: Places = [
        "mlp.gate_proj": Place("ffn_gate", .feedForward, .width),
        "mlp.up_proj": Place("ffn_up", .feedForward, .width),
        "mlp.down_proj": Place("ffn_down", .width, .feedForward),
    ]
    /// Of an expert the shape is that of a single one.
    private static let experts: Places = [
        "mlp.gate": Place("ffn_gate_inp", .experts, .width),
        "mlp.experts.gate_proj": Place("ffn_gate_exps", .expertFeedForward, .width),
        "mlp.experts.up_proj": Place("ffn_up_exps", .expertFeedForward, .width),
        "mlp.experts.down_proj": Place("ffn_down_exps", .width, .expertFeedForward),
    ]
    private static let sharedExpert: Places = [
        "mlp.shared_expert.gate_proj": Place("ffn_gate_shexp", .sharedFeedForward, .width),
        "mlp.shared_expert.up_proj": Place("ffn_up_shexp", .sharedFeedForward, .width),
        "mlp.shared_expert.down_proj": Place("ffn_down_shexp", .width, .sharedFeedForward),
        "mlp.shared_expert_gate": Place("ffn_gate_inp_shexp", .one, .width),
    ]

    static let llama = TensorNames(
        [norms, attention],
        dense: feedForward,
        sparse: [
            "block_sparse_moe.gate": Place("ffn_gate_inp", .experts, .width),
            "block_sparse_moe.experts.w1": Place("ffn_gate_exps", .feedForward, .width),
            "block_sparse_moe.experts.w2": Place("ffn_down_exps", .width, .feedForward),
            "block_sparse_moe.experts.w3": Place("ffn_up_exps", .feedForward, .width),
        ]
    )
    static let qwen2 = TensorNames([norms, attention], dense: feedForward)
    static let qwen3 = TensorNames([norms, attention, headNorms], dense: feedForward)
    static let qwen2moe = TensorNames(
        [norms, attention],
        dense: feedForward,
        sparse: experts.merging(sharedExpert) { _, new in new }
    )
    static let qwen3moe = TensorNames([norms, attention, headNorms], dense: feedForward, sparse: experts)
    static let phi3 = TensorNames(
        [
            norms,
            [
                "self_attn.qkv_proj": Place("attn_qkv", .attention, .width),
                "self_attn.o_proj": Place("attn_output", .width, .queries),
            ],
        ],
        dense: [
            "mlp.gate_up_proj": Place("ffn_up", .gateAndUp, .width),
            "mlp.down_proj": Place("ffn_down", .width, .feedForward),
        ]
    )
    static let gemma = TensorNames([norms, attention], dense: feedForward)
    static let gemma2 = TensorNames([surroundingNorms, attention], dense: feedForward)
    static let gemma3 = TensorNames([surroundingNorms, attention, headNorms], dense: feedForward)
}
