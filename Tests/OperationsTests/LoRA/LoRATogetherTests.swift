import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// `lora` while somebody else changes the same: another program, a person's editor, an engine that serves.
struct LoRATogetherTests {
    /// A home whose model has these adapters.
    private func home(_ names: [String]) async throws -> LoRAHome {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        try declare(names, in: home)
        return home
    }

    private func declare(_ names: [String], in home: LoRAHome) throws {
        let entries = names.map { "{name: \($0), source: ada/sql-lora, scale: 1}" }.joined(separator: ", ")
        try home.write("model: \(home.served)\nlora: [\(entries)]\n", config: "mine")
    }

    @Test func `the entry that is changed is the adapter's, wherever it has moved to meanwhile`() async throws
    {
        let home = try await home(["a", "sql", "b"])
        let added = try await LoRAAdd("mine", name: "sql", source: "ada/sql-lora", scale: 0.25)
            .run(in: home.workspace, isDryRun: false) { _ in try? declare(["sql", "b"], in: home) }
        #expect(added.changed)
        #expect(try await home.declared("mine").map(\.name) == ["sql", "b"])
        #expect(try await home.declared("mine").map(\.scale) == [0.25, 1])
    }

    @Test func `an adapter of the same name that came meanwhile is in the way`() async throws {
        let home = try await home(["a"])
        let failure = await failure {
            try await LoRAAdd("mine", name: "sql", source: "ada/sql-lora").run(
                in: home.workspace,
                isDryRun: false
            ) { _ in
                let entry = "{name: sql, source: ada/other}"
                try? home.write("model: \(home.served)\nlora: [\(entry)]\n", config: "mine")
            }
        }
        #expect((failure?.kind, failure?.message.contains("ada/other")) == (.conflict, true))
        #expect(try await home.declared("mine").map(\.source) == ["ada/other"])
    }

    @Test func `the entry that is removed is the adapter's, wherever it has moved to meanwhile`() async throws
    {
        let home = try await home(["a", "sql", "b"])
        // What is wrong with another configuration is told before anything is removed.
        try home.write("model: [\n", config: "wrong")
        let removed = try await LoRARemove("mine", name: "sql").run(in: home.workspace, isDryRun: false) {
            _ in
            try? declare(["sql", "b"], in: home)
        }
        #expect(removed.name == "sql")
        #expect(try await home.declared("mine").map(\.name) == ["b"])
        let gone = await failure {
            try await LoRARemove("mine", name: "b").run(in: home.workspace, isDryRun: false) { _ in
                try? declare(["c"], in: home)
            }
        }
        #expect(gone?.kind == .notFound)
        #expect(try await home.declared("mine").map(\.name) == ["c"])
    }

    // MARK: Files that a launch has

    private func publish(_ type: String, rank: Int, in home: LoRAHome) throws {
        let adapter = SampleAdapter { $0.rank = rank }
        home.home.hub.publish(
            StubRepository("ada/sql-lora", files: ["sql-lora-\(type).gguf": .bytes(try adapter.gguf())])
        )
    }

    @Test func `an earlier state in another type goes, but stays for a launch that has it`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora")
        let first = try #require(try home.stored().first)
        try home.serve(first)
        try publish("f16", rank: 8, in: home)
        let reports = Reports()
        #expect(try await home.add("sql", "ada/sql-lora", reports: reports).rank == 8)
        #expect(Set(try home.stored().map(\.key.quant)) == ["f32", "f16"])
        #expect(reports.warnings.contains { $0.hasSuffix("whose files stay: \(folder(of: first))") })
        // What a launch is given from now on, and what is listed, is the newer one.
        let launch = try await Launch(try home.home.reference(home.served)).run(in: home.workspace) { _ in }
        #expect(launch.argv.contains { $0.hasSuffix("/sql-lora-f16.gguf") })
        #expect(try await home.list().map(\.rank) == [8])
        #expect(try await home.add("sql", "ada/sql-lora").wasThere)
        try home.serve(nil)
        try publish("bf16", rank: 2, in: home)
        #expect(try await home.add("sql", "ada/sql-lora").rank == 2)
        #expect(try home.stored().map(\.key.quant) == ["bf16"])
    }

    private func folder(of model: StoredModel) -> FilePath { model.layout.directory(of: model.key) }

    @Test func `files stay for a stack that shares the folder and serves them`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        let adapters = home.store.layout.volume
        try home.home.directory.write(
            "engine: llamacpp\nadapters: \(adapters)\nport: 8099\n",
            to: "home/stacks/second/stack.yaml"
        )
        try await home.add("sql", "ada/sql-lora")
        try home.serve(home.stored()[0], by: "second")
        #expect(try await home.remove(home.served, "sql").servedBy == ["second"])
        #expect(try home.stored().count == 1)
    }
}
