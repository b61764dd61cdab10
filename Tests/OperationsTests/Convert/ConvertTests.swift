import Conversion
import Formats
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// Models that are made into other forms of them.
struct ConvertTests {
    private static let folder = "tiny-llama/gguf"

    @Test(arguments: [
        ("Tiny-Qwen2-3M-Instruct", "CONVERSION-SHA256SUMS", "gguf/Tiny-Qwen2-3M-Instruct-auto.gguf", "qwen2"),
        (
            "mini-Mistral-7B-Instruct-v0.3-GGUF-q4_0", "FAMILY-SHA256SUMS",
            "mini-Mistral-7B-Instruct-v0.3-GGUF-q4_0/auto", nil
        ),
        ("tiny-llama-spm-3M", "CONVERSION-SHA256SUMS", "gguf/tiny-llama-spm-3M-auto.gguf", nil),
    ])
    func `a folder becomes, with its card, what llama.cpp makes of it`(
        name: String,
        sums: String,
        sum: String,
        preTokenizer: String?
    ) async throws {
        let home = try TestHome()
        let folder = try HubFolder.make(name, in: home.directory)
        let before = try home.directory.files()
        let made = try await home.convert(folder.string) {
            $0.preTokenizer = preTokenizer.flatMap { PreTokenizerChoice(parsing: $0) }
            $0.output = home.directory.appending("out.gguf")
        }
        #expect(made.map(\.stack) == [nil])
        let expected = try #require(try HubFolder.sums(sums)[sum])
        #expect(try Digest.ofFile(home.directory.appending("out.gguf")).hex == expected)
        #expect(try home.directory.files().sorted() == (before + ["out.gguf"]).sorted())
    }

    @Test func `several quantizations in one pass are those of single runs`() async throws {
        let home = try TestHome()
        let folder = try home.sampleFolder()
        let made = try await home.convert(folder.string, "Q4", "q8_0", "F16", "q4-k-m")
        #expect(made.map(\.quant) == ["q4_k_m", "q8_0", "f16"])
        #expect(made.allSatisfy { !$0.wasThere && $0.stack == "llamacpp" && $0.sourceQuant == "bf16" })
        for one in made {
            let single = home.directory.appending("single-\(one.quant).gguf")
            try await home.convert(folder.string, one.quant) { $0.output = single }
            #expect(try Digest.ofFile(single) == Digest.ofFile(FilePath(one.path)), "\(one.quant)")
            #expect(try FileSystem.status(single)?.size == one.sizeBytes)
            #expect(one.path.hasSuffix("/\(Self.folder)/\(one.quant)/tiny-llama-\(one.quant).gguf"))
            let facts = try ModelFacts.read(gguf: [single])
            #expect(facts.quantization?.lowercased() == one.quant)
            #expect(facts.bitsPerWeight == one.bitsPerWeight)
        }
        #expect(try home.visibleFiles().count == 6)
        #expect(try home.partials().isEmpty)
    }

    @Test func `what was made is described, compared and shown`() async throws {
        let home = try TestHome()
        let folder = try home.sampleFolder()
        try await home.convert(folder.string, "q8_0") { $0.isPure = true }
        let manifest = try home.manifest("\(Self.folder)/q8_0")
        #expect(manifest.source == Manifest.Source(kind: .local, repository: folder.string))
        #expect(manifest.facts.architecture == "llama")
        let conversion = try #require(manifest.conversion)
        #expect((conversion.engine, conversion.format, conversion.quant) == ("native", "safetensors", "bf16"))
        #expect(conversion.options == ["--pure"])
        let weights = try #require(conversion.files.first { $0.path.string == "model.safetensors" })
        #expect(try weights.sha256 == Digest.ofFile(folder.appending("model.safetensors")).hex)
        #expect(conversion.files.count == 6)

        let model = try home.reference("tiny-llama")
        let shown = try await Show(model).run(in: home.workspace())
        #expect(shown.conversion?.options == ["--pure"])
        #expect(shown.header?.hasChatTemplate == true)
        #expect(try await Verify([model]).run(in: home.workspace()) { _ in }.map(\.state) == [.ok])
        try File(home.volume().appending("\(Self.folder)/q8_0/tiny-llama-q8_0.gguf"), .update)
            .write([0xAA].span.bytes, at: 5000)
        #expect(try await Verify([model]).run(in: home.workspace()) { _ in }.map(\.state) == [.differs])
        let again = "make it again: `stackctl llamacpp convert \(folder) --quant q8_0 --pure --force`"
        for repairs in [false, true] {
            let checked = try await Verify([model], repairs: repairs).run(in: home.workspace()) { _ in }
            #expect(checked.map(\.fix) == [again] && checked.map(\.repaired) == [repairs ? false : nil])
        }
        try File(home.volume().appending("\(Self.folder)/q8_0/tiny-llama-q8_0.gguf"), .update).truncate(
            to: 10
        )
        let launch = await failure { try await Launch(model).run(in: home.workspace()) { _ in } }
        #expect(launch?.hint == again)
        try await home.convert(folder.string, "q8_0") { ($0.isPure, $0.force) = (true, true) }
        #expect(try await Verify([model]).run(in: home.workspace()) { _ in }.map(\.state) == [.ok])
    }

    @Test func `what is there already is told, and made again by force only`() async throws {
        let home = try TestHome()
        let folder = try home.sampleFolder()
        try await home.convert(folder.string, "q8_0")
        let path = "\(Self.folder)/q8_0/tiny-llama-q8_0.gguf"
        let first = try home.status(path)
        let again = try await home.convert(folder.string, "q8_0", "f16")
        #expect(again.map(\.wasThere) == [true, false])
        #expect(try home.status(path).inode == first.inode)
        let other = try await home.failedConversion(folder.string, "q8_0") { $0.isPure = true }
        #expect(other.kind == .conflict && other.message.contains("made with other options"))
        try FileSystem.write(Array("{}".utf8), to: folder.appending("generation_config.json"))
        let changed = try await home.failedConversion(folder.string, "q8_0")
        #expect(changed.kind == .conflict && changed.message.contains("made of something else"))
        #expect(try home.status(path).inode == first.inode)
        #expect(try await home.convert(folder.string, "q8_0") { $0.force = true }.map(\.wasThere) == [false])
        #expect(try home.status(path).inode != first.inode)
        #expect(try await home.convert(folder.string, "q8_0") { $0.name = "other" }.map(\.model) == ["other"])
    }

    @Test func `a dry run tells the exact sizes and changes nothing`() async throws {
        let home = try TestHome()
        let folder = try home.sampleFolder()
        try await home.convert(folder.string, "f16")
        let before = try home.directory.files()
        let plan = try await home.conversionPlan(folder.string, "f16", "q6", "q8")
        #expect(try home.directory.files() == before)
        #expect((plan.stack, plan.model, plan.source.quant) == ("llamacpp", "tiny-llama", "bf16"))
        #expect(plan.targets.map(\.wasThere) == [true, false, false] && plan.fits)
        let made = try await home.convert(folder.string, "f16", "q6", "q8")
        #expect(plan.targets.map(\.sizeBytes) == made.map(\.sizeBytes))
        #expect(plan.targets.map(\.path) == made.map(\.path))
        #expect(plan.neededBytes == made[1].sizeBytes + made[2].sizeBytes)
    }

    @Test func `a GGUF is quantized, a split one from any of its shards`() async throws {
        let home = try TestHome()
        let file = try home.sampleGGUF("f16")
        let made = try await home.convert(file.string, "q8_0")
        #expect(made.map(\.model) == ["tiny-llama-f16"] && made.map(\.sourceFormat) == ["gguf"])
        let direct = home.directory.appending("direct.gguf")
        let output = QuantizationOutput(.q8_0, paths: [direct])
        _ = try Quantizer(Conversion.GGUFSource([file])).run([output])
        #expect(try Digest.ofFile(FilePath(made[0].path)) == Digest.ofFile(direct))

        let shards = try #require(SampleModel.ggufFiles["bf16"])
        let second = home.directory.appending("mine/\(SampleModel.ggufRepository)/\(shards[1])")
        let merged = try await home.convert(second.string, "bf16", "q4_0") { $0.name = "merged" }
        #expect(merged.map(\.quant) == ["bf16", "q4_0"])
        let conversion = try #require(try home.manifest("merged/gguf/q4_0").conversion)
        #expect(conversion.files.count == 3)
        #expect(try ModelFacts.read(gguf: [FilePath(merged[0].path)]).parameters == SampleModel.parameters)
    }

    @Test func `what a quantized GGUF, or none, should become must be said`() async throws {
        let home = try TestHome()
        let quantized = try home.sampleGGUF("q8_0")
        let refused = try await home.failedConversion(quantized.string, "q4_0")
        #expect(refused.kind == .unsupported && refused.hint?.contains("--allow-requantize") == true)
        #expect(try home.visibleFiles().isEmpty)
        #expect(try home.partials().isEmpty)
        #expect(try await home.convert(quantized.string, "q4_0") { $0.allowsRequantizing = true }.count == 1)
        #expect(try home.manifest("tiny-llama-q8_0/gguf/q4_0").conversion?.options == ["--allow-requantize"])

        let plain = try home.sampleGGUF("f16")
        for targets in [[], ["auto"]] {
            let failure = try await home.failedConversion(plain.string) {
                $0.targets = targets.compactMap { ConversionTarget(parsing: $0) }
            }
            #expect(failure.kind == .usage && failure.hint?.contains("--quant q4_k_m") == true)
        }
        for (quant, hint) in [("q7_k", "q4_k_m, "), ("iq2_xs", "--imatrix"), ("iq3_s", "docker pull")] {
            let foreign = try await home.failedConversion(plain.string, quant)
            #expect(foreign.kind == .unsupported && foreign.hint?.contains(hint) == true, "\(foreign)")
        }
    }
}
