import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// Models that are stored, or on the hub, and made into other forms of them.
struct ConvertStoredTests {
    private static let model = SampleModel.repository
    private static let folder = "stackctl--tiny-llama"

    @Test func `a stored model is converted by its manifest, and says where it comes from`() async throws {
        let home = try TestHome(try sampleRepository())
        try await home.pull(Self.model) { $0.format = .safetensors }
        let stored = try home.manifest("\(Self.folder)/safetensors/bf16")
        home.hub.forgetRequests()
        let made = try await home.convert(Self.model, "q8_0")
        #expect(made.map(\.path).allSatisfy { $0.hasSuffix("\(Self.folder)/gguf/q8_0/tiny-llama-q8_0.gguf") })
        #expect(home.hub.requests().isEmpty)
        let manifest = try home.manifest("\(Self.folder)/gguf/q8_0")
        #expect(manifest.source.revision == stored.source.revision)
        #expect(manifest.conversion?.files == stored.files)
        // The source stays, and is named by what the repository is called.
        #expect(try home.manifest("\(Self.folder)/safetensors/bf16") == stored)
        let local = home.directory.appending("local.gguf")
        try await home.convert(try home.sampleFolder().string, "q8_0") { $0.output = local }
        #expect(try Digest.ofFile(local).hex == manifest.files[0].sha256)
        // What was made here is not taken for what the repository has.
        let pulled = try await home.failedPull("\(Self.model):q8_0") { $0.format = .gguf }
        #expect(pulled.kind == .notFound || pulled.kind == .unsupported)
    }

    @Test func `a model of the hub is fetched for it and removed afterwards`() async throws {
        let home = try TestHome(try sampleRepository())
        let reports = Reports()
        #expect(try await home.convert(Self.model, "q4_k_m", reports: reports).map(\.quant) == ["q4_k_m"])
        #expect(try home.visibleFiles().allSatisfy { $0.hasPrefix("\(Self.folder)/gguf/q4_k_m/") })
        #expect(reports.notes.contains { $0.hasPrefix("removed 289 kB of safetensors") })
        // It is there, whatever has become of its source.
        home.hub.forgetRequests()
        #expect(try await home.convert(Self.model, "q4").map(\.wasThere) == [true])
        let other = try await home.failedConversion(Self.model, "q4") { $0.isPure = true }
        #expect(other.kind == .conflict)
        #expect(home.hub.requests().isEmpty)
        let plan = try await home.conversionPlan(Self.model, "q8_0", "q6_k", "q4_0", "q5_k_m")
        #expect(plan.source.missingBytes > 280_000 && plan.fits)
        let exact = try await home.conversionPlan(Self.model, "f16").targets[0].sizeBytes.bytes
        #expect((288_000...330_000).contains(exact))
        // What is told before it is fetched is no less than what comes of it.
        let made = try await home.convert(Self.model, "q8_0", "q6_k", "q4_0", "q5_k_m")
        for (planned, made) in zip(plan.targets, made) {
            let (about, size) = (planned.sizeBytes.bytes, made.sizeBytes.bytes)
            #expect((size...size * 3 / 2).contains(about), "\(made.quant): \(about) for \(size)")
        }
        try await home.convert(Self.model) { $0.keepsSource = true }
        #expect(try home.visibleFiles().contains("\(Self.folder)/safetensors/bf16/model.safetensors"))
        // What was there before stays without being asked for.
        try await home.convert(Self.model, "q5_0")
        #expect(try home.visibleFiles().contains("\(Self.folder)/safetensors/bf16/model.safetensors"))
        #expect(
            try ["bf16", "q4_k_m", "q5_0"].allSatisfy {
                try home.visibleFiles().contains("\(Self.folder)/gguf/\($0)/manifest.json")
            }
        )
    }

    @Test
    func `what was fetched for a conversion that came to nothing is used by the next one, and goes then`()
        async throws
    {
        let home = try TestHome(try sampleRepository())
        let weights = "\(Self.folder)/safetensors/bf16/model.safetensors"
        func failing(_ quant: String) async throws {
            let reports = Reports()
            let failure = try await home.failedConversion(Self.model, quant, reports: reports) {
                $0.tensorTypes = ["no_such=q8_0"].compactMap { TensorTypeChoice(parsing: $0) }
            }
            #expect(failure.kind == .invalid)
            #expect(
                reports.notes.contains {
                    $0.hasPrefix("what was fetched for it is kept for the next `convert`")
                }
            )
            #expect(try home.visibleFiles().contains(weights))
        }
        try await failing("q8_0")
        home.hub.forgetRequests()
        let reports = Reports()
        try await home.convert(Self.model, "q8_0", reports: reports)
        #expect(home.hub.requests(.cdn).isEmpty)
        #expect(
            reports.notes.first == "the safetensors are taken that were fetched for an earlier conversion"
        )
        #expect(try !home.visibleFiles().contains(weights))
        // Whoever asks for it keeps it.
        try await failing("q6_k")
        try await home.pull(Self.model) { $0.format = .safetensors }
        try await home.convert(Self.model, "q6_k")
        #expect(try home.visibleFiles().contains(weights))
    }

    @Test func `of a folder of GGUFs the most exact one is taken`() async throws {
        let home = try TestHome()
        let folder = home.directory.appending("mine/\(SampleModel.ggufRepository)")
        _ = try home.sampleGGUF("f16")
        let plan = try await home.conversionPlan(folder.string, "q4_0")
        #expect(plan.source.quant == "bf16")
        try FileSystem.remove(folder.appending("BF16"))
        #expect(try await home.conversionPlan(folder.string, "q4_0").source.quant == "f16")
        try FileSystem.remove(folder.appending("tiny-llama-f16.gguf"))
        #expect(try await home.failedConversion(folder.string, "q4_0").kind == .unsupported)
    }

    @Test func `a model that cannot be converted is refused before its weights are fetched`() async throws {
        let config = StubContent.text(#"{"architectures":["MambaForCausalLM"],"model_type":"mamba"}"#)
        let home = try TestHome(try sampleRepository("org/mamba", replacing: ["config.json": config]))
        let failure = try await home.failedConversion("org/mamba", "q8_0")
        #expect(failure.kind == .unsupported)
        #expect(failure.message.contains("MambaForCausalLM"))
        #expect(try home.visibleFiles().isEmpty)
        #expect(home.hub.bytesServed(.cdn) < 100_000)
    }

    @Test func `where there are no safetensors, nothing is fetched`() async throws {
        let home = try TestHome(StubRepository("org/gguf", files: ["m-Q8_0.gguf": try smallGGUF()]))
        let failure = try await home.failedConversion("org/gguf", "q4_0")
        #expect(failure.kind == .notFound && failure.message == "`org/gguf` has no safetensors files")
        #expect(failure.hint == "pull a GGUF of it in f16, bf16 or f32, where there is one, and convert that")
        try home.directory.write(
            "models:\n  mine:\n    gguf: {repository: org/gguf, file: m-Q8_0.gguf, quants: [q8_0]}\n",
            to: "home/config/models.yaml"
        )
        let named = try await home.failedConversion("mine", "q4_0")
        #expect(named.kind == .unsupported && named.hint == failure.hint)
        #expect(home.hub.requests(.cdn).isEmpty)
    }

    @Test func `the most precise form is taken, and a quantized one only by force`() async throws {
        let home = try TestHome()
        for name in ["q8_0", "f16"] {
            try await home.pull(try home.sampleGGUF(name).string) { $0.name = "m" }
        }
        let made = try await home.convert("m", "q4_0")
        #expect(made.map(\.sourceQuant) == ["f16"])
        let itself = try await home.failedConversion("m", "f16") { $0.force = true }
        #expect(itself.kind == .conflict)
        #expect(try await home.convert("m", "f16").map(\.wasThere) == [true])

        try await home.pull(try home.sampleGGUF("q8_0").string) { $0.name = "only" }
        let refused = try await home.failedConversion("only", "q4_0")
        #expect(refused.kind == .unsupported && refused.message.contains("gguf q8_0 only"))
        #expect(try await home.convert("only", "q4_0") { $0.allowsRequantizing = true }.count == 1)
        let absent = try await home.failedConversion("only:q6_k", "q4_0")
        #expect(absent.kind == .notFound)
    }
}
