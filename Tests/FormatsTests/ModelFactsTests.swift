import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

struct ModelFactsTests {
    @Test func `the sample says the same in every format`() async throws {
        try await withTemporaryDirectory { directory in
            try SampleModel.write(below: directory.path)
            let folder = directory.appending(SampleModel.repository)
            var facts = [try ModelFacts.read(safetensors: folder)]
            for quant in ["bf16", "f16", "q8_0"] {
                let files = SampleModel.ggufFiles[quant, default: []]
                    .map { directory.appending("\(SampleModel.ggufRepository)/\($0)") }
                facts.append(try ModelFacts.read(gguf: files))
            }
            for fact in facts {
                #expect(fact.architecture == "llama")
                #expect(fact.parameters == SampleModel.parameters)
                #expect(fact.contextLength == SampleModel.contextLength)
                #expect([fact.layers, fact.heads, fact.kvHeads, fact.headSize] == [2, 4, 2, 16])
                #expect([fact.embeddingLength, fact.vocabularySize] == [64, 320])
                #expect(fact.experts == nil)
                #expect(fact.chatTemplate)
            }
            #expect(facts.map(\.quantization) == ["bf16", "bf16", "f16", "q8_0"])
            #expect(facts.map(\.fileType) == [nil, 32, 1, 7])
            #expect(facts.map { Int($0.bitsPerWeight.rounded()) } == [16, 16, 16, 9])
        }
    }

    @Test func `a UQFF is a configuration and all of its shards, whose weights nobody can count`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            var file = SafetensorsFile()
            try file.addTensor("0", .u8, shape: [8])
            let shard = try file.header() + [UInt8](repeating: 1, count: 8)
            let files = Dictionary(uniqueKeysWithValues: try SampleModel.files())
            let config = try #require(files["\(SampleModel.repository)/config.json"])
            try directory.write(config, to: "m/config.json")
            for name in ["q4k-0.uqff", "q4k-1.uqff", "residual.safetensors"] {
                try directory.write(shard, to: "m/\(name)")
            }
            let folder = directory.appending("m")
            let facts = try ModelFacts.read(uqff: folder)
            #expect(facts.architecture == "llama" && facts.contextLength == SampleModel.contextLength)
            #expect(facts.parameters == 0 && facts.bitsPerWeight == 0 && facts.weightsSize == 24)
            for name in ["q4k-0.uqff", "residual.safetensors", "config.json"] {
                let path = folder.appending(name)
                let bytes = try FileSystem.read(path)
                try FileSystem.remove(path)
                #expect(throws: FormatError.missing(name)) { try ModelFacts.read(uqff: folder) }
                try FileSystem.write(bytes, to: path)
            }
            try FileSystem.write(Array(shard.dropLast(4)), to: folder.appending("q4k-1.uqff"))
            #expect(throws: FormatError.self) { try ModelFacts.read(uqff: folder) }
        }
    }

    @Test func `the sample is written once and then left alone`() async throws {
        try await withTemporaryDirectory { directory in
            try SampleModel.write(below: directory.path)
            let before = try FileSystem.walk(directory.path)
            try directory.write("damaged", to: "\(SampleModel.repository)/config.json")
            try SampleModel.write(below: directory.path)
            let after = try FileSystem.walk(directory.path)
            #expect(after.map(\.path) == before.map(\.path))
            for (was, now) in zip(before, after) where !now.path.hasSuffix("tiny-llama/config.json") {
                #expect(now.status == was.status, "\(now.path)")
            }
            for (path, bytes) in try SampleModel.files() {
                #expect(try FileSystem.read(directory.appending(path)) == bytes, "\(path)")
            }
        }
    }

    @Test func `the sample is the same everywhere`() throws {
        let files = Dictionary(uniqueKeysWithValues: try SampleModel.files())
        let q8 = try #require(files["\(SampleModel.ggufRepository)/tiny-llama-q8_0.gguf"])
        #expect(Digest.of(q8).hex == "912407285d5be998dc34c6f6ae8ad59042af42e7b255f27a65f6c35e8a13ab60")
        let original = try #require(files["\(SampleModel.repository)/model.safetensors"])
        #expect(Digest.of(original).hex == "5590885f8d9baba41ec96c423603d78a0af0624083b9591ce2006a35f54aad8a")
    }

    @Test func `shards are told from their headers, in any order`() throws {
        let headers = try SampleModel.gguf(.bf16, shards: 3).map(parse)
        let facts = try ModelFacts([headers[2], headers[0], headers[1]])
        #expect(facts.parameters == SampleModel.parameters)
        #expect(facts.architecture == "llama")
    }

    @Test func `a set of shards that is not whole is refused`() throws {
        let headers = try SampleModel.gguf(.bf16, shards: 3).map(parse)
        let lacking = FormatError.invalid(.shards(expected: 3, found: 2), offset: 0)
        #expect(throws: lacking) { try ModelFacts([headers[0], headers[2]]) }
        #expect(throws: lacking) { try ModelFacts([headers[0], headers[2], headers[2]]) }
        #expect(throws: FormatError.invalid(.shards(expected: 1, found: 0), offset: 0)) { try ModelFacts([]) }
    }

    @Test(
        arguments: [(15, "q4_k_m"), (1024 + 18, "q6_k"), (38, "mxfp4_moe"), (4711, "q8_0")]
            as [(UInt32, String)]
    )
    func `the quantization is what the file says, or what prevails`(fileType: UInt32, label: String) throws {
        #expect(try ModelFacts([parse(GGUFBuilder.tiny(fileType: fileType))]).quantization == label)
    }

    @Test func `a value for each layer counts by its largest`() throws {
        let perLayer = GGUFValue.array(of: .int32, [.int32(2), .int32(8), .int32(0)])
        let facts = try ModelFacts([
            parse(GGUFBuilder.tiny(extra: [("llama.attention.head_count_kv", perLayer)]))
        ])
        #expect(facts.kvHeads == 8)
    }

    @Test func `nonsensical sizes count as unknown`() throws {
        let extra: [(String, GGUFValue)] = [
            ("llama.context_length", .int64(-1)), ("llama.block_count", .uint64(.max)),
            ("llama.attention.head_count", .uint32(0)), ("llama.expert_count", .string("8")),
        ]
        let facts = try ModelFacts([parse(GGUFBuilder.tiny(extra: extra))])
        #expect(
            [facts.contextLength, facts.layers, facts.heads, facts.headSize, facts.experts] == [
                nil, nil, nil, nil, nil,
            ]
        )
    }

    @Test func `an index must agree with the files`() async throws {
        try await withTemporaryDirectory { directory in
            try folder(
                in: directory,
                tensors: [("a", .bf16, [4, 4])],
                file: "model-00001-of-00002.safetensors"
            )
            try folder(
                in: directory,
                tensors: [("b", .bf16, [2, 2])],
                file: "model-00002-of-00002.safetensors"
            )
            let first = #""a":"model-00001-of-00002.safetensors""#
            let second = #""b":"model-00002-of-00002.safetensors""#
            try directory.write("{\"weight_map\":{\(first),\(second)}}", to: SafetensorsIndex.name)
            #expect(try ModelFacts.read(safetensors: directory.path).parameters == 20)

            try directory.write("{\"weight_map\":{\(first)}}", to: SafetensorsIndex.name)
            #expect(try ModelFacts.read(safetensors: directory.path).parameters == 16)

            let wrong = #""b":"model-00001-of-00002.safetensors""#
            try directory.write("{\"weight_map\":{\(first),\(wrong)}}", to: SafetensorsIndex.name)
            expect(directory, .invalid(.index(tensor: "b"), offset: 0))

            try directory.write(
                #"{"weight_map":{"a":"model-00002-of-00002.safetensors"}}"#,
                to: SafetensorsIndex.name
            )
            expect(directory, .invalid(.index(tensor: "b"), offset: 0))

            try FileSystem.remove(directory.appending("model-00002-of-00002.safetensors"))
            try directory.write("{\"weight_map\":{\(first),\(second)}}", to: SafetensorsIndex.name)
            expect(directory, .missing("model-00002-of-00002.safetensors"))
        }
    }

    @Test func `what is missing is named`() async throws {
        try await withTemporaryDirectory { directory in
            expect(directory, .missing("config.json"))
            try directory.write("{}", to: "config.json")
            expect(directory, .missing("model.safetensors"))
        }
    }

    @Test(arguments: [
        (#"{"quant_method":"awq","bits":4}"#, "awq"), (#"{"quant_method":"gptq","bits":4}"#, "gptq"),
        (#"{"quant_method":"fp8"}"#, "fp8"), (#"{"quant_method":"bitsandbytes"}"#, "bnb"),
        (#"{"quant_method":"modelopt","quant_algo":"NVFP4"}"#, "nvfp4"),
        (
            compressed(#"{"num_bits":4,"type":"int"}"#, activations: "null"),
            "w4a16"
        ),
        (
            compressed(#"{"num_bits":8,"type":"float"}"#, activations: #"{"num_bits":8}"#),
            "fp8"
        ),
    ]) func `a quantized folder has the name of its method`(config: String, label: String) async throws {
        try await withTemporaryDirectory { directory in
            try folder(
                in: directory,
                tensors: [("a.weight", .f16, [8, 8])],
                config: #"{"quantization_config":\#(config)}"#
            )
            #expect(try ModelFacts.read(safetensors: directory.path).quantization == label)
        }
    }

    @Test func `packed weights are counted unpacked`() async throws {
        try await withTemporaryDirectory { directory in
            try folder(
                in: directory,
                tensors: [
                    ("l.qweight", .i32, [64, 8]), ("l.qzeros", .i32, [1, 8]), ("l.scales", .f16, [1, 64]),
                    ("norm.weight", .f16, [64]),
                ],
                config: #"{"quantization_config":{"quant_method":"awq","bits":4}}"#
            )
            let facts = try ModelFacts.read(safetensors: directory.path)
            #expect(facts.parameters == 64 * 64 + 64)
            #expect(facts.weightsSize == ByteCount(64 * 8 * 4 + 32 + 128 + 128))
        }
    }

    @Test func `a configuration as Python writes it is read, its text part included`() async throws {
        try await withTemporaryDirectory { directory in
            let config = """
                {"model_type":"gemma3","limit":[0.0, Infinity],"text_config":{"hidden_size":64,
                "num_attention_heads":4,"num_hidden_layers":3.0,"max_position_embeddings":-5}}
                """
            try folder(in: directory, tensors: [("a.weight", .f32, [8, 8])], config: config)
            try directory.write("{{ x }}", to: "chat_template.jinja")
            let facts = try ModelFacts.read(safetensors: directory.path)
            #expect(facts.architecture == "gemma3")
            #expect(
                [facts.layers, facts.heads, facts.kvHeads, facts.headSize, facts.contextLength] == [
                    3, 4, 4, 16, nil,
                ]
            )
            #expect(facts.quantization == "f32")
            #expect(facts.chatTemplate)
        }
    }

    @Test func `a configuration nested beyond reason is refused on any thread`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.path
            for depth in [100, 500, 5_000, 200_000] {
                let config = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
                try folder(in: directory, tensors: [("a.weight", .f32, [8])], config: #"{"a":\#(config)}"#)
                let facts = try? await blocking { try ModelFacts.read(safetensors: path) }
                #expect((facts == nil) == (depth > 1_000))
            }
        }
    }

    private func folder(
        in directory: TemporaryDirectory,
        tensors: [(String, TensorType, [Int])],
        file name: String = "model.safetensors",
        config: String = "{}"
    ) throws {
        var file = SafetensorsFile()
        for (name, type, shape) in tensors { try file.addTensor(name, type, shape: shape) }
        let data = file.tensors.reduce(0) { $0 + Int($1.size.bytes) }
        try directory.write(file.header() + [UInt8](repeating: 0, count: data), to: name)
        try directory.write(config, to: "config.json")
    }

    private func parse(_ bytes: [UInt8]) throws -> GGUFHeader {
        try GGUFHeader.parse(prefix: bytes, fileSize: ByteCount(Int64(bytes.count)))
    }

    private func expect(
        _ directory: TemporaryDirectory,
        _ error: FormatError,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: error, sourceLocation: sourceLocation) {
            try ModelFacts.read(safetensors: directory.path)
        }
    }
}

private func compressed(_ weights: String, activations: String) -> String {
    #"{"quant_method":"compressed-tensors","config_groups":{"group_0":{"weights":\#(weights),"#
        + #""input_activations":\#(activations)}}}"#
}
