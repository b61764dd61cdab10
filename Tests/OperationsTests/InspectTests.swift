import Formats
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// What is read of files of this machine.
struct InspectTests {
    private let home: TestHome

    init() throws { home = try TestHome() }

    @Test func `a GGUF tells what it is, and where its tensors lie`() async throws {
        let gguf = try vocabularyGGUF(tokens: 5000)
        let bytes = GGUFBuilder.bytes(of: gguf) { tensor in
            [UInt8](repeating: tensor.type == .f32 ? 7 : 9, count: Int(tensor.size.bytes))
        }
        let file = try home.directory.write(bytes, to: "w.gguf")
        let model = try await home.inspect(file.string) { $0.listsTensors = true }
        #expect((model.format, model.version, model.kind) == ("gguf", 3, "model"))
        #expect((model.source.kind, model.source.path) == ("local", file.string))
        #expect((model.header.name, model.header.architecture) == ("Words", "llama"))
        #expect((model.header.contextLength, model.header.kvHeads, model.header.headSize) == (8192, 8, 128))
        #expect((model.header.quantization, model.header.vocabularySize) == ("q8_0", 5000))
        #expect(model.totals.parameters == 128)
        #expect(model.totals.types.map(\.type) == ["f32", "q8_0"])
        #expect(model.totals.types.map(\.sizeBytes) == [256, 68])
        #expect(model.totals.bitsPerWeight == 324.0 * 8 / 128)
        let tensors = try #require(model.tensors)
        #expect(tensors.map(\.name) == ["token_embd.weight", "output_norm.weight"])
        #expect(tensors.map(\.shape) == [[64, 1], [64]])
        for (tensor, byte) in zip(tensors, [9, 7] as [UInt8]) {
            let data = bytes[Int(tensor.offset)..<Int(tensor.offset + tensor.sizeBytes.bytes)]
            #expect(data.allSatisfy { $0 == byte })
        }
    }

    @Test(arguments: [20, 5000]) func `special tokens have their texts, however long the list`(count: Int)
        async throws
    {
        let template = "{% if tools %}{{ tools }}{% endif %}"
        let gguf = try vocabularyGGUF(
            tokens: count,
            more: [
                ("tokenizer.ggml.padding_token_id", .uint32(UInt32(count))),
                ("tokenizer.chat_template", .string(template)),
                ("tokenizer.chat_template.rag", .string("x")), ("general.license", .string("mit")),
                ("quantize.imatrix.file", .string("m.dat")), ("quantize.imatrix.chunks_count", .int32(125)),
            ]
        )
        let model = try await home.inspect(home.writeHollow(gguf, to: "w.gguf").string)
        let tokens = try #require(model.tokenizer?.specialTokens)
        #expect(tokens.map(\.name) == ["bos", "eos", "padding"])
        #expect(tokens.map(\.id) == [1, count - 1, count])
        #expect(tokens.map(\.text) == ["<token 1>", "<token \(count - 1)>", nil])
        #expect((model.tokenizer?.model, model.tokenizer?.pre) == ("gpt2", "llama-bpe"))
        #expect(model.chatTemplate?.characters == template.count)
        #expect(model.chatTemplate?.mentionsTools == true)
        #expect(model.chatTemplate?.names == ["rag"])
        #expect((model.imatrix?.file, model.imatrix?.chunks) == ("m.dat", 125))
        #expect(model.header.licence == "mit")
    }

    // MARK: Sets

    @Test func `one shard stands for all that lie beside it`() async throws {
        let shards = try SampleModel.gguf(.bf16, shards: 3)
        for (index, bytes) in shards.enumerated() {
            try home.directory.write(bytes, to: "set/m-0000\(index + 1)-of-00003.gguf")
        }
        let reports = Reports()
        let second = home.directory.appending("set/m-00002-of-00003.gguf").string
        let model = try await home.inspect(second, reports: reports) { $0.listsTensors = true }
        #expect(model.totals.parameters == SampleModel.parameters)
        #expect(model.files.map(\.sizeBytes) == shards.map { ByteCount(Int64($0.count)) })
        #expect(model.header.name == "Tiny Llama")
        #expect(Set(model.tensors?.compactMap(\.file) ?? []).count == 3)
        #expect(reports.notes.isEmpty)
        let folder = try await home.inspect(home.directory.appending("set").string)
        #expect(folder.totals.tensors == model.totals.tensors)
    }

    @Test func `one shard alone is told as one shard alone`() async throws {
        let bytes = try SampleModel.gguf(.bf16, shards: 3)[1]
        let file = try home.directory.write(bytes, to: "m-00002-of-00003.gguf")
        let reports = Reports()
        let model = try await home.inspect(file.string, reports: reports)
        #expect(model.totals.tensors == 7)
        #expect(model.header.architecture == nil)
        #expect(reports.notes.map { $0.contains("is one of 3 shards") } == [true])
    }

    @Test func `an adapter and a projector say what they are`() async throws {
        var adapter = GGUFFile()
        adapter["general.architecture"] = .string("llama")
        adapter["general.type"] = .string("adapter")
        adapter["adapter.type"] = .string("lora")
        adapter["adapter.lora.alpha"] = .float32(32)
        try adapter.addTensor("blk.0.attn_q.weight.lora_a", .f32, shape: [64, 16])
        try adapter.addTensor("blk.0.attn_q.weight.lora_b", .f32, shape: [16, 64])
        let lora = try await home.inspect(home.writeHollow(adapter, to: "a.gguf").string)
        #expect((lora.kind, lora.adapter?.type, lora.adapter?.rank) == ("adapter", "lora", 16))
        #expect(lora.adapter?.alpha == 32)
        let bytes = try GGUFBuilder.tiny(architecture: "clip")
        let file = try home.directory.write(bytes, to: "mmproj-m-F16.gguf")
        #expect(try await home.inspect(file.string).kind == "mmproj")
    }

    // MARK: safetensors

    private func writeSafetensors(_ path: String, _ names: [String], shape: [Int] = [4, 8]) throws {
        var file = SafetensorsFile()
        for name in names { try file.addTensor(name, .bf16, shape: shape) }
        let bytes = try file.header() + [UInt8](repeating: 1, count: names.count * 64)
        try home.directory.write(bytes, to: path)
    }

    @Test func `safetensors have their facts from the files beside them`() async throws {
        for (path, bytes) in try SampleModel.files() where path.hasPrefix("\(SampleModel.repository)/") {
            try home.directory.write(bytes, to: path)
        }
        let folder = home.directory.appending(SampleModel.repository)
        for path in [folder, folder.appending("model.safetensors")] {
            let model = try await home.inspect(path.string) { $0.listsTensors = true }
            #expect((model.format, model.version) == ("safetensors", nil))
            #expect((model.header.architecture, model.header.contextLength) == ("llama", 1024))
            #expect(model.totals.parameters == SampleModel.parameters)
            #expect(model.totals.types.map(\.type) == ["BF16"])
            #expect(model.metadata.entries.map(\.key) == ["format"])
            #expect(model.tokenizer?.specialTokens.map(\.name) == ["bos", "eos"])
            #expect(model.tokenizer?.specialTokens.first?.id == 315)
            #expect(model.chatTemplate?.mentionsTools == false)
            let first = try #require(model.tensors?.min { $0.offset < $1.offset })
            #expect(first.offset == model.files.first?.dataOffset)
        }
    }

    @Test func `shards of safetensors are read by their index, which must be right about them`() async throws
    {
        let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        try writeSafetensors("s/\(names[0])", ["a", "b"])
        try writeSafetensors("s/\(names[1])", ["c"])
        let folder = home.directory.appending("s")
        func index(_ files: [String: String]) throws {
            let map = files.map { "\"\($0.key)\":\"\($0.value)\"" }.sorted().joined(separator: ",")
            try home.directory.write("{\"weight_map\":{\(map)}}", to: "s/model.safetensors.index.json")
        }
        try index(["a": names[0], "b": names[0], "c": names[1]])
        for path in [folder, folder.appending(names[1])] {
            let model = try await home.inspect(path.string)
            #expect((model.totals.tensors, model.totals.parameters, model.files.count) == (3, 96, 2))
        }
        try index(["a": names[0], "b": names[0], "c": names[1], "d": names[1]])
        #expect(try await home.failedInspect(folder.string).message.contains("tensor `d`"))
        try index(["a": names[0], "b": names[1], "c": names[1]])
        let failure = try await home.failedInspect(folder.string)
        #expect((failure.kind, failure.message.contains("tensor `b`")) == (.invalid, true))
    }

    @Test func `an adapter in safetensors, with its rank and its base`() async throws {
        try writeSafetensors("l/adapter_model.safetensors", ["base.q_proj.lora_A.weight"])
        try home.directory.write(
            #"{"peft_type":"LORA","r":4,"lora_alpha":8,"base_model_name_or_path":"org/base"}"#,
            to: "l/adapter_config.json"
        )
        let model = try await home.inspect(
            home.directory.appending("l/adapter_model.safetensors").string
        )
        #expect((model.kind, model.adapter?.rank, model.adapter?.base) == ("adapter", 4, "org/base"))
    }

    // MARK: Stored

    @Test func `a stored model is inspected by its name`() async throws {
        home.hub.publish(StubRepository("org/tiny-GGUF", files: ["tiny-Q4_K_M.gguf": try smallGGUF()]))
        try await home.pull("org/tiny-GGUF")
        home.hub.forgetRequests()
        let model = try await home.inspect("org/tiny-GGUF")
        #expect((model.source.kind, model.source.stack) == ("stored", "llamacpp"))
        #expect((model.source.model, model.header.architecture) == ("org/tiny-GGUF", "llama"))
        #expect(home.hub.requests().isEmpty)
    }

    @Test func `a model that is not stored is offered to be read where it is`() async throws {
        let failure = try await home.failedInspect("org/tiny-GGUF")
        #expect(failure.kind == .notFound)
        #expect(failure.hint?.contains("`--remote`") == true)
        #expect(failure.hint?.contains("pull org/tiny-GGUF") == true)
        #expect(home.hub.requests().isEmpty)
    }
}
