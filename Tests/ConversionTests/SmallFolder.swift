import TestSupport

/// A model of one very narrow layer, as the hub has it.
enum SmallFolder {
    static func configuration(tokens: Int = 512) -> String {
        """
        "architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":\(tokens),"hidden_size":8,
        "num_attention_heads":2,"num_hidden_layers":1,"intermediate_size":8
        """
    }

    /// All its weights, with other shapes of some, and without those that have none; more may be there.
    static func tensors(
        tokens: Int = 512,
        changing shapes: [String: [Int]?] = [:],
        and more: [HubTensor] = []
    ) -> [HubTensor] {
        let matrices = [
            "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj",
            "mlp.up_proj", "mlp.down_proj",
        ]
        var all: [(name: String, shape: [Int])] = [
            ("model.embed_tokens.weight", [tokens, 8]), ("model.norm.weight", [8]),
        ]
        all += matrices.map { ("model.layers.0.\($0).weight", [8, 8]) }
        all += ["input_layernorm", "post_attention_layernorm"].map { ("model.layers.0.\($0).weight", [8]) }
        return all.compactMap { name, shape in
            (shapes[name] ?? shape).map { HubTensor(name, "F32", $0, isBlank: true) }
        } + more
    }
}
