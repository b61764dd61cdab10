import Formats

/// The sizes of a model, and the tensors that its architecture has for them.
struct SparsePlan {
    /// In what architectures differ.
    enum Trait { case bias, queryNorm, postNorm, tied, fused, sinks, latent, convolution }

    let architecture: String
    private let layers: Int
    private let embedding: Int
    private let feedForward: Int
    private let heads: Int
    private let kvHeads: Int
    private let head: Int
    private let vocabulary: Int
    private let window: Int?
    private let experts: (count: Int, used: Int, length: Int)?
    private let traits: [Trait]

    /// Of multi-head latent attention: a token's compressed vector, its part that turns with the position, and a head's
    /// keys and values when unpacked.
    private static let latent = (rank: 512, rope: 64, key: 192, value: 128)

    init(
        _ architecture: String,
        _ layers: Int,
        _ embedding: Int,
        _ feedForward: Int,
        heads: Int,
        kv kvHeads: Int,
        head: Int? = nil,
        vocabulary: Int,
        window: Int? = nil,
        experts: (count: Int, used: Int, length: Int)? = nil,
        _ traits: [Trait] = []
    ) {
        (self.architecture, self.layers, self.embedding) = (architecture, layers, embedding)
        (self.feedForward, self.heads, self.kvHeads) = (feedForward, heads, kvHeads)
        self.head = head ?? embedding / heads
        (self.vocabulary, self.window, self.experts, self.traits) = (vocabulary, window, experts, traits)
    }

    // MARK: The header

    var sizes: [(String, GGUFValue)] {
        var sizes: [(String, GGUFValue)] = [
            ("block_count", number(layers)), ("context_length", number(131_072)),
            ("embedding_length", number(embedding)), ("feed_forward_length", number(feedForward)),
            ("attention.head_count", number(heads)), ("vocab_size", number(vocabulary)),
            ("attention.layer_norm_rms_epsilon", .float32(1e-6)), ("rope.freq_base", .float32(1e6)),
        ]
        let kept = (0..<layers).map { GGUFValue.int32(isConvolution($0) ? 0 : Int32(kvHeads)) }
        let isMixed = traits.contains(.convolution)
        sizes.append(("attention.head_count_kv", isMixed ? .array(of: .int32, kept) : number(kvHeads)))
        if let window { sizes.append(("attention.sliding_window", number(window))) }
        if isMixed { sizes.append(("shortconv.l_cache", number(3))) }
        if let experts {
            sizes += [
                ("expert_count", number(experts.count)), ("expert_used_count", number(experts.used)),
                ("expert_feed_forward_length", number(experts.length)),
            ]
        }
        if traits.contains(.latent) {
            let latent = Self.latent
            sizes += [
                ("attention.key_length", number(latent.rank + latent.rope)),
                ("attention.value_length", number(latent.rank)),
                ("attention.key_length_mla", number(latent.key)),
                ("attention.value_length_mla", number(latent.value)),
                ("attention.kv_lora_rank", number(latent.rank)), ("leading_dense_block_count", number(1)),
                ("expert_shared_count", number(2)), ("expert_weights_scale", .float32(1)),
                ("rope.dimension_count", number(latent.rope)),
            ]
        } else {
            sizes += [
                ("attention.key_length", number(head)), ("attention.value_length", number(head)),
                ("rope.dimension_count", number(head)),
            ]
        }
        return sizes
    }

    private func number(_ value: Int) -> GGUFValue { .uint32(UInt32(value)) }

    private func isConvolution(_ layer: Int) -> Bool {
        traits.contains(.convolution) && ![2, 5, 8, 10, 12, 14].contains(layer)
    }

    // MARK: The tensors

    func tensors() -> [(String, TensorType, [Int])] {
        let isTied = traits.contains(.tied) || traits.contains(.convolution)
        var tensors: [(String, TensorType, [Int])] = [
            ("token_embd.weight", isTied ? .q6_K : type, [embedding, vocabulary]),
            (
                traits.contains(.convolution) ? "token_embd_norm.weight" : "output_norm.weight", .f32,
                [embedding]
            ),
        ]
        if !isTied { tensors.append(("output.weight", type, [embedding, vocabulary])) }
        for layer in 0..<layers {
            let parts = norms + (isConvolution(layer) ? convolution : attention) + network(layer)
            tensors += parts.map { ("blk.\(layer).\($0.0)", $0.1, $0.2) }
        }
        return tensors
    }

    /// A row of 2880 elements is no multiple of a block of 256.
    private var type: TensorType { embedding % 256 == 0 ? .q4_K : .q8_0 }

    private typealias Part = (String, TensorType, [Int])

    private var norms: [Part] {
        var parts: [Part] = [("attn_norm.weight", .f32, [embedding])]
        // gpt-oss normalizes behind the attention instead of before the network.
        parts.append(
            (traits.contains(.sinks) ? "post_attention_norm.weight" : "ffn_norm.weight", .f32, [embedding])
        )
        if traits.contains(.postNorm) {
            parts += [
                ("post_attention_norm.weight", .f32, [embedding]),
                ("post_ffw_norm.weight", .f32, [embedding]),
            ]
        }
        return parts
    }

    private var convolution: [Part] {
        [
            ("shortconv.conv.weight", .f32, [3, embedding]),
            ("shortconv.in_proj.weight", .q4_K, [embedding, 3 * embedding]),
            ("shortconv.out_proj.weight", .q4_K, [embedding, embedding]),
        ]
    }

    private var attention: [Part] {
        if traits.contains(.latent) { return latentAttention }
        let (queries, kept) = (heads * head, kvHeads * head)
        var parts: [Part] = [("attn_output.weight", type, [queries, embedding])]
        if traits.contains(.fused) {
            parts.append(("attn_qkv.weight", type, [embedding, queries + 2 * kept]))
        } else {
            parts += [
                ("attn_q.weight", type, [embedding, queries]), ("attn_k.weight", type, [embedding, kept]),
                ("attn_v.weight", type, [embedding, kept]),
            ]
        }
        if traits.contains(.bias) {
            parts += [
                ("attn_q.bias", .f32, [queries]), ("attn_k.bias", .f32, [kept]),
                ("attn_v.bias", .f32, [kept]),
            ]
        }
        if traits.contains(.queryNorm) {
            parts += [("attn_q_norm.weight", .f32, [head]), ("attn_k_norm.weight", .f32, [head])]
        }
        if traits.contains(.sinks) {
            parts += [("attn_sinks.weight", .f32, [heads]), ("attn_output.bias", .f32, [embedding])]
        }
        return parts
    }

    private var latentAttention: [Part] {
        let latent = Self.latent
        return [
            ("attn_q.weight", .q4_K, [embedding, heads * latent.key]),
            ("attn_kv_a_mqa.weight", .q4_K, [embedding, latent.rank + latent.rope]),
            ("attn_kv_a_norm.weight", .f32, [latent.rank]),
            ("attn_k_b.weight", .q8_0, [latent.key - latent.rope, latent.rank, heads]),
            ("attn_v_b.weight", .q8_0, [latent.rank, latent.value, heads]),
            ("attn_output.weight", .q4_K, [heads * latent.value, embedding]),
        ]
    }

    private func network(_ layer: Int) -> [Part] {
        if let experts, !(traits.contains(.latent) && layer == 0) { return mixture(experts) }
        if traits.contains(.fused) {
            return [
                ("ffn_up.weight", .q4_K, [embedding, 2 * feedForward]),
                ("ffn_down.weight", .q6_K, [feedForward, embedding]),
            ]
        }
        return [
            ("ffn_gate.weight", .q4_K, [embedding, feedForward]),
            ("ffn_up.weight", .q4_K, [embedding, feedForward]),
            ("ffn_down.weight", feedForward % 256 == 0 ? .q6_K : .q8_0, [feedForward, embedding]),
        ]
    }

    private func mixture(_ experts: (count: Int, used: Int, length: Int)) -> [Part] {
        let (count, length) = (experts.count, experts.length)
        let type: TensorType = traits.contains(.sinks) ? .mxfp4 : length % 256 == 0 ? .q4_K : .q8_0
        var parts: [Part] = [
            ("ffn_gate_inp.weight", .f32, [embedding, count]),
            ("ffn_gate_exps.weight", type, [embedding, length, count]),
            ("ffn_up_exps.weight", type, [embedding, length, count]),
            ("ffn_down_exps.weight", type, [length, embedding, count]),
        ]
        if traits.contains(.sinks) {
            parts += [
                ("ffn_gate_inp.bias", .f32, [count]), ("ffn_gate_exps.bias", .f32, [length, count]),
                ("ffn_up_exps.bias", .f32, [length, count]),
                ("ffn_down_exps.bias", .f32, [embedding, count]),
            ]
        }
        if traits.contains(.latent) {
            parts += [
                ("ffn_gate_shexp.weight", .q4_K, [embedding, 2 * length]),
                ("ffn_up_shexp.weight", .q4_K, [embedding, 2 * length]),
                ("ffn_down_shexp.weight", .q4_K, [2 * length, embedding]),
            ]
        }
        return parts
    }
}
