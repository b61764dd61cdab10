import Formats
import Platform
import TestSupport
import Testing

/// What is read of adapters.
struct AdapterFactsTests {
    private func facts(_ adapter: SampleAdapter) throws -> AdapterFacts {
        let weights = try adapter.weights()
        let header = try SafetensorsHeader.parse(prefix: weights, fileSize: ByteCount(Int64(weights.count)))
        return try AdapterFacts(config: adapter.config(), weights: header)
    }

    private func facts(gguf bytes: [UInt8]) throws -> AdapterFacts {
        try AdapterFacts(try GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count))))
    }

    @Test func `a folder of PEFT tells rank, strength, base and the sizes of what it changes`() throws {
        let facts = try facts(SampleAdapter())
        #expect((facts.form, facts.rank, facts.alpha) == (.peft, 4, 8))
        #expect((facts.base, facts.architecture) == ("stackctl/tiny-llama", nil))
        #expect(facts.features.isEmpty)
        #expect(!facts.isTransposed)
        #expect(facts.type == .bf16)
        #expect(facts.modules.count == 6)
        #expect(facts.modules.first?.name == "model.layers.0.mlp.down_proj")
        #expect(facts.modules.first?.size == MatrixSize(inputs: 192, outputs: 64))
        // Two layers, two bytes an element, rank 4, and the inputs and outputs of three matrices.
        let width = 64 + 64 + 64 + 32 + 192 + 64
        #expect(facts.size == ByteCount(Int64(2 * 2 * 4 * width)))
    }

    @Test func `a GGUF tells the same, and the architecture`() throws {
        let facts = try facts(gguf: SampleAdapter().gguf())
        #expect((facts.form, facts.rank, facts.alpha) == (.gguf, 4, 8))
        #expect((facts.base, facts.architecture) == ("stackctl/tiny-llama", "llama"))
        #expect(facts.modules.map(\.name).contains("blk.1.attn_v"))
        let size = facts.modules.first { $0.name == "blk.1.attn_v" }?.size
        #expect(size == MatrixSize(inputs: 64, outputs: 32))
    }

    @Test func `a GGUF's input weights have a row for each token in the first tensor`() throws {
        let bytes = try SampleAdapter { $0.layers = [] }.gguf { file in
            try file.addTensor("token_embd.weight.lora_a", .f32, shape: [4, 300])
            try file.addTensor("token_embd.weight.lora_b", .f32, shape: [4, 64])
        }
        let module = try facts(gguf: bytes).modules
        #expect(module == [AdaptedModule(name: "token_embd", size: MatrixSize(inputs: 300, outputs: 64))])
    }

    @Test func `modules may have ranks of their own, and the largest counts`() throws {
        let name = "base_model.model.model.layers.0.self_attn.q_proj"
        var adapter = SampleAdapter { adapter in
            adapter.tensors = ["\(name).lora_A.weight": [16, 64], "\(name).lora_B.weight": [64, 16]]
        }
        #expect(throws: AdapterError.undeclaredRank("model.layers.0.self_attn.q_proj", 16)) {
            try facts(adapter)
        }
        adapter.entries = ["rank_pattern": "{\"layers.0.self_attn.q_proj\": 16}"]
        #expect(try facts(adapter).rank == 16)
    }

    @Test(arguments: [
        ("use_dora", "true", AdapterFeature.dora), ("use_qalora", "true", .qalora),
        ("bias", "\"all\"", .bias),
        ("lora_bias", "true", .bias), ("use_bdlora", "{\"nblocks\": 2}", .blockDiagonal),
        ("arrow_config", "{\"top_k\": 3}", .arrow), ("layer_replication", "[[0, 2]]", .layerReplication),
        ("alora_invocation_tokens", "[1, 2]", .activated),
        ("modules_to_save", "[\"lm_head\"]", .savedModules(["lm_head"])),
        ("init_lora_weights", "\"PiSSA_niter_4\"", .initialization("pissa_niter_4")),
    ]) func `what goes beyond two matrices is told`(key: String, value: String, feature: AdapterFeature)
        throws
    {
        #expect(try facts(SampleAdapter { $0.entries = [key: value] }).features == [feature])
    }

    @Test
    func `tensors tell of DoRA and biases whatever the configuration says, and embeddings are passed over`()
        throws
    {
        let name = "base_model.model.model.layers.0.self_attn.q_proj"
        let adapter = SampleAdapter { adapter in
            adapter.tensors = [
                "\(name).lora_magnitude_vector": [64], "\(name).base_layer.bias": [64],
                "base_model.model.model.embed_tokens.base_layer.weight": [300, 64],
            ]
        }
        #expect(try facts(adapter).features == [.dora, .bias])
        #expect(try facts(adapter).modules.count == 6)
    }

    @Test func `the matrices of all experts at once have no size of their own`() throws {
        let name = "base_model.model.model.layers.0.mlp.experts"
        let adapter = SampleAdapter { adapter in
            adapter.tensors = ["\(name).lora_A.weight": [4 * 8, 64], "\(name).lora_B.weight": [128, 4 * 8]]
        }
        let facts = try facts(adapter)
        #expect(facts.rank == 4)
        #expect(facts.modules.contains(AdaptedModule(name: "model.layers.0.mlp.experts", size: nil)))
    }
}

/// What hostile or broken files are answered with.
struct MalformedAdapterTests {
    private static let name = "base_model.model.model.layers.0.self_attn.q_proj"
    private static let module = "model.layers.0.self_attn.q_proj"

    private func error(_ adapter: SampleAdapter) throws -> AdapterError? {
        let weights = try adapter.weights()
        let header = try SafetensorsHeader.parse(prefix: weights, fileSize: ByteCount(Int64(weights.count)))
        return #expect(throws: AdapterError.self) {
            try AdapterFacts(config: adapter.config(), weights: header)
        }
    }

    @Test(arguments: ["0", "-1", "9223372036854775807", "4.5", "\"4\"", "null", "[4]", "1e400"])
    func `a rank that cannot be is none`(rank: String) throws {
        let error = try error(SampleAdapter { $0.entries = ["r": rank] })
        // What is no number of JSON at all makes the whole unreadable.
        let isExpected =
            if case .format(.invalid(.json, _), _)? = error { rank == "1e400" } else { error == .noRank }
        #expect(isExpected, "\(String(describing: error))")
    }

    @Test(arguments: ["{\"a\": 0}", "{\"a\": -4}", "{\"a\": 1e30}", "[4]", "{\"a\": \"4\"}"])
    func `ranks of modules that cannot be are refused`(pattern: String) throws {
        #expect(try error(SampleAdapter { $0.entries = ["rank_pattern": pattern] }) == .noRank)
    }

    @Test(arguments: ["\"IA3\"", "\"XLORA\"", "3", "null"]) func `other methods are told apart`(
        method: String
    )
        throws
    {
        let named = method.hasPrefix("\"") ? String(method.dropFirst().dropLast()) : ""
        #expect(try error(SampleAdapter { $0.entries = ["peft_type": method] }) == .otherMethod(named))
    }

    @Test(arguments: [
        ([4], [64, 4]), ([4, 64], [64, 5]), ([0, 64], [64, 0]), ([4, 0], [64, 4]), ([1, 4, 64], [64, 4]),
        ([2, 4, 64], [3, 64, 4]), ([1, 1, 4, 64], [1, 1, 64, 4]), ([], []),
    ]) func `matrices that do not fit each other are refused`(down: [Int], up: [Int]) throws {
        let adapter = SampleAdapter { adapter in
            adapter.tensors = ["\(Self.name).lora_A.weight": down, "\(Self.name).lora_B.weight": up]
        }
        #expect(try error(adapter) == .shape(Self.module))
    }

    @Test func `half a pair, a strange tensor and nothing at all are refused`() throws {
        #expect(
            try error(SampleAdapter { $0.missing = ["\(Self.name).lora_B.weight"] }) == .unpaired(Self.module)
        )
        #expect(try error(SampleAdapter { $0.tensors = ["x.weight": [1]] }) == .unexpected("x.weight"))
        #expect(try error(SampleAdapter { $0.layers = [] }) == .empty)
        let twice = SampleAdapter { $0.tensors = ["\(Self.module).lora_A.weight": [4, 64]] }
        #expect(try error(twice) == .unexpected(Self.module))
    }

    @Test func `configurations that are no object are refused, however they are nested`() throws {
        let weights = try SampleAdapter().weights()
        let header = try SafetensorsHeader.parse(prefix: weights, fileSize: ByteCount(Int64(weights.count)))
        let deep = String(repeating: "[", count: 100_000)
        for text in ["", "[]", "7", "{\"r\": 4", "{\"x\": \(deep)", "\u{0}"] {
            let error = #expect(throws: AdapterError.self) {
                try AdapterFacts(config: Array(text.utf8), weights: header)
            }
            let isJSON = if case .format(.invalid(.json, _), _)? = error { true } else { false }
            #expect(isJSON, "\(text.prefix(9)): \(String(describing: error))")
        }
    }

    @Test func `a GGUF that is no adapter, or one of another kind, is refused`() throws {
        func error(_ change: (inout GGUFFile) throws -> Void) throws -> AdapterError? {
            let bytes = try SampleAdapter().gguf(change)
            let header = try GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))
            return #expect(throws: AdapterError.self) { try AdapterFacts(header) }
        }
        #expect(try error { $0["general.type"] = .string("model") } == .noAdapter("model"))
        #expect(try error { $0["general.type"] = nil } == .noAdapter(nil))
        #expect(try error { $0["adapter.type"] = .string("loha") } == .otherMethod("loha"))
        #expect(try error { $0["adapter.type"] = .uint32(1) } == .otherMethod(""))
        #expect(try error { try $0.addTensor("rope.weight", .f32, shape: [1]) } == .unexpected("rope.weight"))
        #expect(try error { try $0.addTensor("a.lora_a", .f32, shape: [1, 1]) } == .unpaired("a"))
        let alpha = try error { $0["adapter.lora.alpha"] = .string("8") }
        guard case .format(.invalid(.keyType("adapter.lora.alpha"), let place), _)? = alpha else {
            Issue.record("\(String(describing: alpha))")
            return
        }
        #expect(place > 0)
    }

    @Test func `whatever single bytes become, reading ends in facts or in an error`() throws {
        var numbers = SeededNumbers(seed: 6)
        let (config, weights, gguf) = (
            SampleAdapter().config(), try SampleAdapter().weights(), try SampleAdapter().gguf()
        )
        var refused = 0
        for _ in 0..<600 {
            var spoilt = (config, weights, gguf)
            spoilt.0[Int.random(in: 0..<config.count, using: &numbers)] = .random(
                in: 0...255,
                using: &numbers
            )
            spoilt.1[Int.random(in: 0..<1500, using: &numbers)] = .random(in: 0...255, using: &numbers)
            spoilt.2[Int.random(in: 0..<1500, using: &numbers)] = .random(in: 0...255, using: &numbers)
            do {
                let header = try SafetensorsHeader.parse(
                    prefix: spoilt.1,
                    fileSize: ByteCount(Int64(weights.count))
                )
                _ = try AdapterFacts(config: spoilt.0, weights: header)
            } catch { refused += 1 }
            do {
                let header = try GGUFHeader.parse(prefix: spoilt.2, fileSize: ByteCount(Int64(gguf.count)))
                _ = try AdapterFacts(header)
            } catch { refused += 1 }
        }
        #expect(refused > 300)
    }
}
