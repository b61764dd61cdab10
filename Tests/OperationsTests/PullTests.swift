import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What a pull chooses, fetches and makes visible.
struct PullTests {
    private func tiny() throws -> StubRepository {
        StubRepository(
            "org/tiny-GGUF",
            files: [
                "tiny-Q4_K_M.gguf": try smallGGUF(), "tiny-Q8_0.gguf": try smallGGUF(1),
                "mmproj-tiny-F16.gguf": try smallGGUF(2), "README.md": .text("# Tiny"),
            ]
        )
    }

    private func manifest(_ home: TestHome, _ folder: String, stack: String = "llamacpp") throws -> Manifest {
        try JSON.decode(Manifest.self, from: home.read("\(folder)/manifest.json", stack: stack))
    }

    @Test func `a whole GGUF of the default quantization, with a manifest that tells all`() async throws {
        let home = try TestHome(tiny())
        let reports = Reports()
        let outcome = try await home.pull("org/tiny-GGUF", reports: reports)
        let folder = "org--tiny-GGUF/gguf/q4_k_m"
        #expect(try home.visibleFiles() == ["\(folder)/manifest.json", "\(folder)/tiny-Q4_K_M.gguf"])
        #expect(try home.read("\(folder)/tiny-Q4_K_M.gguf") == smallGGUF().all)
        #expect(outcome.path == home.volume().string + "/" + folder)
        #expect((outcome.model, outcome.format, outcome.quant) == ("org/tiny-GGUF", "gguf", "q4_k_m"))
        #expect(!outcome.wasThere)

        let manifest = try manifest(home, folder)
        let commit = try tiny().commit
        #expect(manifest.source.revision == commit)
        #expect(manifest.source.requestedRevision == "main")
        #expect(manifest.source.endpoint == home.hub.endpoint)
        #expect(manifest.files.map(\.sha256) == [try smallGGUF().sha256.hex])
        #expect((manifest.facts.architecture, manifest.facts.contextLength) == ("llama", 2048))
        #expect(try home.partials().isEmpty)
        #expect(reports.warnings.isEmpty)
    }

    @Test func `the default that is missing is replaced by another one, and that is said`() async throws {
        let home = try TestHome(StubRepository("org/q8", files: ["m-Q8_0.gguf": try smallGGUF()]))
        let reports = Reports()
        #expect(try await home.pull("org/q8", reports: reports).quant == "q8_0")
        #expect(reports.notes == ["`org/q8` has no q4_k_m; taking q8_0"])
    }

    @Test func `a named file, a named quantization and extra files`() async throws {
        let home = try TestHome(tiny())
        #expect(try await home.pull("org/tiny-GGUF/tiny-Q8_0.gguf").quant == "q8_0")
        let outcome = try await home.pull("hf.co/org/tiny-GGUF:Q4-K-M") { $0.include = ["*mmproj*"] }
        #expect(outcome.files == 2)
        #expect(
            try home.visibleFiles().filter { $0.contains("q4_k_m") }.map { $0.split(separator: "/").last }
                == ["manifest.json", "mmproj-tiny-F16.gguf", "tiny-Q4_K_M.gguf"]
        )
    }

    @Test func `all shards of a set, from the folder of their quantization`() async throws {
        let names = (1...3).map { "Q4_K_M/m-Q4_K_M-0000\($0)-of-00003.gguf" }
        var files: [String: StubContent] = ["Q8_0/m-Q8_0.gguf": try smallGGUF(9)]
        for (index, name) in names.enumerated() {
            files[name] = .bytes(try GGUFBuilder.tiny(shard: (UInt16(index), 3)))
        }
        let home = try TestHome(StubRepository("org/split", files: files))
        let outcome = try await home.pull("org/split")
        #expect(outcome.files == 3)
        let folder = "org--split/gguf/q4_k_m"
        let manifest = try manifest(home, folder)
        #expect(manifest.files.map(\.path.string) == names.map { String($0.dropFirst("Q4_K_M/".count)) })
        #expect(manifest.files.map(\.sourcePath) == names)
        for (name, file) in zip(names, manifest.files) {
            #expect(try home.read("\(folder)/\(file.path)") == files[name]?.all)
        }
    }

    @Test(arguments: [
        ["m.Q6_K.gguf.part1of2", "m.Q6_K.gguf.part2of2"], ["m.Q6_K.gguf-split-a", "m.Q6_K.gguf-split-b"],
    ])
    func `byte pieces become one file with the hash of the whole`(names: [String]) async throws {
        let whole = try smallGGUF().all
        let home = try TestHome(
            StubRepository(
                "org/pieces",
                files: [names[0]: .bytes(Array(whole[..<1000])), names[1]: .bytes(Array(whole[1000...]))]
            )
        )
        try await home.pull("org/pieces:q6_k")
        let folder = "org--pieces/gguf/q6_k"
        #expect(try home.visibleFiles() == ["\(folder)/m.Q6_K.gguf", "\(folder)/manifest.json"])
        #expect(try home.read("\(folder)/m.Q6_K.gguf") == whole)
        #expect(try manifest(home, folder).files.map(\.sha256) == [Digest.of(whole).hex])
    }

    @Test func `safetensors: weights, index, configuration, tokenizer and templates, never the twins`()
        async throws
    {
        let sample = Dictionary(
            uniqueKeysWithValues: try SampleModel.files().filter {
                $0.path.hasPrefix("\(SampleModel.repository)/")
            }
            .map {
                (String($0.path.dropFirst(SampleModel.repository.count + 1)), StubContent.bytes($0.bytes))
            }
        )
        var files = sample
        files["pytorch_model.bin"] = .text("twin")
        files["consolidated.safetensors"] = .text("twin")
        files["onnx/model.onnx"] = .text("twin")
        files["chat_template.jinja"] = .text("{{ messages }}")
        files["manifest.json"] = .text("{}")
        let home = try TestHome(StubRepository("org/tiny", files: files))
        let outcome = try await home.pull("org/tiny", stack: "vllm")
        #expect((outcome.format, outcome.quant) == ("safetensors", "bf16"))
        let folder = "org--tiny/safetensors/bf16"
        // The hub's own `manifest.json` must not take the place of the store's.
        let expected = sample.keys + ["chat_template.jinja", "manifest.json"]
        #expect(try home.visibleFiles("vllm") == expected.map { "\(folder)/\($0)" }.sorted())
        for (name, content) in sample {
            #expect(try home.read("\(folder)/\(name)", stack: "vllm") == content.all)
        }
        let checked = try await Verify([]).run(in: home.workspace(stack: "vllm")) { _ in }
        #expect(checked.allSatisfy { $0.state == .ok })
        #expect(checked.count == sample.count + 1)
    }

    @Test func `a branch is resolved to its commit, and everything is fetched at that`() async throws {
        var repository = try tiny()
        repository.setRevision("v2", files: ["tiny-Q4_K_M.gguf": try smallGGUF(5)])
        let home = try TestHome(repository)
        let outcome = try await home.pull("org/tiny-GGUF@v2")
        let commit = try #require(outcome.revision)
        #expect(commit == repository.revisions["v2"]?.commit)
        let later = home.hub.requests(.hub).dropFirst().map(\.request.target)
        #expect(!later.isEmpty && later.allSatisfy { $0.contains(commit) })
        #expect(try home.read("org--tiny-GGUF/gguf/q4_k_m/tiny-Q4_K_M.gguf") == smallGGUF(5).all)
    }

    @Test func `another name is taken with its own place`() async throws {
        let home = try TestHome(tiny())
        let outcome = try await home.pull("org/tiny-GGUF") { $0.name = "mine:7b" }
        #expect(outcome.model == "mine:7b")
        #expect(try home.visibleFiles().first == "mine-7b/gguf/q4_k_m/manifest.json")
    }

    @Test func `a dry run settles everything and changes nothing on the disk`() async throws {
        let home = try TestHome(tiny())
        let before = try home.directory.files()
        let plan = try await Pull(try home.reference("org/tiny-GGUF")).plan(in: home.workspace()) { _ in }
        #expect(plan.files.map(\.path.string) == ["tiny-Q4_K_M.gguf"])
        #expect(plan.missing.bytes == (try smallGGUF().size))
        #expect((plan.stack, plan.model, plan.format) == ("llamacpp", "org/tiny-GGUF", "gguf"))
        #expect((plan.quant, plan.repository) == ("q4_k_m", "org/tiny-GGUF"))
        #expect(plan.revision == (try tiny().commit))
        #expect(try home.directory.files() == before)
        #expect(!FileSystem.exists(home.directory.appending("home")))
        #expect(home.hub.requests(.cdn).isEmpty)
    }

    @Test func `a list of files in many pages is read to its end`() async throws {
        let home = try TestHome(tiny())
        home.hub.settings.pageSize = 1
        #expect(try await home.pull("org/tiny-GGUF:q8_0").quant == "q8_0")
    }

    @Test func `a repository that was renamed is found under its new name`() async throws {
        let home = try TestHome(tiny())
        home.hub.settings.renamed = ["old/name": "org/tiny-GGUF"]
        try await home.pull("old/name")
        let manifest = try manifest(home, "old--name/gguf/q4_k_m")
        #expect(manifest.source.repository == "org/tiny-GGUF")
        home.hub.forgetRequests()
        #expect(try await home.pull("old/name").wasThere)
    }
}
