import Catalog
import Formats
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// Models of a registry that come with adapters on their weights.
struct OllamaAdapterTests {
    private static let name = "ada/sql:q8_0"
    private static let model = "sql"
    private static let adapter = "sql/gguf/q8_0/adapter-sql-q8_0.gguf"

    private func adapterGGUF(_ number: UInt32 = 7) throws -> StubContent {
        .bytes(try GGUFBuilder.tiny(contextLength: number, extra: [("general.type", .string("adapter"))]))
    }

    private func home() throws -> (TestHome, StubRegistry) {
        try OllamaHome.with(Self.name, ["model": smallGGUF(), "adapter": adapterGGUF()])
    }

    private func pull(_ home: TestHome, _ registry: StubRegistry, stack: String = "llamacpp") async throws
        -> Pull.Outcome
    {
        try await home.pull(registry.name(Self.name), stack: stack) { $0.name = Self.model }
    }

    private func adapters(_ home: TestHome) -> FilePath {
        home.directory.appending("home/stacks/llamacpp/adapters")
    }

    private func launch(_ home: TestHome) async throws -> Launch.Command {
        try await Launch(try home.reference(Self.model)).run(in: home.workspace(), report: { _ in })
    }

    @Test func `an adapter is kept apart from the models, and the launch lays it over its own`() async throws
    {
        let (home, registry) = try home()
        let outcome = try await pull(home, registry)
        #expect(outcome.files == 1)
        #expect(try home.visibleFiles() == ["sql/gguf/q8_0/manifest.json", "sql/gguf/q8_0/sql-q8_0.gguf"])
        let path = adapters(home).pushing(FilePath(Self.adapter))
        #expect(try FileSystem.read(path) == adapterGGUF().all)
        let argv = try await launch(home).argv
        let flag = try #require(argv.firstIndex(of: "--lora"))
        #expect(argv[flag + 1] == "/adapters/\(Self.adapter)")
        let shown = try await Show(try home.reference(Self.model)).run(in: home.workspace())
        #expect(shown.adapters?.map(\.string) == [Self.adapter])
        registry.forgetRequests()
        #expect(try await pull(home, registry).wasThere)
        #expect(registry.requests.count == 1)
    }

    @Test func `it is verified and repaired with its model`() async throws {
        let (home, registry) = try home()
        _ = try await pull(home, registry)
        let path = adapters(home).pushing(FilePath(Self.adapter))
        try File(path, .update).write([0xAA].span.bytes, at: 100)
        for references in [[], [try home.reference(Self.model)]] {
            let checked = try await Verify(references).run(in: home.workspace()) { _ in }
            #expect(checked.map(\.state) == [.ok, .differs])
        }
        registry.forgetRequests()
        let repaired = try await Verify([], repairs: true).run(in: home.workspace()) { _ in }
        #expect(repaired.map(\.repaired) == [nil, true])
        #expect(registry.bytesStored == (try adapterGGUF().size))
        #expect(try FileSystem.read(path) == adapterGGUF().all)
    }

    @Test func `a lost adapter is noticed by a launch, and a pull brings it back alone`() async throws {
        let (home, registry) = try home()
        _ = try await pull(home, registry)
        try FileSystem.remove(adapters(home).pushing(FilePath(Self.adapter)))
        let failure = await #expect(throws: Failure.self) { try await launch(home) }
        #expect(
            (failure?.kind, failure?.message) == (
                .invalid, "the adapter `\(Self.adapter)` of `sql` is missing"
            )
        )
        registry.forgetRequests()
        #expect(try await !pull(home, registry).wasThere)
        #expect(registry.bytesStored == (try adapterGGUF().size))
        _ = try await launch(home)
    }

    @Test func `it goes with its model, and with a state of the model that has none`() async throws {
        let (home, registry) = try home()
        _ = try await pull(home, registry)
        let remove = Remove([try home.reference(Self.model)])
        let plan = try await remove.plan(in: home.workspace()) { _ in }
        #expect(plan.items.map(\.sizeBytes.bytes) == [try smallGGUF().size + adapterGGUF().size])
        try remove.run(plan)
        #expect(!FileSystem.exists(adapters(home).appending("sql")))
        _ = try await pull(home, registry)
        #expect(FileSystem.exists(adapters(home).appending("sql")))
        registry.publish(Self.name, layers: ["model": try smallGGUF()])
        _ = try await pull(home, registry)
        #expect(!FileSystem.exists(adapters(home).appending("sql")))
        #expect(try await !launch(home).argv.contains("--lora"))
    }

    @Test func `several are all laid over it`() async throws {
        let (home, registry) = try home()
        registry.publish(
            Self.name,
            layers: ["model": try smallGGUF(), "adapter": try adapterGGUF(), "adapter": try adapterGGUF(8)]
        )
        _ = try await pull(home, registry)
        let argv = try await launch(home).argv
        let paths = ["adapter-sql-q8_0.gguf", "adapter-sql-q8_0-2.gguf"].map {
            "/adapters/sql/gguf/q8_0/\($0)"
        }
        #expect(argv.contains(paths.joined(separator: ",")))
    }

    @Test func `an adapter that is no GGUF is not stored, and neither is its model`() async throws {
        let (home, registry) = try home()
        registry.publish(Self.name, layers: ["model": try smallGGUF(), "adapter": .text("ggla and so on")])
        let failure = try await home.failedPull(registry.name(Self.name))
        #expect(failure.kind == .invalid)
        #expect(try home.visibleFiles().isEmpty)
        #expect(try FileSystem.walk(adapters(home)).map(\.path).allSatisfy { $0.hasPrefix(".stackctl/") })
    }

    @Test func `an engine that is given no adapters refuses before the first byte`() async throws {
        let (home, registry) = try home()
        let failure = try await home.failedPull(registry.name(Self.name), stack: "mistral")
        #expect((failure.kind, failure.hint) == (.unsupported, "use a stack of llama.cpp"))
        #expect(registry.storageRequests.isEmpty)
    }
}
