/// What a tensor is for, as far as that decides how precisely it is kept.
enum TensorRole: Equatable {
    case output, tokenEmbedding
    /// The values of attention, alone or together with others: errors there are felt most.
    case attentionValue
    case attentionKey, attentionQuery, attentionOutput
    case feedForwardUp, feedForwardGate, feedForwardDown
    case other

    init(_ name: String) {
        if name == "output.weight" {
            self = .output
        } else if name == "token_embd.weight" || name == "per_layer_token_embd.weight" {
            self = .tokenEmbedding
        } else {
            let part = Self.parts.first { part, _ in name.contains(part) }
            self = part?.1 ?? .other
        }
    }

    /// The first one that occurs in the name counts.
    private static let parts: [(String, TensorRole)] = [
        ("attn_qkv.weight", .attentionValue), ("attn_kv_b.weight", .attentionValue),
        ("attn_v.weight", .attentionValue), ("attn_k.weight", .attentionKey),
        ("attn_q.weight", .attentionQuery), ("attn_output.weight", .attentionOutput),
        ("ffn_up", .feedForwardUp), ("ffn_gate", .feedForwardGate), ("ffn_down", .feedForwardDown),
    ]
}

extension TensorRole {
    /// Whether a tensor may lose precision at all: small ones, and those that the rest hangs on, may not.
    static func mayBeQuantized(_ name: String, shape: [Int], architecture: String) -> Bool {
        // Dimensions of one at the end do not count.
        guard shape.dropFirst().contains(where: { $0 != 1 }), name.hasSuffix("weight") else { return false }
        guard !kept.contains(name), !keptParts.contains(where: name.contains) else { return false }
        return architecture != "glm5-next" || !keptPartsOfGLM5.contains(where: name.contains)
    }

    private static let kept: Set = ["position_embd.weight", "token_types.weight"]
    private static let keptParts = [
        "_norm.weight", "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight", "altup", "laurel",
        "per_layer_model_proj", "ssm_conv1d", "shortconv.conv.weight", "indexer.k_proj.weight",
        "indexer.q_proj.weight", "time_mix_first.weight", "time_mix_w0.weight", "time_mix_w1.weight",
        "time_mix_w2.weight", "time_mix_v0.weight", "time_mix_v1.weight", "time_mix_v2.weight",
        "time_mix_a0.weight", "time_mix_a1.weight", "time_mix_a2.weight", "time_mix_g1.weight",
        "time_mix_g2.weight", "time_mix_decay_w1.weight", "time_mix_decay_w2.weight",
        "time_mix_lerp_fused.weight", "attn_rel_b.weight", ".position_embd", "sam.pos_embd", "sam.neck.",
        "sam.net_", ".rel_pos", ".patch_embd", ".patch_merger", "a.rvq.codebook", "mm.a.code_embd",
    ]
    private static let keptPartsOfGLM5 = [
        "hc_", "indexer.attn_q_b", "indexer.attn_k", "indexer.proj", "indexer_compressor_gate",
        "indexer_compressor_ape", "ssm_f_a.weight", "ssm_f_b.weight", "ssm_g_a.weight", "ssm_g_b.weight",
        "ssm_beta.weight", "attn_kv_a_mqa.weight", "attn_k_b.weight", "attn_v_b.weight",
    ]
}
