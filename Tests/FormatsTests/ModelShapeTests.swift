import Formats
import Platform
import TestSupport
import Testing

/// What a header says of what the layers of a model keep.
struct ModelShapeTests {
    private func shape(_ architecture: String, layers: Int, _ extra: [(String, GGUFValue)] = []) throws
        -> ModelShape
    {
        var file = GGUFFile()
        file["general.architecture"] = .string(architecture)
        let usual: [(String, GGUFValue)] = [
            ("block_count", .uint32(UInt32(layers))), ("embedding_length", .uint32(64)),
            ("feed_forward_length", .uint32(128)), ("attention.head_count", .uint32(4)),
            ("attention.head_count_kv", .uint32(2)), ("vocab_size", .uint32(100)),
            ("context_length", .uint32(4096)),
        ]
        for (key, value) in usual + extra { file["\(architecture).\(key)"] = value }
        try file.addTensor("token_embd.weight", .f32, shape: [64, 100])
        try file.addTensor("blk.0.attn_q.weight", .f32, shape: [64, 64])
        let bytes = GGUFBuilder.bytes(of: file)
        return try ModelShape([GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))])
    }

    private func windows(_ architecture: String, _ extra: [(String, GGUFValue)] = []) throws -> [Int?] {
        try shape(architecture, layers: 6, [("attention.sliding_window", .uint32(32))] + extra).layers.map(
            \.window
        )
    }

    @Test func `all layers keep keys and values of the heads that have them`() throws {
        let shape = try shape("llama", layers: 3)
        #expect(shape.layers.map(\.keys) == [32, 32, 32] && shape.layers.map(\.values) == [32, 32, 32])
        #expect((shape.heads, shape.headLength, shape.feedForwardLength) == (4, 16, 128))
        #expect((shape.vocabularySize, shape.contextLength) == (100, 4096))
        let sized = try self.shape(
            "llama",
            layers: 1,
            [("attention.key_length", .uint32(24)), ("attention.value_length", .uint32(8))]
        )
        #expect((sized.layers[0].keys, sized.layers[0].values) == (48, 16))
    }

    @Test func `weights are told apart by layer, input and output`() throws {
        let shape = try shape("llama", layers: 2)
        #expect(shape.inputWeights == 25_600 && shape.outputWeights == 0 && shape.sharesInput)
        #expect(shape.layers.map(\.weights) == [16_384, 0] && shape.weights == 41_984)
    }

    @Test(
        arguments: [
            ("llama", [nil, nil, nil, nil, nil, nil]), ("gemma2", [32, nil, 32, nil, 32, nil]),
            ("gemma3", [32, 32, 32, 32, 32, nil]), ("gpt-oss", [32, nil, 32, nil, 32, nil]),
            ("cohere2", [32, 32, 32, nil, 32, 32]), ("cohere2moe", [nil, 32, 32, 32, nil, 32]),
            ("llama4", [8192, 8192, 8192, nil, 8192, 8192]),
            ("smallthinker", [nil, 4096, 4096, 4096, nil, 4096]),
            ("phi3", [nil, nil, nil, nil, nil, nil]),
        ] as [(String, [Int?])]
    ) func `layers slide in the pattern of their architecture`(
        architecture: String,
        expected: [Int?]
    ) throws { #expect(try windows(architecture) == expected) }

    @Test func `a file may name another pattern, as a period or layer by layer`() throws {
        let key = "attention.sliding_window_pattern"
        #expect(try windows("gemma3", [(key, .uint32(2))]) == [32, nil, 32, nil, 32, nil])
        let flags = [true, true, false, false, true, false].map(GGUFValue.bool)
        #expect(try windows("gemma4", [(key, .array(of: .bool, flags))]) == [32, 32, nil, nil, 32, nil])
        #expect(
            try windows("gemma3", [("attention.sliding_window", .uint32(0))])
                == Array(repeating: nil, count: 6)
        )
    }

    @Test func `layers that share another's keys and values keep none`() throws {
        let flags = (0..<6).map { GGUFValue.bool($0 % 2 == 0) }
        let shape = try shape(
            "gemma4",
            layers: 6,
            [
                ("attention.sliding_window", .uint32(32)), ("attention.shared_kv_layers", .uint32(2)),
                ("attention.sliding_window_pattern", .array(of: .bool, flags)),
            ]
        )
        #expect(shape.layers.map(\.keys) == [32, 32, 32, 32, 0, 0])
    }

    @Test func `latent attention keeps one vector a token`() throws {
        let shape = try shape(
            "deepseek2",
            layers: 1,
            [
                ("attention.key_length", .uint32(576)), ("attention.value_length", .uint32(512)),
                ("attention.key_length_mla", .uint32(192)), ("attention.value_length_mla", .uint32(128)),
                ("attention.head_count_kv", .uint32(1)),
            ]
        )
        #expect((shape.layers[0].keys, shape.layers[0].values, shape.headLength) == (576, 0, 192))
    }

    @Test func `recurrent layers keep a state, whatever the text's length`() throws {
        let kept = [0, 2, 0, 2].map { GGUFValue.int32($0) }
        let state: [(String, GGUFValue)] = [
            ("ssm.conv_kernel", .uint32(4)), ("ssm.inner_size", .uint32(128)),
            ("ssm.state_size", .uint32(16)),
            ("ssm.group_count", .uint32(1)),
        ]
        let hybrid = try shape(
            "granitehybrid",
            layers: 4,
            state + [("attention.head_count_kv", .array(of: .int32, kept))]
        )
        #expect(hybrid.layers.map(\.keys) == [0, 32, 0, 32])
        let expected = 3 * (128 + 2 * 16) + 16 * 128
        #expect(hybrid.layers.map(\.state) == [expected, 0, expected, 0])
        #expect(try shape("mamba2", layers: 2, state).layers.map(\.state) == [expected, expected])
        let interval = try shape("qwen3next", layers: 8, state)
        #expect(
            interval.layers.map { $0.keys > 0 } == [false, false, false, true, false, false, false, true]
        )
    }

    @Test func `what is not known is said to be unknown`() throws {
        #expect(throws: ShapeError.unknownArchitecture("martian")) { try shape("martian", layers: 2) }
        #expect(throws: ShapeError.missing("mamba.ssm.state_size")) { try shape("mamba", layers: 2) }
        #expect(throws: ShapeError.missing("llama.block_count")) { try shape("llama", layers: 0) }
        #expect(throws: ShapeError.missing("llama.block_count")) { try shape("llama", layers: 100_000) }
    }

    @Test(arguments: [UInt32.max, 0x7FFF_FFFF, 0x8000_0000]) func `sizes that no model has do not trap`(
        size: UInt32
    ) throws {
        let keys = [
            "embedding_length", "feed_forward_length", "attention.head_count", "attention.head_count_kv",
            "expert_count",
            "expert_used_count", "attention.key_length", "attention.value_length", "vocab_size",
            "ssm.state_size",
            "ssm.inner_size", "expert_shared_count", "attention.sliding_window", "nextn_predict_layers",
            "attention.shared_kv_layers", "full_attention_interval",
        ]
        for architecture in ["llama", "gemma3", "gemma4", "qwen3next", "granitehybrid", "deepseek2"] {
            for key in keys { _ = try? shape(architecture, layers: 4, [(key, .uint32(size))]) }
            let window = ("attention.sliding_window", GGUFValue.uint32(32))
            for period in [Int64.min, -1, .max, Int64(size)] {
                _ = try? shape(
                    architecture,
                    layers: 4,
                    [window, ("attention.sliding_window_pattern", .int64(period))]
                )
            }
            _ = try? shape(architecture, layers: 4, keys.map { ($0, .uint32(size)) })
        }
    }
}
