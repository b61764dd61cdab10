import Conversion
import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// Folders that cannot be converted: each is refused for what it is, before anything is written.
struct HostileFolderTests {
    private static let configuration = SmallFolder.configuration()

    /// A folder of a model that could be converted, with other files in the place of some.
    private func folder(
        _ configuration: String = Self.configuration,
        tensors: [HubTensor] = SmallFolder.tensors(),
        _ files: [String: String] = [:]
    ) throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        try folder.write("{\(configuration)}", to: "config.json")
        try HubFolder.write(tensors, to: "model.safetensors", in: folder)
        let pieces = HubFolder.golden.appending("tiny-llama-spm-3M/tokenizer.model")
        try folder.write(try FileSystem.read(pieces), to: "tokenizer.model")
        for (file, text) in files { try folder.write(text, to: file) }
        return folder
    }

    private func refusal(_ folder: TemporaryDirectory) -> HuggingFaceError? {
        do throws(HuggingFaceError) {
            _ = try HuggingFaceModel(folder.path)
            return nil
        } catch {
            return error
        }
    }

    @Test func `the folder that the others are made from can be converted`() throws {
        #expect(refusal(try folder()) == nil)
    }

    @Test func `what is not supported is named`() throws {
        let other = Self.configuration.replacing("LlamaForCausalLM", with: "MambaForCausalLM")
        #expect(refusal(try folder(other)) == .architecture("MambaForCausalLM"))
        let none = Self.configuration.replacing(#"["LlamaForCausalLM"]"#, with: "null")
        #expect(refusal(try folder(none)) == .architecture(nil))
        let quantized = Self.configuration + #","quantization_config":{"quant_method":"gptq"}"#
        #expect(refusal(try folder(quantized)) == .feature(.quantization("gptq")))
        let scaled = Self.configuration + #","rope_scaling":{"rope_type":"spiral"}"#
        #expect(refusal(try folder(scaled)) == .feature(.ropeScaling("spiral")))
        let draft = Self.configuration + #","draft_vocab_size":32000"#
        #expect(refusal(try folder(draft)) == .feature(.kind("a draft model")))
        let odd = SmallFolder.tensors(and: [HubTensor("model.layers.0.what.weight", "F32", [8])])
        #expect(refusal(try folder(tensors: odd)) == .unknownTensor("model.layers.0.what.weight"))
        let integers = SmallFolder.tensors(
            changing: ["model.norm.weight": nil],
            and: [HubTensor("model.norm.weight", "I32", [8])]
        )
        #expect(
            refusal(try folder(tensors: integers))
                == .feature(.tensorType(tensor: "model.norm.weight", type: .i32))
        )
    }

    @Test(arguments: [
        ("hidden_size", "-8"), ("hidden_size", "8.5"), ("num_attention_heads", "0"),
        ("num_hidden_layers", "100000000"),
        ("num_hidden_layers", "\"2\""), ("vocab_size", "1e15"), ("vocab_size", "0"),
        ("intermediate_size", "1e400"),
        ("num_key_value_heads", "4294967295"), ("num_key_value_heads", "0"), ("head_dim", "4294967295"),
    ])
    func `a configuration that makes no sense is refused`(key: String, value: String) throws {
        let changed = Self.configuration + #","\#(key)":\#(value)"#
        #expect(refusal(try folder(changed)) == .configuration(key: key))
    }

    @Test(
        arguments: [
            ("model.embed_tokens.weight", nil), ("model.norm.weight", nil),
            ("model.layers.0.input_layernorm.weight", nil), ("model.layers.0.mlp.down_proj.weight", nil),
            ("model.layers.0.self_attn.q_proj.weight", [6, 8]),
            ("model.layers.0.self_attn.q_proj.weight", [0, 8]),
            ("model.layers.0.self_attn.k_proj.weight", [4, 8]),
            ("model.layers.0.mlp.up_proj.weight", [8, 16]),
            ("model.norm.weight", [9]), ("model.embed_tokens.weight", [511, 8]),
            ("model.embed_tokens.weight", [512, 4]), ("model.norm.weight", [8, 1]),
        ] as [(String, [Int]?)]
    )
    func `a tensor that is missing, or is of another model, is named`(name: String, shape: [Int]?) throws {
        guard
            case .tensors(let flaws)? = refusal(
                try folder(tensors: SmallFolder.tensors(changing: [name: shape]))
            )
        else {
            Issue.record("it was taken")
            return
        }
        #expect(flaws.count == 1 && flaws.description.hasPrefix("tensor `\(name)` is "))
    }

    @Test func `the configuration says how many layers there are, and whether the output is the embedding`()
        throws
    {
        let two = Self.configuration.replacing("layers\":1", with: "layers\":2")
        guard case .tensors(let flaws)? = refusal(try folder(two)) else {
            Issue.record("a layer is missing")
            return
        }
        #expect(flaws.count == 9 && flaws.description.hasSuffix(" is missing, and 6 more are wrong"))
        let far = "model.layers.1.input_layernorm.weight"
        let more = SmallFolder.tensors(and: [HubTensor(far, "F32", [8])])
        #expect(refusal(try folder(tensors: more)) == .layer(1, tensor: far, layers: 1))

        let untied = Self.configuration + #","tie_word_embeddings":false"#
        guard case .tensors(let output)? = refusal(try folder(untied)) else {
            Issue.record("the output is missing")
            return
        }
        #expect(output.first == [.missing("lm_head.weight")])
        let whole = SmallFolder.tensors(and: [HubTensor("lm_head.weight", "F32", [512, 8])])
        #expect(refusal(try folder(untied, tensors: whole)) == nil)
        let narrow = SmallFolder.tensors(and: [HubTensor("lm_head.weight", "F32", [512, 4])])
        guard case .tensors? = refusal(try folder(tensors: narrow)) else {
            Issue.record("the output is of another model")
            return
        }
        // Nobody waits for billions of experts to be counted.
        let many =
            Self.configuration.replacing("layers\":1", with: "layers\":10000") + #","num_experts":4000000000"#
        guard case .tensors(let all)? = refusal(try folder(many)) else {
            Issue.record("experts are missing")
            return
        }
        #expect(all.description.contains("and at least "))
    }

    @Test func `a bias need not be there, and must fit if it is`() throws {
        let query = "model.layers.0.self_attn.q_proj.bias"
        #expect(refusal(try folder(tensors: SmallFolder.tensors(and: [HubTensor(query, "F32", [8])]))) == nil)
        guard
            case .tensors? = refusal(
                try folder(tensors: SmallFolder.tensors(and: [HubTensor(query, "F32", [4])]))
            )
        else {
            Issue.record("a bias of another model")
            return
        }
        let five = HubTensor("model.norm.weight", "F32", [1, 1, 1, 1, 8])
        let odd = SmallFolder.tensors(changing: [five.name: nil], and: [five])
        #expect(refusal(try folder(tensors: odd)) == .shape(tensor: five.name))
    }

    @Test func `all experts must be there`() throws {
        let mixtral = Self.configuration.replacing("LlamaForCausalLM", with: "MixtralForCausalLM")
        let gate = HubTensor("model.layers.0.block_sparse_moe.gate.weight", "F32", [2, 8])
        let common = SmallFolder.tensors().filter { !$0.name.contains(".mlp.") } + [gate]
        let experts = [0, 1].flatMap { expert in
            ["w1", "w2", "w3"].map {
                HubTensor("model.layers.0.block_sparse_moe.experts.\(expert).\($0).weight", "F32", [8, 8])
            }
        }
        let two = mixtral + #","num_local_experts":2"#
        #expect(refusal(try folder(two, tensors: common + experts)) == nil)
        let name = experts[5].name
        for last in [[], [HubTensor(name, "F32", [8, 4])]] {
            guard
                case .tensors(let flaws)? = refusal(
                    try folder(two, tensors: common + experts.dropLast() + last)
                )
            else {
                Issue.record("an expert is missing or of another model")
                return
            }
            #expect(flaws.count == 1 && flaws.description.contains("`\(name)`"))
        }
        let one = mixtral + #","num_local_experts":1"#
        #expect(refusal(try folder(one, tensors: common + experts)) == .unknownTensor(experts[3].name))
    }

    @Test func `files that are not there are named`() throws {
        let empty = try TemporaryDirectory()
        #expect(refusal(empty) == .missing("config.json"))
        let folder = try folder()
        try FileSystem.remove(folder.appending("tokenizer.model"))
        #expect(refusal(folder) == .missing("tokenizer.json"))
        try FileSystem.remove(folder.appending("model.safetensors"))
        #expect(refusal(folder) == .missing("model.safetensors"))
    }

    @Test func `a missing shard, and tensors that the index does not have, are told`() throws {
        let folder = try folder()
        func index(_ map: String) throws {
            try folder.write(#"{"weight_map":{\#(map)}}"#, to: "model.safetensors.index.json")
        }
        let own = SmallFolder.tensors().map { #""\#($0.name)":"model.safetensors""# }.joined(separator: ",")
        try index(#"\#(own),"lm_head.weight":"model-2.safetensors""#)
        #expect(refusal(folder) == .missing("model-2.safetensors"))
        try index(#"\#(own),"lm_head.weight":"model.safetensors""#)
        #expect(
            refusal(folder)
                == .format(.invalid(.index(tensor: "lm_head.weight"), offset: 0), path: folder.path)
        )
        try index(#""lm_head.weight":"model.safetensors""#)
        let first = "model.embed_tokens.weight"
        #expect(
            refusal(folder)
                == .format(.invalid(.index(tensor: first), offset: 0), path: folder.path)
        )
        try index(#""model.norm.weight":"../outside.safetensors""#)
        guard case .format(.invalid(.json, _), _)? = refusal(folder) else {
            Issue.record("a file outside the folder")
            return
        }
    }

    @Test func `a header that lies is refused`() throws {
        let folder = try folder()
        let path = folder.appending("model.safetensors")
        let whole = try FileSystem.read(path)
        try FileSystem.write(Array(whole.dropLast(4)), to: path)
        guard case .format(.truncated, path)? = refusal(folder) else {
            Issue.record("a file that is too short")
            return
        }
        try FileSystem.write([UInt8](repeating: 0xFF, count: 8) + whole.dropFirst(8), to: path)
        guard case .format(.invalid(.textLength, _), path)? = refusal(folder) else {
            Issue.record("a header that is longer than any")
            return
        }
    }

    @Test func `numbers that are none stop the conversion, which names their tensor`() throws {
        let embedding = HubTensor("model.embed_tokens.weight", "F32", [512, 8])
        // The end of the file is its end.
        let folder = try folder(
            tensors: SmallFolder.tensors(changing: [embedding.name: nil], and: [embedding])
        )
        let path = folder.appending("model.safetensors")
        var bytes = try FileSystem.read(path)
        bytes.replaceSubrange((bytes.count - 4)..., with: [0, 0, 0xC0, 0x7F])
        try FileSystem.write(bytes, to: path)
        let model = try HuggingFaceModel(folder.path)
        for type in ConversionType.allCases {
            #expect(throws: ConversionError.notFinite(tensor: "token_embd.weight")) {
                try Converter(model, to: type).run([folder.appending("out.gguf")])
            }
        }
        bytes.replaceSubrange((bytes.count - 4)..., with: [0, 0, 0x80, 0x47])
        try FileSystem.write(bytes, to: path)
        #expect(throws: ConversionError.outOfRange(tensor: "token_embd.weight", type: .f16)) {
            try Converter(try HuggingFaceModel(folder.path), to: .f16).run([folder.appending("out.gguf")])
        }
    }
}
