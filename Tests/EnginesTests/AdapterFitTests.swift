import Catalog
import Engines
import Formats
import Platform
import TestSupport
import Testing

/// Whether an engine can lay an adapter over a model.
struct AdapterFitTests {
    private static let names = ["stackctl/tiny-llama"]

    private func peft(_ adapter: SampleAdapter = SampleAdapter()) throws -> AdapterFacts {
        let weights = try adapter.weights()
        let header = try SafetensorsHeader.parse(prefix: weights, fileSize: ByteCount(Int64(weights.count)))
        return try AdapterFacts(config: adapter.config(), weights: header)
    }

    private func gguf(_ adapter: SampleAdapter = SampleAdapter()) throws -> AdapterFacts {
        let bytes = try adapter.gguf()
        return try AdapterFacts(try GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count))))
    }

    /// The tiny model in a format, perhaps under another architecture.
    private func base(_ format: ModelFormat, architecture: String? = "llama") throws -> AdapterBase {
        let tensors: [TensorDescription]
        switch format {
        case .gguf:
            let bytes = try #require(try SampleModel.gguf(.f16).first)
            tensors = try GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count))).tensors
        case .safetensors, .uqff:
            let bytes = try SampleModel.safetensors()
            tensors = try SafetensorsHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))
                .tensors
        }
        let facts = ModelFacts(architecture: architecture, layers: 2, embeddingLength: 64)
        return AdapterBase(facts, format, tensors: tensors, names: Self.names)
    }

    private func refusal(_ fit: AdapterFit) -> AdapterRefusal? {
        #expect(throws: AdapterRefusal.self) { try fit.judge() }
    }

    // MARK: The engines

    @Test func `each engine takes the form that it reads, over the format that it serves`() throws {
        #expect(try AdapterFit(.llamacpp, gguf(), over: base(.gguf)).judge().isEmpty)
        #expect(try AdapterFit(.vllm, peft(), over: base(.safetensors)).judge().isEmpty)
        #expect(try AdapterFit(.mistralrs, peft(), over: base(.safetensors)).judge().isEmpty)
        #expect(refusal(AdapterFit(.llamacpp, try peft(), over: nil)) == .form(.llamacpp, .peft))
        #expect(
            refusal(AdapterFit(.llamacpp, try gguf(), over: try base(.uqff))) == .baseFormat(.llamacpp, .uqff)
        )
        #expect(refusal(AdapterFit(.vllm, try peft(), over: try base(.uqff))) == .baseFormat(.vllm, .uqff))
        for engine in [EngineName.vllm, .mistralrs] {
            #expect(refusal(AdapterFit(engine, try gguf(), over: nil)) == .form(engine, .gguf))
        }
        #expect(
            refusal(AdapterFit(.llamacpp, try gguf(), over: try base(.safetensors)))
                == .baseFormat(.llamacpp, .safetensors)
        )
        #expect(refusal(AdapterFit(.vllm, try peft(), over: try base(.gguf))) == .baseFormat(.vllm, .gguf))
    }

    @Test func `llama.cpp takes what can be made a GGUF, compared with the model before it is`() throws {
        func fit(_ adapter: SampleAdapter = SampleAdapter()) throws -> AdapterFit {
            var fit = AdapterFit(.llamacpp, try peft(adapter), over: try base(.gguf))
            fit.isConverted = true
            return fit
        }
        #expect(try fit().judge().isEmpty)
        #expect(refusal(try fit(SampleAdapter { $0.layers = [7] })) == .noLayer(7, of: 2))
        let activated = SampleAdapter { $0.entries = ["alora_invocation_tokens": "[1, 2]"] }
        #expect(try fit(activated).judge().isEmpty)
        let features: [(String, String, AdapterFeature)] = [
            ("use_dora", "true", .dora), ("bias", "\"all\"", .bias),
            ("modules_to_save", "[\"lm_head\"]", .savedModules(["lm_head"])),
            ("init_lora_weights", "\"olora\"", .initialization("olora")),
        ]
        for (key, value, feature) in features {
            let adapter = SampleAdapter { $0.entries = [key: value] }
            #expect(refusal(try fit(adapter)) == .feature(.llamacpp, feature))
        }
        let plain = SampleAdapter { $0.entries = ["init_lora_weights": "\"gaussian\""] }
        #expect(try fit(plain).judge().isEmpty)
    }

    @Test func `mistral.rs lays adapters over a GGUF of some architectures only`() throws {
        #expect(
            refusal(AdapterFit(.mistralrs, try peft(), over: try base(.gguf)))
                == .architecture(.mistralrs, "llama")
        )
        #expect(try AdapterFit(.mistralrs, peft(), over: base(.gguf, architecture: "qwen2")).judge().isEmpty)
        let other = SampleAdapter { $0.modules[0].outputs = 128 }
        #expect(
            refusal(AdapterFit(.mistralrs, try peft(other), over: try base(.gguf, architecture: "qwen2")))
                == .size(
                    "model.layers.0.self_attn.q_proj",
                    adapter: MatrixSize(inputs: 64, outputs: 128),
                    base: MatrixSize(inputs: 64, outputs: 64)
                )
        )
    }

    @Test(arguments: [
        ("use_dora", "true", [EngineName.vllm, .mistralrs]), ("bias", "\"all\"", [.vllm, .mistralrs]),
        ("alora_invocation_tokens", "[1]", [.vllm, .mistralrs]), ("use_qalora", "true", [.vllm, .mistralrs]),
        ("use_bdlora", "{}", [.vllm, .mistralrs]), ("layer_replication", "[[0, 1]]", [.vllm, .mistralrs]),
        ("arrow_config", "{}", [.mistralrs]), ("modules_to_save", "[\"score\"]", [.mistralrs]),
        ("modules_to_save", "[\"lm_head\"]", [.vllm, .mistralrs]),
        ("init_lora_weights", "\"pissa_niter_16\"", [.vllm, .mistralrs]),
        ("init_lora_weights", "\"lora_ga\"", [.mistralrs]), ("init_lora_weights", "\"gaussian\"", []),
        ("init_lora_weights", "false", []),
    ]) func `each engine turns away what it does not know`(key: String, value: String, engines: [EngineName])
        throws
    {
        let facts = try peft(SampleAdapter { $0.entries = [key: value] })
        for engine in [EngineName.vllm, .mistralrs] {
            let fit = AdapterFit(engine, facts, over: nil)
            guard engines.contains(engine) else {
                #expect(try fit.judge().isEmpty)
                continue
            }
            #expect(facts.features.map { AdapterRefusal.feature(engine, $0) } == [refusal(fit)])
        }
    }

    @Test func `ranks have a limit with vLLM, and where one is set`() throws {
        func facts(_ rank: Int) throws -> AdapterFacts { try peft(SampleAdapter { $0.rank = rank }) }
        #expect(try AdapterFit(.vllm, facts(512), over: base(.safetensors)).judge().isEmpty)
        #expect(refusal(AdapterFit(.vllm, try facts(513), over: nil)) == .rank(.vllm, 513, most: 512))
        #expect(try AdapterFit(.mistralrs, facts(513), over: base(.safetensors)).judge().isEmpty)
        for engine in [EngineName.vllm, .mistralrs] {
            #expect(
                refusal(AdapterFit(engine, try facts(5), over: nil, mostRank: 4)) == .rank(engine, 5, most: 4)
            )
        }
        #expect(
            try AdapterFit(.llamacpp, gguf(SampleAdapter { $0.rank = 600 }), over: nil, mostRank: 4).judge()
                .isEmpty
        )
    }

    @Test func `only llama.cpp can be told how strong an adapter is, and no engine mixes both kinds`() throws
    {
        #expect(try AdapterFit(.llamacpp, gguf(), over: nil, scale: 0.5).judge().isEmpty)
        #expect(try AdapterFit(.vllm, peft(), over: nil, scale: 1).judge().isEmpty)
        #expect(refusal(AdapterFit(.vllm, try peft(), over: nil, scale: 0.5)) == .scale(.vllm))
        #expect(refusal(AdapterFit(.mistralrs, try peft(), over: nil, scale: 0)) == .scale(.mistralrs))
        #expect(refusal(AdapterFit(.mistralrs, try peft(), over: nil, hasMixture: true)) == .mixture)
    }

    @Test func `mistral.rs lays nothing over embeddings and the output`() throws {
        let tensors = ["lm_head.lora_A.weight": [4, 64], "lm_head.lora_B.weight": [300, 4]]
        let facts = try peft(SampleAdapter { $0.tensors = tensors })
        #expect(refusal(AdapterFit(.mistralrs, facts, over: nil)) == .module(.mistralrs, "lm_head"))
        #expect(try AdapterFit(.vllm, facts, over: nil).judge().isEmpty)
    }

    // MARK: The model

    private static let wrong: [(SampleAdapter, AdapterRefusal)] = [
        (
            SampleAdapter { $0.modules[1].outputs = 64 },
            .size(
                "v",
                adapter: MatrixSize(inputs: 64, outputs: 64),
                base: MatrixSize(inputs: 64, outputs: 32)
            )
        ),
        (
            SampleAdapter { $0.modules[2].inputs = 256 },
            .size(
                "down",
                adapter: MatrixSize(inputs: 256, outputs: 64),
                base: MatrixSize(inputs: 192, outputs: 64)
            )
        ),
        (SampleAdapter { $0.layers = [0, 1, 2] }, .noLayer(2, of: 2)),
        (
            SampleAdapter { $0.modules = [.init("mlp.router", "ffn_gate_inp", inputs: 64, outputs: 8)] },
            .noModule("router")
        ),
    ]

    @Test(arguments: wrong.indices) func `an adapter for a model of another shape is refused`(index: Int)
        throws
    {
        let (adapter, expected) = Self.wrong[index]
        for fit in [
            AdapterFit(.llamacpp, try gguf(adapter), over: try base(.gguf)),
            AdapterFit(.vllm, try peft(adapter), over: try base(.safetensors)),
        ] {
            switch (refusal(fit), expected) {
            case (.size(_, let adapter, let base), .size(_, let wanted, let there)):
                #expect((adapter, base) == (wanted, there))
            case (.noModule, .noModule): break
            case (let refusal, _): #expect(refusal == expected)
            }
        }
    }

    @Test func `an adapter for another architecture is refused, one for another name only told`() throws {
        let other = SampleAdapter { $0.architecture = "qwen2" }
        #expect(
            refusal(AdapterFit(.llamacpp, try gguf(other), over: try base(.gguf)))
                == .otherArchitecture(adapter: "qwen2", base: "llama")
        )
        for (name, warnings) in [
            ("stackctl/Tiny-Llama-bnb-4bit", []), ("/data/models/tiny-llama/", []), ("tiny_llama", []),
            ("someone/tuned-llama", [AdapterWarning.otherBase("someone/tuned-llama")]),
        ] {
            let adapter = try peft(SampleAdapter { $0.base = name })
            #expect(try AdapterFit(.vllm, adapter, over: base(.safetensors)).judge() == warnings)
        }
    }

    @Test func `packed weights are compared by the model's width`() throws {
        let tensors = (0..<2).flatMap { layer in
            ["self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj"].map { name in
                TensorDescription(
                    name: "model.layers.\(layer).\(name).qweight",
                    type: .i32,
                    shape: [64, 8],
                    offset: 0,
                    size: 2048
                )
            }
        }
        func base(width: Int) -> AdapterBase {
            let facts = ModelFacts(architecture: "llama", layers: 2, embeddingLength: width)
            return AdapterBase(facts, .safetensors, tensors: tensors, names: Self.names)
        }
        #expect(try AdapterFit(.vllm, peft(), over: base(width: 64)).judge().isEmpty)
        #expect(
            refusal(AdapterFit(.vllm, try peft(), over: base(width: 128)))
                == .width("model.layers.0.mlp.down_proj", adapter: 64, base: 128)
        )
    }

    @Test func `what cannot be compared is told`() throws {
        let name = "model.layers.0.mlp.experts"
        let adapter = SampleAdapter {
            $0.tensors = ["\(name).lora_A.weight": [8, 64], "\(name).lora_B.weight": [64, 8]]
        }
        #expect(
            try AdapterFit(.vllm, peft(adapter), over: base(.safetensors)).judge() == [.notCompared([name])]
        )
    }

    @Test func `an output that shares the input's weights is compared with these`() throws {
        let vocabulary = try #require(
            try SafetensorsHeader.parse(prefix: SampleModel.safetensors(), fileSize: sizeOfModel()).tensors
                .first { $0.name == "lm_head.weight" }?.shape[0]
        )
        let tied = TensorDescription(
            name: "model.embed_tokens.weight",
            type: .bf16,
            shape: [vocabulary, 64],
            offset: 0,
            size: 1
        )
        let facts = ModelFacts(architecture: "llama", layers: 2, embeddingLength: 64)
        let base = AdapterBase(facts, .safetensors, tensors: [tied], names: Self.names)
        func adapter(_ count: Int) throws -> AdapterFacts {
            try peft(
                SampleAdapter {
                    $0.layers = []
                    $0.tensors = ["lm_head.lora_A.weight": [4, 64], "lm_head.lora_B.weight": [count, 4]]
                }
            )
        }
        #expect(try AdapterFit(.vllm, adapter(vocabulary), over: base).judge().isEmpty)
        #expect(
            refusal(AdapterFit(.vllm, try adapter(vocabulary + 1), over: base))
                == .size(
                    "lm_head",
                    adapter: MatrixSize(inputs: 64, outputs: vocabulary + 1),
                    base: MatrixSize(inputs: 64, outputs: vocabulary)
                )
        )
    }

    private func sizeOfModel() throws -> ByteCount { ByteCount(Int64(try SampleModel.safetensors().count)) }
}
