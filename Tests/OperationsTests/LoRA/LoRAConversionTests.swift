import Catalog
import Conversion
import Formats
import Glibc
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What PEFT has written becomes the GGUF that llama.cpp reads.
struct LoRAConversionTests {
    /// What the room that converts makes of an adapter in a folder of this name.
    private func converted(_ adapter: SampleAdapter, name: String, in home: LoRAHome) throws -> [UInt8] {
        let folder = home.home.directory.appending("expected/\(name)")
        try FileSystem.remove(folder)
        try adapter.write(to: folder)
        let base = home.home.directory.appending("base")
        for file in try SampleModel.files() where file.path == "\(LoRAHome.model)/config.json" {
            try FileSystem.createDirectory(base)
            try FileSystem.write(file.bytes, to: base.appending("config.json"))
        }
        let card = ModelCard([CardEntry("base_model", .text(LoRAHome.model))])
        let made = folder.appending("made.gguf")
        try Converter(HuggingFaceAdapter(folder, base: base, card: card), to: .f32).run([made])
        return try FileSystem.read(made)
    }

    private func only(_ home: LoRAHome) throws -> (model: StoredModel, bytes: [UInt8]) {
        let stored = try home.stored()
        try #require(stored.count == 1)
        return (stored[0], try FileSystem.read(stored[0].path(of: stored[0].manifest.files[0])))
    }

    @Test func `a repository's adapter is stored as the GGUF that is made of it, and nothing else of it`()
        async throws
    {
        let home = try await LoRAHome("llamacpp", AdapterRepository.peft("ada/sql-lora"))
        let added = try await home.add("sql", "ada/sql-lora")
        #expect((added.format, added.madeFrom, added.rank, added.alpha) == ("gguf", "peft", 4, 8))
        #expect((added.wasThere, added.changed) == (false, true))
        let (stored, bytes) = try only(home)
        #expect(stored.key.path(below: "") == "/ada--sql-lora/gguf/f32")
        #expect(try bytes == converted(SampleAdapter(), name: "sql-lora", in: home))
        #expect(added.sizeBytes == ByteCount(Int64(bytes.count)))
        #expect(try home.store.partials().isEmpty)
        let header = try GGUFHeader.read(stored.path(of: stored.manifest.files[0]))
        #expect(try AdapterFacts(header).base == LoRAHome.model)
        // The manifest says what it was made of, so that it is known when that has changed.
        let conversion = try #require(stored.manifest.conversion)
        #expect((conversion.engine, conversion.format, conversion.quant) == ("native", "safetensors", "bf16"))
        #expect(
            conversion.files.map(\.sha256) == [
                Digest.of(SampleAdapter().config()).hex, Digest.of(try SampleAdapter().weights()).hex,
            ]
        )
        #expect(stored.manifest.source.repository == "ada/sql-lora" && stored.manifest.source.revision != nil)
        #expect(try await home.list().map(\.servable) == [true])
        home.home.hub.forgetRequests()
        let again = try await home.add("sql", "ada/sql-lora")
        #expect((again.wasThere, again.changed, again.madeFrom) == (true, false, nil))
        #expect(!home.home.hub.requests().contains { $0.request.target.contains("adapter_model") })
        home.home.hub.publish(try AdapterRepository.peft("ada/sql-lora", SampleAdapter { $0.rank = 8 }))
        #expect(try await home.add("sql", "ada/sql-lora").rank == 8)
        #expect(try only(home).bytes == converted(SampleAdapter { $0.rank = 8 }, name: "sql-lora", in: home))
    }

    @Test func `a local folder's adapter is made anew when the folder has changed`() async throws {
        let home = try await LoRAHome("llamacpp")
        let folder = home.home.directory.appending("out/sql-lora")
        try SampleAdapter().write(to: folder)
        #expect(try await home.add("sql", folder.string).madeFrom == "peft")
        #expect(try only(home).bytes == converted(SampleAdapter(), name: "sql-lora", in: home))
        #expect(try await home.add("sql", folder.string).wasThere)
        let other = SampleAdapter { $0.rank = 8 }
        try other.write(to: folder)
        #expect(try await !home.add("sql", folder.string).wasThere)
        #expect(try only(home).bytes == converted(other, name: "sql-lora", in: home))
        #expect(FileSystem.exists(folder.appending("adapter_model.safetensors")))
    }

    @Test func `what was pulled as it is stays beside what is made of it`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.peft("ada/sql-lora"))
        try home.write("model: \(home.served)\nlora: [{name: sql, source: ada/sql-lora}]\n", config: "mine")
        _ = try await AdapterPull(try home.home.reference("ada/sql-lora")).run(in: home.workspace) { _ in }
        let launch = Launch(try home.home.reference("mine"))
        let refused = await failure { try await launch.run(in: home.workspace) { _ in } }
        #expect(refused?.kind == .unsupported)
        #expect(
            refused?.hint
                == "make a GGUF of it with `stackctl llamacpp lora add \(home.served) sql=ada/sql-lora`"
        )
        home.home.hub.forgetRequests()
        let added = try await home.add("sql", "ada/sql-lora", to: "mine")
        #expect((added.wasThere, added.changed) == (false, false))
        #expect(!home.home.hub.requests().contains { $0.request.target.contains("adapter_model") })
        #expect(Set(try home.stored().map(\.key.format)) == ["gguf", "safetensors"])
        #expect(try await launch.run(in: home.workspace) { _ in }.argv.contains { $0.hasSuffix("f32.gguf") })
        #expect(try await home.remove("mine", "sql").removed.count == 2)
        #expect(try home.stored().isEmpty)
    }

    @Test func `a dry run tells what would be made, and makes nothing`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.peft("ada/sql-lora"))
        let planned = try await home.add("sql", "ada/sql-lora", isDryRun: true)
        #expect((planned.format, planned.madeFrom, planned.wasThere) == ("gguf", "peft", false))
        #expect(try home.isUntouched())
    }

    // MARK: Refusals

    private func refused(_ adapter: SampleAdapter) async throws -> (failure: Failure, home: LoRAHome) {
        let home = try await LoRAHome("llamacpp", AdapterRepository.peft("ada/sql-lora", adapter))
        let failure = try await home.failedAdd("sql", "ada/sql-lora")
        #expect(try home.isUntouched())
        #expect(try home.store.partials().isEmpty)
        return (failure, home)
    }

    @Test(arguments: ["use_dora", "use_qalora", "lora_bias"])
    func `what no GGUF can have is known from the header`(feature: String) async throws {
        let (failure, home) = try await refused(SampleAdapter { $0.entries = [feature: "true"] })
        #expect(failure.kind == .unsupported && failure.message.hasPrefix("`llamacpp` cannot serve"))
        #expect(!FileSystem.exists(home.store.layout.volume.appending(".stackctl")))
    }

    @Test func `weights that begin as a change of the model's own are refused`() async throws {
        let entries = ["init_lora_weights": "\"pissa\""]
        let failure = try await refused(SampleAdapter { $0.entries = entries }).failure
        #expect(failure.kind == .unsupported && failure.message.contains("pissa"))
    }

    @Test func `what the converter alone knows is told, and nothing is left behind`() async throws {
        let entries = ["use_rslora": "true"]
        let failure = try await refused(SampleAdapter { $0.entries = entries }).failure
        #expect((failure.kind, failure.message.contains("use_rslora")) == (.unsupported, true))
        #expect(failure.hint?.contains("convert_lora_to_gguf.py") == true)
        let alpha = try await refused(SampleAdapter { $0.entries = ["lora_alpha": "null"] }).failure
        #expect((alpha.kind, alpha.message.contains("lora_alpha")) == (.invalid, true))
    }

    @Test func `numbers that are none are found before anything is there`() async throws {
        let home = try await LoRAHome("llamacpp")
        let folder = home.home.directory.appending("out/sql-lora")
        try SampleAdapter().write(to: folder)
        let weights = folder.appending("adapter_model.safetensors")
        let size = try FileSystem.read(weights).count
        try File(weights, .update).write([0xFF, 0xFF].span.bytes, at: Int64(size - 2))
        let failure = try await home.failedAdd("sql", folder.string)
        #expect(failure.kind == .invalid, "\(failure)")
        #expect(try home.isUntouched())
        let staged = home.store.layout.volume.appending(".stackctl/staging")
        #expect(try !FileSystem.exists(staged) || FileSystem.list(staged).isEmpty)
    }

    @Test func `a model of a kind that adapters cannot be made for is told before they are fetched`()
        async throws
    {
        var file = GGUFFile()
        file["general.architecture"] = .string("granite")
        file["granite.block_count"] = .uint32(2)
        for layer in 0..<2 {
            for module in SampleAdapter().modules {
                let name = "blk.\(layer).\(module.ggufName).weight"
                try file.addTensor(name, .f32, shape: [module.inputs, module.outputs])
            }
        }
        let model = StubRepository(
            "org/granite-GGUF",
            files: ["g-q8_0.gguf": .bytes(GGUFBuilder.bytes(of: file))]
        )
        let home = try await LoRAHome("llamacpp", AdapterRepository.peft("ada/sql-lora"), model)
        let failure = try await home.failedAdd("sql", "ada/sql-lora", to: "org/granite-GGUF:q8_0")
        #expect((failure.kind, failure.message.contains("granite")) == (.unsupported, true), "\(failure)")
        #expect(try home.isUntouched("granite-GGUF"))
    }

    // MARK: The real server

    private static var hasServer: Bool { get async { await TestProgram.llamaServer.isExpected() } }

    @Test(.enabled("llama.cpp's server is not there") { await hasServer }, .timeLimit(.minutes(2)))
    func `llama.cpp's server takes what is made, also with a strength below nothing`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.peft("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora", scale: -0.5)
        let plan = try await Launch(try home.home.reference(home.served)).run(in: home.workspace) { _ in }
        var words = plan.argv.dropFirst().map { word in
            word.replacing("/models/", with: "\(home.home.volume())/")
                .replacing("/adapters/", with: "\(home.store.layout.volume)/")
        }
        words[try #require(words.firstIndex(of: "--port")) + 1] = "0"
        words[try #require(words.firstIndex(of: "--host")) + 1] = "127.0.0.1"
        let server = try BinaryRun(
            try await TestProgram.llamaServer.path(),
            words + ["--verbose"],
            environment: ["HOME": home.home.directory.path.string]
        )
        try await server.waitUntil {
            $0.errors.contains("listening on http") || $0.errors.contains("rror: ")
        }
        server.send(SIGKILL)
        let log = try await server.finish().errors
        #expect(log.contains("listening on http"), "\(words)\n\(log)")
        // Three matrices in each of two layers, with two tensors each.
        #expect(log.contains("loaded 12 tensors from lora file"), "\(log)")
    }
}
