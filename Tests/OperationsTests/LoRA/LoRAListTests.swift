import Catalog
import Engines
import FoundationEssentials
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// `lora ls`, `lora rm`, and what `pull --lora` stores.
struct LoRAListTests {
    private func pull(_ source: String, in home: LoRAHome) async throws -> Pull.Outcome {
        try await AdapterPull(try home.home.reference(source)).run(in: home.workspace) { _ in }
    }

    @Test func `the list tells what each is, and whether it can be served`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora", scale: 0.5)
        let file = home.workspace.home.configFile(of: "tiny-llama-GGUF")
        let late = SettingValue.fields(["name": .text("late"), "source": .text("ada/late")])
        let text = Array(try home.configText("tiny-llama-GGUF").utf8)
        try FileSystem.write(
            try YAMLEdit.append(late, to: "lora").applied(to: text, file: file.string),
            to: file
        )
        let listed = try await home.list()
        #expect(listed.map(\.name) == ["sql", "late"])
        #expect(listed.map(\.stored) == [true, false])
        #expect(listed.map(\.servable) == [true, nil])
        #expect((listed[0].format, listed[0].rank, listed[0].alpha, listed[0].scale) == ("gguf", 4, 8, 0.5))
        #expect(listed[0].sizeBytes == ByteCount(Int64(try SampleAdapter().gguf().count)))
        #expect(listed[0].base == SampleModel.repository)
        #expect(try await home.list(home.served).count == 2)
    }

    @Test func `a stored model without adapters has an empty list, and one that is not there has none`()
        async throws
    {
        let home = try await LoRAHome("llamacpp")
        #expect(try await home.list(home.served).isEmpty)
        #expect(try await home.list(LoRAHome.gguf).isEmpty)
        let absent = await failure { try await home.list("ada/absent") }
        #expect(absent?.kind == .notFound)
    }

    @Test func `an example that init has written out is nobody's adapter until somebody changes it`()
        async throws
    {
        let home = try await LoRAHome("llamacpp")
        let text = try await ConfigLookup("lora-template").one(in: home.workspace)
        #expect(text.settings[SettingKey<[DeclaredAdapter]>.adapters]?.isEmpty == false)
        _ = try Initialize(home.workspace.home.path).run(isDryRun: false)
        #expect(FileSystem.exists(home.workspace.home.configFile(of: "lora-template")))
        #expect(try await home.list().isEmpty)
        try home.write(try home.configText("lora-template") + "# mine\n", config: "lora-template")
        #expect(try await home.list().map(\.config) == ["lora-template"])
    }

    @Test func `what is pulled alone is listed without a model, and why it cannot be served`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.peft("ada/sql-lora"))
        let pulled = try await pull("ada/sql-lora", in: home)
        #expect(
            (pulled.format, pulled.quant, pulled.files, pulled.wasThere) == ("safetensors", "bf16", 2, false)
        )
        #expect(try await pull("ada/sql-lora", in: home).wasThere)
        let listed = try await home.list()
        #expect(listed.map(\.source) == ["ada/sql-lora"])
        #expect(listed[0].config == nil)
        #expect(listed[0].servable == false)
        #expect(listed[0].reason == "llamacpp reads adapters in GGUF, and this is a folder of PEFT")
    }

    @Test func `a pull is planned without storing anything`() async throws {
        let home = try await LoRAHome("vllm", AdapterRepository.peft("ada/sql-lora"))
        let plan = try await AdapterPull(try home.home.reference("ada/sql-lora"))
            .plan(in: home.workspace) { _ in }
        #expect(plan.files.map(\.path.string) == ["adapter_config.json", "adapter_model.safetensors"])
        #expect(plan.missing > 0)
        #expect(try home.stored().isEmpty)
    }

    @Test func `a damaged adapter is listed as one that cannot be served`() async throws {
        let home = try await LoRAHome("vllm", AdapterRepository.peft("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora")
        let stored = try #require(try home.stored().first)
        try File(stored.path(of: stored.manifest.files[1]), .update).write([0xFF].span.bytes, at: 5)
        let listed = try await home.list()
        #expect(listed.map(\.servable) == [false])
        #expect(listed[0].reason?.isEmpty == false)
    }

    // MARK: Removing

    @Test func `an adapter goes out of the configuration, and its files with the last one that names them`()
        async throws
    {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora")
        let alone = try home.configText("tiny-llama-GGUF")
        try await home.add("again", "ada/sql-lora")
        let planned = try await home.remove(home.served, "again", isDryRun: true)
        #expect((planned.usedBy, planned.removed) == (["tiny-llama-GGUF"], []))
        #expect(try await home.declared(home.served).count == 2)
        _ = try await home.remove(home.served, "again")
        #expect(try home.configText("tiny-llama-GGUF") == alone)
        #expect(try home.stored().count == 1)
        let last = try await home.remove("tiny-llama-GGUF", "sql")
        #expect(last.removed.count == 1)
        #expect(try home.stored().isEmpty)
        #expect(try await home.declared(home.served).isEmpty)
        let failure = await #expect(throws: Failure.self) { try await home.remove(home.served, "sql") }
        #expect(failure?.kind == .notFound)
    }

    @Test func `files stay for a launch that has them`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora")
        try home.serve(home.stored()[0])
        let removed = try await home.remove(home.served, "sql")
        #expect((removed.servedBy, removed.removed) == (["llamacpp"], []))
        #expect(try await home.declared(home.served).isEmpty)
        #expect(try home.stored().count == 1)
    }
}
