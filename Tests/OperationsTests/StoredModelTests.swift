import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What is told of models that are stored.
struct StoredModelTests {
    private func home() throws -> TestHome {
        try TestHome(
            StubRepository(
                "org/tiny-GGUF",
                files: [
                    "tiny-Q4_K_M.gguf": try smallGGUF(), "tiny-Q5_K_M.gguf": try smallGGUF(2),
                    "tiny-Q8_0.gguf": try smallGGUF(1),
                ]
            )
        )
    }

    private func show(_ home: TestHome, _ name: String, quant: String? = nil, stack: String = "llamacpp")
        async throws -> ShownModel
    {
        let show = Show(try home.reference(name), quant: quant.flatMap { Quantization(parsing: $0) })
        return try await show.run(in: home.workspace(stack: stack))
    }

    private func failedShow(_ home: TestHome, _ name: String, stack: String = "llamacpp") async throws
        -> Failure
    {
        do { _ = try await show(home, name, stack: stack) } catch let failure as Failure { return failure }
        throw TestHome.NoFailure()
    }

    @Test func `a list has every stack's models, and what could be pulled`() async throws {
        let home = try home()
        try await home.pull("org/tiny-GGUF")
        try await home.pull("org/tiny-GGUF:q8_0", stack: "mistral")
        let all = try await Listing().run(in: home.workspace(stack: nil)) { _ in }
        #expect(
            all.map { "\($0.stack) \($0.model) \($0.quant ?? "")" } == [
                "llamacpp org/tiny-GGUF q4_k_m", "mistral org/tiny-GGUF q8_0",
            ]
        )
        let line = try #require(all.first)
        #expect((line.format, line.architecture, line.contextLength) == ("gguf", "llama", 2048))
        #expect((line.source, line.state, line.files) == ("org/tiny-GGUF", .ready, 1))
        #expect(line.sizeBytes == ByteCount(try smallGGUF().size))
        #expect(line.pulledAt != nil && line.revision?.count == 40)
        #expect(try await Listing(format: .safetensors).run(in: home.workspace(stack: nil)) { _ in }.isEmpty)
        let more = try await Listing(includesCatalog: true).run(in: home.workspace()) { _ in }
        #expect(more.contains { $0.model == "qwen2.5-coder:7b" && $0.state == .available })
    }

    @Test func `a manifest that cannot be read is a line and a warning, and hides no other model`()
        async throws
    {
        let home = try home()
        try await home.pull("org/tiny-GGUF")
        try await home.pull("org/tiny-GGUF:q8_0")
        let manifest = home.volume().pushing("org--tiny-GGUF/gguf/q8_0/manifest.json")
        try FileSystem.write(Array("{".utf8), to: manifest)
        let reports = Reports()
        let lines = try await Listing().run(in: home.workspace(), report: reports.reporter)
        #expect(lines.map(\.state) == [.ready, .damaged])
        #expect(lines.last?.quant == "q8_0")
        #expect(reports.warnings.count == 1 && reports.warnings[0].contains(manifest.string))
    }

    @Test func `a model is shown with its files, its header and its place in the container`() async throws {
        let home = try home()
        try await home.pull("org/tiny-GGUF")
        let shown = try await show(home, "org/tiny-gguf")
        #expect(shown.containerPath == "/models/org--tiny-GGUF/gguf/q4_k_m")
        #expect(shown.files.map(\.sha256) == [try smallGGUF().sha256.hex])
        #expect(shown.header?.layers == 2)
        #expect(shown.header?.kvHeads == 2)
        #expect(shown.memory?.kvBytesPerToken == ByteCount(256))
        #expect((shown.source.kind, shown.source.requestedRevision) == ("hub", "main"))
    }

    @Test func `of several quantizations the usual one is meant, else they are listed`() async throws {
        let home = try home()
        try await home.pull("org/tiny-GGUF:q8_0")
        #expect(try await show(home, "org/tiny-GGUF").quant == "q8_0")
        try await home.pull("org/tiny-GGUF:q5_k_m")
        let failure = try await failedShow(home, "org/tiny-GGUF")
        #expect(failure.kind == .conflict)
        #expect(failure.message == "`org/tiny-GGUF` is stored as gguf q5_k_m, gguf q8_0")
        #expect(failure.hint?.contains("`--quant`") == true)
        #expect(try await show(home, "org/tiny-GGUF:q5").quant == "q5_k_m")
        #expect(try await show(home, "org/tiny-GGUF", quant: "q8").quant == "q8_0")
        #expect(try await show(home, "org/tiny-GGUF/tiny-Q8_0.gguf").quant == "q8_0")
        try await home.pull("org/tiny-GGUF")
        #expect(try await show(home, "org/tiny-GGUF").quant == "q4_k_m")
    }

    @Test func `what is not stored leads to another stack, a near name or the pull`() async throws {
        let home = try home()
        try await home.pull("org/tiny-GGUF")
        let elsewhere = try await failedShow(home, "org/tiny-GGUF", stack: "mistral")
        #expect(elsewhere.kind == .notFound)
        #expect(elsewhere.message == "`org/tiny-GGUF` is not stored in `mistral`")
        #expect(elsewhere.hint?.contains("stackctl llamacpp") == true)
        #expect(try await failedShow(home, "org/tiny-GGUFF").hint == "did you mean `org/tiny-GGUF`?")
        let known = try await failedShow(home, "phi-2")
        #expect(known.hint == "pull it with `stackctl llamacpp pull phi-2`")
        #expect(try await failedShow(home, "qwen2.5-codr:7b").hint?.contains("qwen2.5-coder:7b") == true)
    }

    @Test func `an alias of the catalog finds what was pulled by another name of it`() async throws {
        let home = try home()
        try home.directory.write(
            """
            models:
              mine:
                variants:
                  7b: {aliases: [small], gguf: {repository: org/tiny-GGUF, file: "tiny-{QUANT}.gguf", quants: [q4_k_m]}}

            """,
            to: "home/config/models.yaml"
        )
        try await home.pull("mine:7b")
        #expect(try await show(home, "mine:small").model == "mine:7b")
        #expect(try await show(home, "mine:7b-q4").model == "mine:7b")
    }

    @Test func `how full a volume is: models, partials, what is shared, and what the quota leaves`()
        async throws
    {
        let home = try home()
        let size = ByteCount(try smallGGUF().size)
        try await home.pull("org/tiny-GGUF")
        try await home.pull("org/tiny-GGUF", stack: "mistral")
        let partial = home.volume().pushing(".stackctl/partial/abc")
        try FileSystem.createDirectory(partial)
        try FileSystem.write([UInt8](repeating: 1, count: 500), to: partial.appending("data"))
        try home.directory.write("engine: llamacpp\nquota: 100kB\n", to: "home/stacks/llamacpp/stack.yaml")
        let uses = try await DiskUse.all(in: home.workspace(stack: nil)) { _ in }
        #expect(uses.map(\.stack) == ["llamacpp", "mistral", "vllm"])
        let use = uses[0]
        let taken = try #require(try FileSystem.status(partial.appending("data"))).allocated
        #expect((use.modelsBytes, use.sharedBytes, use.partialBytes) == (size, size, taken))
        #expect((use.quotaBytes, use.fitsBytes) == (100_000, 100_000 - size - taken))
        #expect(use.freeBytes <= use.filesystemBytes)
        #expect((uses[2].modelsBytes, uses[2].quotaBytes) == (0, nil))
        #expect(uses[2].fitsBytes == uses[2].freeBytes)
    }

    @Test func `what is shipped is written once, and what is there is kept`() throws {
        let home = try TestHome()
        let directory = home.directory.appending("new")
        let dry = try Initialize(directory).run(isDryRun: true)
        #expect(!FileSystem.exists(directory))
        try home.directory.write("mine", to: "new/stacks/vllm/stack.yaml")
        let outcome = try Initialize(directory).run(isDryRun: false)
        #expect(Set(outcome.written + outcome.kept) == Set(dry.written))
        #expect(outcome.kept == ["stacks/vllm/stack.yaml"])
        #expect(try FileSystem.read(directory.appending("stacks/vllm/stack.yaml")) == Array("mine".utf8))
        let again = try Initialize(directory).run(isDryRun: false)
        #expect(again.written.isEmpty)
    }
}
