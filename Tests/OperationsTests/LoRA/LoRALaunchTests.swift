import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What a launch makes of the adapters that a model's configuration declares.
struct LoRALaunchTests {
    private func argv(_ home: LoRAHome) async throws -> [String] {
        try await Launch(try home.home.reference(home.served)).run(in: home.workspace) { _ in }.argv
    }

    private func value(of flag: String, _ argv: [String]) throws -> String {
        argv[try #require(argv.firstIndex(of: flag)) + 1]
    }

    private func declare(_ text: String, in home: LoRAHome) throws {
        let file = home.workspace.home.configFile(of: "mine")
        try FileSystem.createDirectory(file.removingLastComponent())
        try FileSystem.write(Array("model: \(home.served)\n\(text)".utf8), to: file)
    }

    @Test func `llama.cpp is given the file, and the strength where one is set`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora")
        let path = "/adapters/ada--sql-lora/gguf/f32/sql-lora-f32.gguf"
        #expect(try value(of: "--lora", await argv(home)) == path)
        try await home.add("sql", "ada/sql-lora", scale: 0)
        #expect(try value(of: "--lora-scaled", await argv(home)) == "\(path):0")
    }

    @Test func `vLLM is given the folder under the adapter's name, and the rank`() async throws {
        let home = try await LoRAHome("vllm", AdapterRepository.peft("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora")
        let argv = try await argv(home)
        #expect(try value(of: "--lora-modules", argv) == "sql=/adapters/ada--sql-lora/safetensors/bf16")
        #expect(try value(of: "--max-lora-rank", argv) == "8")
    }

    @Test func `mistral.rs is given the folder too`() async throws {
        let home = try await LoRAHome("mistral", AdapterRepository.peft("ada/sql-lora"))
        try await home.add("sql", "ada/sql-lora")
        let argv = try await argv(home)
        #expect(try value(of: "--lora", argv) == "sql=/adapters/ada--sql-lora/safetensors/bf16")
        #expect(try value(of: "--lora-max-rank", argv) == "4")
    }

    @Test func `an adapter that is declared and not stored stops a launch, and a pull brings it`()
        async throws
    {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        try declare("lora: [{name: sql, source: ada/sql-lora}]\n", in: home)
        let failure = await #expect(throws: Failure.self) { try await argv(home) }
        #expect(failure?.kind == .notFound)
        #expect(failure?.hint == "fetch it with `stackctl llamacpp pull --lora ada/sql-lora`")
        _ = try await AdapterPull(try home.home.reference("ada/sql-lora")).run(in: home.workspace) { _ in }
        #expect(try await argv(home).contains("--lora"))
        let stored = try #require(try home.stored().first)
        try FileSystem.remove(stored.path(of: stored.manifest.files[0]))
        let again = await #expect(throws: Failure.self) { try await argv(home) }
        #expect(again?.kind == .notFound)
    }

    @Test func `one that is declared by hand and cannot be served stops a launch before the engine`()
        async throws
    {
        let dora = SampleAdapter { $0.entries = ["use_dora": "true"] }
        let home = try await LoRAHome("vllm", AdapterRepository.peft("ada/sql-lora", dora))
        try declare("lora: [{name: sql, source: ada/sql-lora}]\n", in: home)
        _ = try await AdapterPull(try home.home.reference("ada/sql-lora")).run(in: home.workspace) { _ in }
        let failure = await #expect(throws: Failure.self) { try await argv(home) }
        #expect((failure?.kind, failure?.message.contains("DoRA")) == (.unsupported, true))
    }

    @Test func `a path in a configuration begins at the home`() async throws {
        let home = try await LoRAHome("llamacpp")
        try declare("lora: [{name: sql, source: ./tuned/sql.gguf}]\n", in: home)
        let file = home.workspace.home.path.appending("tuned/sql.gguf")
        try FileSystem.createDirectory(file.removingLastComponent())
        try FileSystem.write(try SampleAdapter().gguf(), to: file)
        try await home.add("sql", file.string, to: "mine")
        #expect(try value(of: "--lora", await argv(home)).hasSuffix("/gguf/f32/sql.gguf"))
        #expect(try await home.declared("mine").map(\.source) == ["./tuned/sql.gguf"])
    }
}
