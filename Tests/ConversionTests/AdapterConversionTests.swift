import Conversion
import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// Adapters against what the reference made of them.
struct AdapterConversionTests {
    private static let names = [
        "tiny-coder-7B-lora-r8-v2", "qwen-style-lora", "gemma2-lora-f16", "mixtral-lora",
    ]

    /// Makes the folders of an adapter and of its model.
    private func make(_ name: String, in folder: TemporaryDirectory) throws -> (
        adapter: FilePath, base: FilePath
    ) {
        let adapter = try HubFolder.make(name, in: folder)
        let base = String(decoding: try FileSystem.read(adapter.appending("base.txt")), as: UTF8.self)
        let configuration = try FileSystem.read(HubFolder.golden.appending("\(base)/config.json"))
        try folder.write(configuration, to: "\(base)/config.json")
        return (adapter, folder.appending(base))
    }

    @Test(arguments: names)
    func `an adapter becomes what the reference makes of it`(name: String) async throws {
        try await withTemporaryDirectory { folder in
            let sums = try HubFolder.sums("ADAPTER-SHA256SUMS")
            let paths = try make(name, in: folder)
            let adapter = try HuggingFaceAdapter(paths.adapter, base: paths.base)
            for type in ConversionType.allCases {
                let output = folder.appending("\(type.rawValue).gguf")
                try Converter(adapter, to: type).run([output])
                // What the reference should find out by itself it cannot, for adapters.
                let sum = try #require(
                    sums["\(name)/\(type == .auto ? adapter.usualType.rawValue : type.rawValue)"]
                )
                #expect(try Digest.ofFile(output).hex == sum, "\(type)")
            }
            let header = try GGUFHeader.read(folder.appending("f16.gguf"))
            #expect(header["general.architecture"]?.text == adapter.architecture)
        }
    }

    @Test(arguments: names)
    func `the header of the model's GGUF tells as much as its configuration`(name: String) async throws {
        try await withTemporaryDirectory { folder in
            let paths = try make(name, in: folder)
            let base = String(
                decoding: try FileSystem.read(paths.adapter.appending("base.txt")),
                as: UTF8.self
            )
            let model = folder.appending("model.gguf")
            let original = try HuggingFaceModel(
                try HubFolder.make(base, in: folder),
                card: HubFolder.card(base)
            )
            try Converter(original, to: .f16).run([model])
            let expected = folder.appending("expected.gguf")
            try Converter(HuggingFaceAdapter(paths.adapter, base: paths.base), to: .f32).run([expected])
            // The same folder where another name has it.
            let moved = folder.appending("moved")
            try FileSystem.rename(paths.adapter, to: moved)
            let header = try GGUFHeader.read(model)
            let adapter = try HuggingFaceAdapter(moved, name: name, over: header)
            let made = folder.appending("made.gguf")
            try Converter(adapter, to: .f32).run([made])
            #expect(try Digest.ofFile(made) == Digest.ofFile(expected))
            #expect(HuggingFaceAdapter.isKnown(architecture: adapter.architecture))
        }
    }

    @Test func `a GGUF of an architecture without a converter is refused by its name`() async throws {
        try await withTemporaryDirectory { folder in
            var file = GGUFFile()
            for architecture in [nil, "mamba"] {
                file["general.architecture"] = architecture.map { .string($0) }
                let path = try folder.write(GGUFBuilder.bytes(of: file), to: "m.gguf")
                let header = try GGUFHeader.read(path)
                #expect(throws: HuggingFaceError.architecture(architecture)) {
                    try HuggingFaceAdapter(folder.path, over: header)
                }
            }
        }
    }

    private func refusal(_ settings: String, _ tensors: [HubTensor]) async throws -> HuggingFaceError? {
        try await withTemporaryDirectory { folder in
            let base = "tiny-deepseek-coder-1.3b"
            let configuration = try FileSystem.read(HubFolder.golden.appending("\(base)/config.json"))
            try folder.write(configuration, to: "base/config.json")
            try folder.write("{\(settings)}", to: "adapter/adapter_config.json")
            try HubFolder.write(tensors, to: "adapter/adapter_model.safetensors", in: folder)
            do throws(HuggingFaceError) {
                _ = try HuggingFaceAdapter(folder.appending("adapter"), base: folder.appending("base"))
                return nil
            } catch {
                return error
            }
        }
    }

    private func pair(_ module: String, rows: Int, rank: Int = 4, other: Int = 4) -> [HubTensor] {
        [
            HubTensor("base_model.model.\(module).lora_A.weight", "F32", [rank, 64]),
            HubTensor("base_model.model.\(module).lora_B.weight", "F32", [rows, other]),
        ]
    }

    @Test func `what no adapter here can have is named`() async throws {
        let query = "model.layers.0.self_attn.q_proj"
        let good = pair(query, rows: 64)
        let strength = #""lora_alpha":8"#
        #expect(try await refusal(strength, good) == nil)
        #expect(try await refusal("", good) == .configuration(key: "lora_alpha"))
        for key in ["use_dora", "use_rslora", "fan_in_fan_out"] {
            #expect(try await refusal(strength + #","\#(key)":true"#, good) == .feature(.adapter(key)))
        }
        #expect(
            try await refusal(strength + #","peft_type":"IA3""#, good) == .feature(.adapter("the method IA3"))
        )
        #expect(try await refusal(strength, Array(good.dropLast())) == .shape(tensor: "\(query).weight"))
        #expect(
            try await refusal(strength, pair(query, rows: 64, other: 5)) == .shape(tensor: "\(query).weight")
        )
        #expect(try await refusal(strength, pair(query, rows: 62)) == .shape(tensor: "\(query).weight"))
        let far = "model.layers.2.self_attn.q_proj"
        #expect(try await refusal(strength, pair(far, rows: 64)) == .unknownTensor("\(far).weight"))
        let whole = HubTensor("base_model.model.lm_head.weight", "F32", [520, 64])
        #expect(
            try await refusal(strength, good + [whole])
                == .feature(.adapter("the tensor `base_model.model.lm_head.weight`"))
        )
        #expect(try await refusal(strength, []) == .missing("adapter_model.safetensors"))
    }
}
