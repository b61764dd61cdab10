/// What the tensors of an architecture are called in a GGUF.
struct TensorNames: Sendable {
    /// Names of tensors of no layer.
    private static let whole = [
        "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    ]
    /// Names within a layer.
    private let inLayer: [String: String]

    private init(_ parts: [String: String]...) {
        inLayer = parts.reduce(into: [:]) { $0.merge($1) { _, new in new } }
    }

    /// The name for a name; `nil` if the architecture has no such tensor.
    func name(for original: String, layers: Int) -> String? {
        guard let dot = original.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let suffix = original[dot...]
        guard suffix == ".weight" || suffix == ".bias" else { return nil }
        let stem = original[..<dot]
        if let whole = Self.whole[String(stem)] { return whole + suffix }
        guard let (layer, rest) = Self.layer(of: stem), layer < layers, let name = inLayer[String(rest)]
        else {
            return nil
        }
        return "blk.\(layer).\(name)\(suffix)"
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

    private static let norms = ["input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"]
    private static let attention = [
        "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
    ]
    private static let headNorms = ["self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm"]
    private static let feedForward = [
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    ]
    private static let experts = [
        "mlp.gate": "ffn_gate_inp", "mlp.experts.gate_proj": "ffn_gate_exps",
        "mlp.experts.up_proj": "ffn_up_exps", "mlp.experts.down_proj": "ffn_down_exps",
    ]
    private static let surroundingNorms = [
        "input_layernorm": "attn_norm", "post_attention_layernorm": "post_attention_norm",
        "pre_feedforward_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm",
    ]

    static let llama = TensorNames(
        norms,
        attention,
        feedForward,
        [
            "block_sparse_moe.gate": "ffn_gate_inp", "block_sparse_moe.experts.w1": "ffn_gate_exps",
            "block_sparse_moe.experts.w2": "ffn_down_exps", "block_sparse_moe.experts.w3": "ffn_up_exps",
        ]
    )
    static let qwen2 = TensorNames(norms, attention, feedForward)
    static let qwen3 = TensorNames(norms, attention, headNorms, feedForward)
    static let qwen2moe = TensorNames(
        norms,
        attention,
        feedForward,
        experts,
        [
            "mlp.shared_expert.gate_proj": "ffn_gate_shexp", "mlp.shared_expert.up_proj": "ffn_up_shexp",
            "mlp.shared_expert.down_proj": "ffn_down_shexp", "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
        ]
    )
    static let qwen3moe = TensorNames(norms, attention, headNorms, feedForward, experts)
    static let phi3 = TensorNames(
        norms,
        attention,
        ["self_attn.qkv_proj": "attn_qkv", "mlp.gate_up_proj": "ffn_up", "mlp.down_proj": "ffn_down"]
    )
    static let gemma = TensorNames(norms, attention, feedForward)
    static let gemma2 = TensorNames(surroundingNorms, attention, feedForward)
    static let gemma3 = TensorNames(surroundingNorms, attention, headNorms, feedForward)
}
