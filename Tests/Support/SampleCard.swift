/// The small texts of the sample's repositories.
enum SampleCard {
    static let config = Array(
        """
        {
          "architectures": [
            "LlamaForCausalLM"
          ],
          "attention_bias": false,
          "attention_dropout": 0.0,
          "bos_token_id": \(SampleTokenizer.beginning),
          "dtype": "bfloat16",
          "eos_token_id": \(SampleTokenizer.end),
          "head_dim": \(SampleModel.headSize),
          "hidden_act": "silu",
          "hidden_size": \(SampleModel.width),
          "initializer_range": 0.02,
          "intermediate_size": \(SampleModel.inner),
          "max_position_embeddings": \(SampleModel.contextLength),
          "mlp_bias": false,
          "model_type": "llama",
          "num_attention_heads": \(SampleModel.heads),
          "num_hidden_layers": \(SampleModel.layers),
          "num_key_value_heads": \(SampleModel.kvHeads),
          "pretraining_tp": 1,
          "rms_norm_eps": 1e-05,
          "rope_scaling": null,
          "rope_theta": 10000.0,
          "tie_word_embeddings": false,
          "transformers_version": "4.57.6",
          "use_cache": true,
          "vocab_size": \(SampleTokenizer.tokens.count)
        }

        """.utf8
    )

    static let generation = Array(
        """
        {
          "_from_model_config": true,
          "bos_token_id": \(SampleTokenizer.beginning),
          "eos_token_id": \(SampleTokenizer.end),
          "transformers_version": "4.57.6"
        }

        """.utf8
    )

    static let original = Array(
        """
        ---
        license: mit
        language:
        - en
        tags:
        - llama
        pipeline_tag: text-generation
        ---

        # Tiny Llama

        A model of the llama architecture with \(SampleModel.parameters) weights, all of them random. It
        answers nonsense, but every engine that reads the format loads it: a subject for tests of everything
        around a model.

        """.utf8
    )

    static let converted = Array(
        """
        ---
        license: mit
        base_model: stackctl/tiny-llama
        tags:
        - llama
        - gguf
        pipeline_tag: text-generation
        ---

        # Tiny Llama, GGUF

        The weights of `stackctl/tiny-llama` as `q8_0`, `f16`, and `bf16` in three shards.

        """.utf8
    )
}
