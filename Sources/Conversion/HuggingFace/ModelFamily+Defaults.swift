extension ModelFamily {
    /// What a configuration of a model type means where it says nothing: the defaults of the library that wrote it.
    ///
    /// The reference reads configurations through that library, so its defaults become part of the file.
    static let defaults: [String: [String: Double]] = [
        "llama": [
            "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "rope_theta": 10000, "vocab_size": 32000,
            "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
            "num_attention_heads": 32,
        ],
        "mistral": [
            "max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "rope_theta": 10000, "vocab_size": 32000,
            "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
        ],
        "mixtral": [
            "max_position_embeddings": 131072, "rms_norm_eps": 1e-5, "rope_theta": 1e6, "vocab_size": 32000,
            "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8, "num_local_experts": 8, "num_experts_per_tok": 2,
        ],
        "qwen2": [
            "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 10000, "vocab_size": 151936,
            "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 32,
        ],
        "qwen2_moe": [
            "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 10000, "vocab_size": 151936,
            "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 24,
            "num_attention_heads": 16,
            "num_key_value_heads": 16, "num_experts": 60, "num_experts_per_tok": 4,
            "moe_intermediate_size": 1408, "shared_expert_intermediate_size": 5632,
        ],
        "qwen3": [
            "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 10000, "vocab_size": 151936,
            "head_dim": 128, "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 32,
        ],
        "qwen3_moe": [
            "max_position_embeddings": 32768, "rms_norm_eps": 1e-6, "rope_theta": 10000, "vocab_size": 151936,
            "hidden_size": 2048, "intermediate_size": 6144, "num_hidden_layers": 24,
            "num_attention_heads": 32,
            "num_key_value_heads": 4, "num_experts": 128, "num_experts_per_tok": 8,
            "moe_intermediate_size": 768,
        ],
        "phi3": [
            "max_position_embeddings": 4096, "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
            "rope_theta": 10000, "partial_rotary_factor": 1, "vocab_size": 32064, "hidden_size": 3072,
            "intermediate_size": 8192, "num_hidden_layers": 32, "num_attention_heads": 32,
        ],
        "gemma": [
            "max_position_embeddings": 8192, "rms_norm_eps": 1e-6, "rope_theta": 10000, "vocab_size": 256000,
            "head_dim": 256, "hidden_size": 3072, "intermediate_size": 24576, "num_hidden_layers": 28,
            "num_attention_heads": 16, "num_key_value_heads": 16,
        ],
        "gemma2": [
            "max_position_embeddings": 8192, "rms_norm_eps": 1e-6, "rope_theta": 10000, "vocab_size": 256000,
            "head_dim": 256, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
            "num_attention_heads": 8, "num_key_value_heads": 4, "sliding_window": 4096,
            "attn_logit_softcapping": 50, "final_logit_softcapping": 30,
        ],
        "gemma3_text": [
            "max_position_embeddings": 131072, "rms_norm_eps": 1e-6, "rope_theta": 1e6,
            "rope_local_base_freq": 10000, "vocab_size": 262208, "head_dim": 256, "hidden_size": 2304,
            "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
            "num_key_value_heads": 4, "sliding_window": 4096,
        ],
    ]
}
