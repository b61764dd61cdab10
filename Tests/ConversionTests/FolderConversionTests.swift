import Conversion
import Formats
import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Whole folders against what the reference made of them.
struct FolderConversionTests {
    static let preTokenizers = ["Tiny-Llama-BPE-3M-Instruct": "llama-bpe", "Tiny-Qwen2-3M-Instruct": "qwen2"]
    static let names = [
        "Tiny-Llama-BPE-3M-Instruct", "Tiny-Qwen2-3M-Instruct", "tiny-llama-spm-3M", "tiny-qwen2-spm-odd",
    ]

    /// The front matter of the one card.
    static let card = ModelCard([
        CardEntry("license", .text("apache-2.0")),
        CardEntry("license_link", .text("https://example.org/LICENSE")),
        CardEntry("language", .list([.text("en"), .text("no")])),
        CardEntry("pipeline_tag", .text("text-generation")),
        CardEntry("base_model", .text("tinyorg/Tiny-Qwen2-3M")),
        CardEntry("tags", .list([.text("chat"), .text("tiny")])),
        CardEntry("datasets", .list([.text("tinyorg/words-v1")])),
    ])

    static func model(_ name: String, in folder: TemporaryDirectory) throws -> HuggingFaceModel {
        let path = try HubFolder.make(name, in: folder)
        let card = name == "Tiny-Qwen2-3M-Instruct" ? card : ModelCard()
        return try HuggingFaceModel(path, card: card, preTokenizer: preTokenizers[name])
    }

    @Test(arguments: names)
    func `every type of a folder equals the reference`(name: String) async throws {
        try await withTemporaryDirectory { folder in
            let sums = try HubFolder.sums("CONVERSION-SHA256SUMS")
            let model = try Self.model(name, in: folder)
            for (path, sum) in sums where path.hasPrefix("hf/\(name)/") {
                let file = folder.appending(String(path.dropFirst(3)))
                try #require(try Digest.ofFile(file).hex == sum, "\(path)")
            }
            for type in ConversionType.allCases {
                let path = folder.appending("\(type.rawValue).gguf")
                try Converter(model, to: type).run([path])
                let sum = try #require(sums["gguf/\(name)-\(type.rawValue).gguf"])
                #expect(try Digest.ofFile(path).hex == sum, "\(type)")
            }
        }
    }

    @Test func `a model is written to several files`() async throws {
        try await withTemporaryDirectory { folder in
            let sums = try HubFolder.sums("CONVERSION-SHA256SUMS")
            let model = try Self.model("tiny-llama-spm-3M", in: folder)
            let converter = try Converter(model, to: .f16, tensorsOfFile: 20)
            let paths = (1...converter.fileCount).map { folder.appending("0000\($0)-of-00003.gguf") }
            try converter.run(paths)
            for (path, size) in zip(paths, converter.sizes) {
                let sum = try #require(
                    sums["gguf/tiny-llama-spm-3M-split-f16-\(path.lastComponent?.string ?? "")"]
                )
                #expect(try Digest.ofFile(path).hex == sum)
                #expect(try FileSystem.status(path)?.size == size)
            }
        }
    }

    @Test(arguments: [
        ("Tiny-Llama-BPE-3M-Instruct", "f16"), ("Tiny-Qwen2-3M-Instruct", "bf16"),
        ("tiny-llama-spm-3M", "bf16"),
        ("tiny-qwen2-spm-odd", "f16"),
    ])
    func `a folder is quantized with no file in between`(name: String, usual: String) async throws {
        try await withTemporaryDirectory { folder in
            let sums = try HubFolder.sums("CONVERSION-SHA256SUMS")
            let model = try Self.model(name, in: folder)
            #expect(model.usualType.rawValue == usual)
            let targets: [QuantizationTarget] = [.q4_k_m, .q6_k, .q8_0, .f16, .q3_k_l]
            let outputs = targets.map {
                QuantizationOutput($0, paths: [folder.appending("\($0.rawValue).gguf")])
            }
            _ = try Quantizer(try HuggingFaceSource(model)).run(outputs)
            for output in outputs {
                let sum = try #require(
                    sums["gguf/\(name)-\(usual)-\(output.target.rawValue.uppercased()).gguf"]
                )
                #expect(try Digest.ofFile(output.paths[0]).hex == sum, "\(output.target)")
            }
        }
    }

    @Test func `a conversion can be stopped, and tells how far it is`() async throws {
        try await withTemporaryDirectory { folder in
            let converter = try Converter(try Self.model("tiny-llama-spm-3M", in: folder), to: .f32)
            #expect(throws: ConversionError.cancelled) {
                try converter.run([folder.appending("none.gguf")], isCancelled: { true })
            }
            let told = Mutex<[QuantizationProgress]>([])
            let path = folder.appending("all.gguf")
            try converter.run([path], progress: { progress in told.withLock { $0.append(progress) } })
            let all = told.withLock { $0 }
            #expect(all.count > 1)
            #expect(all.contains { $0.done == $0.total })
        }
    }
}
