import Formats
import Platform
import Testing

/// What a `config.json` says of what the layers of a model keep.
struct ConfigShapeTests {
    private func shape(_ config: String, _ tensors: [TensorDescription] = []) throws -> ModelShape {
        try ModelShape(config: Array(config.utf8), tensors: tensors)
    }

    private static let usual =
        #""num_hidden_layers": 4, "hidden_size": 64, "num_attention_heads": 4, "num_key_value_heads": 2"#

    @Test func `heads and their sizes are read as they are named`() throws {
        let shape = try shape(
            #"{"model_type": "qwen2", \#(Self.usual), "intermediate_size": 128, "vocab_size": 100, "#
                + #""sliding_window": 32, "use_sliding_window": false, "max_position_embeddings": 4096}"#
        )
        #expect(shape.layers == Array(repeating: ModelShape.Layer(keys: 32, values: 32), count: 4))
        #expect((shape.feedForwardLength, shape.contextLength, shape.vocabularySize) == (128, 4096, 100))
    }

    @Test func `the language model's part of a larger one counts`() throws {
        let shape = try shape(
            #"{"model_type": "gemma3", "text_config": {\#(Self.usual), "head_dim": 32, "sliding_window": 16, "#
                + #""layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]}}"#
        )
        #expect(shape.layers.map(\.window) == [16, nil, 16, nil] && shape.layers[0].keys == 64)
    }

    @Test func `latent attention and experts are understood`() throws {
        let shape = try shape(
            #"{"model_type": "deepseek_v2", \#(Self.usual), "kv_lora_rank": 512, "qk_rope_head_dim": 64, "#
                + #""qk_nope_head_dim": 128, "n_routed_experts": 8, "num_experts_per_tok": 2, "#
                + #""moe_intermediate_size": 32}"#
        )
        #expect((shape.layers[0].keys, shape.layers[0].values, shape.headLength) == (576, 0, 192))
        #expect((shape.experts, shape.expertsUsed, shape.feedForwardLength) == (8, 2, 64))
    }

    @Test func `layers with linear attention keep a state`() throws {
        let shape = try shape(
            #"{"model_type": "qwen3_next", \#(Self.usual), "full_attention_interval": 4, "linear_conv_kernel_dim": 4, "#
                + #""linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "#
                + #""linear_value_head_dim": 16}"#
        )
        let state = 3 * (2 * 2 * 8 + 4 * 16) + 4 * 8 * 16
        #expect(shape.layers.map(\.state) == [state, state, state, 0] && shape.layers[3].keys == 32)
    }

    @Test func `what is not known is said to be unknown`() throws {
        #expect(throws: ShapeError.unknownArchitecture("mamba")) {
            try shape(#"{"model_type": "mamba", \#(Self.usual), "state_size": 16}"#)
        }
        #expect(throws: ShapeError.unknownArchitecture("new")) {
            try shape(#"{"model_type": "new", \#(Self.usual), "layer_types": ["a", "b", "c", "d"]}"#)
        }
        #expect(throws: ShapeError.missing("num_hidden_layers")) { try shape(#"{"hidden_size": 64}"#) }
        #expect(throws: FormatError.self) { try shape("[") }
    }

    @Test func `weights are told apart by layer, input and output`() throws {
        let tensors = [
            ("model.embed_tokens.weight", 100), ("model.layers.0.mlp.up_proj.weight", 20),
            ("model.layers.3.self_attn.q_proj.weight", 30), ("lm_head.weight", 100), ("model.norm.weight", 2),
        ].map { name, size in
            TensorDescription(name: name, type: .i8, shape: [size], offset: 0, size: ByteCount(Int64(size)))
        }
        let shape = try shape(#"{"model_type": "llama", \#(Self.usual)}"#, tensors)
        #expect(shape.layers.map(\.weights) == [20, 0, 0, 30])
        #expect((shape.inputWeights, shape.outputWeights) == (100, 102))
    }
}
