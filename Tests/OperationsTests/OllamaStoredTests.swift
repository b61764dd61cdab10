import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What was pulled by an Ollama name, looked at, verified, repaired and removed.
struct OllamaStoredTests {
    private static let name = "library/tiny:q8_0"

    private func pulled() async throws -> (home: TestHome, registry: StubRegistry, path: FilePath) {
        let (home, registry) = try OllamaHome.with(Self.name, ["model": smallGGUF()])
        let outcome = try await home.pull(registry.name(Self.name))
        registry.forgetRequests()
        return (home, registry, FilePath(outcome.path).appending("tiny-q8_0.gguf"))
    }

    private func spoil(_ path: FilePath) throws {
        try File(path, .update).write([0xAA].span.bytes, at: 100)
    }

    @Test func `it is listed with what to type to pull it again`() async throws {
        let (home, registry, _) = try await pulled()
        let line = try #require(try await Listing().run(in: home.workspace()) { _ in }.first)
        #expect((line.model, line.state) == ("ollama-\(registry.stem)--library--tiny-q8_0", .ready))
        #expect(line.source == registry.name(Self.name))
        #expect(line.revision?.count == 64)
    }

    @Test func `it is shown by the name that it was pulled by and by the one that it has`() async throws {
        let (home, registry, _) = try await pulled()
        for name in [registry.name(Self.name), "ollama-\(registry.stem)--library--tiny:q8_0"] {
            let shown = try await Show(try home.reference(name)).run(in: home.workspace())
            #expect((shown.source.kind, shown.source.endpoint) == ("ollama", registry.endpoint))
            #expect((shown.source.repository, shown.source.requestedRevision) == ("library/tiny", "q8_0"))
            #expect(shown.adapters == nil)
        }
        let failure = await #expect(throws: Failure.self) {
            try await Show(try home.reference("ollama://other")).run(in: home.workspace())
        }
        #expect(failure?.hint == "pull it with `stackctl llamacpp pull ollama://other`")
        #expect(registry.requests.isEmpty)
    }

    @Test func `a repair fetches the blob again, without its manifest`() async throws {
        let (home, registry, path) = try await pulled()
        registry.withdraw(Self.name)
        try spoil(path)
        let checked = try await Verify([try home.reference(registry.name(Self.name))], repairs: true)
            .run(in: home.workspace()) { _ in }
        #expect(checked.map(\.state) == [.differs])
        #expect(checked.map(\.repaired) == [true])
        #expect(try FileSystem.read(path) == smallGGUF().all)
        let digest = try smallGGUF().sha256
        #expect(registry.requests.map(\.request.path) == ["/v2/library/tiny/blobs/\(digest)"])
        #expect(try home.partials().isEmpty)
    }

    @Test func `a blob that the registry has no more cannot be repaired, and that is said`() async throws {
        let (home, registry, path) = try await pulled()
        registry.withdraw(blob: try smallGGUF())
        try spoil(path)
        let checked = try await Verify([], repairs: true).run(in: home.workspace()) { _ in }
        #expect(checked.map(\.repaired) == [false])
        #expect(checked.map(\.fix) == ["fetch the model anew with `pull --force`"])
    }

    @Test func `it is removed by the name that it was pulled by`() async throws {
        let (home, registry, _) = try await pulled()
        let remove = Remove([try home.reference(registry.name(Self.name))])
        let plan = try await remove.plan(in: home.workspace()) { _ in }
        try remove.run(plan)
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `a manifest of an earlier stackctl still reads`() async throws {
        let (home, _, path) = try await pulled()
        let place = path.removingLastComponent().appending("manifest.json")
        let text = String(decoding: try FileSystem.read(place), as: UTF8.self)
        let older = text.replacing("\"ollama\"", with: "\"hub\"")
        #expect(older != text && !older.contains("adapters"))
        try FileSystem.write(Array(older.utf8), to: place)
        #expect(try await Listing().run(in: home.workspace()) { _ in }.map(\.state) == [.ready])
    }
}

/// Names of the catalog whose quantizations are at a registry.
struct OllamaCatalogPullTests {
    private func home(sha256: String? = nil) throws -> (TestHome, StubRegistry) {
        let (home, registry) = try OllamaHome.with(
            "library/tiny:1b",
            ["model": smallGGUF()],
            fileType: "Q8_0"
        )
        let pin = sha256.map { ", sha256: \($0)" } ?? ""
        try home.directory.write(
            """
            models:
              mine:
                gguf:
                  quants:
                    q8_0: {ollama: "\(registry.name("library/tiny:1b"))"\(pin)}
                    q4_0: {ollama: "\(registry.name("library/tiny:1b"))"}

            """,
            to: "home/config/models.yaml"
        )
        return (home, registry)
    }

    @Test(arguments: ["mine", "mine-q8_0", "mine:q8"])
    func `a name leads to its registry, and is stored under itself`(name: String) async throws {
        let (home, registry) = try home()
        let outcome = try await home.pull(name)
        #expect((outcome.model, outcome.quant) == ("mine", "q8_0"))
        registry.forgetRequests()
        #expect(try await home.pull("mine").wasThere)
        #expect(registry.requests.count == 1)
        let lines = try await Listing(includesCatalog: true).run(in: home.workspace()) { _ in }
        #expect(lines.first { $0.model == "mine" }?.source == registry.name("library/tiny:1b"))
    }

    @Test func `an entry that promises another quantization is found out before the first byte`() async throws
    {
        let (home, registry) = try home()
        let failure = try await home.failedPull("mine:q4_0")
        #expect(failure.kind == .unsupported)
        #expect(failure.message == "`\(registry.name("library/tiny:1b"))` is q8_0, not q4_0")
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `a quantization that is not declared is nowhere else to be found`() async throws {
        let (home, registry) = try home()
        let failure = try await home.failedPull("mine:q2_k")
        #expect((failure.kind, failure.hint) == (.unsupported, "it has q4_0, q8_0"))
        #expect(registry.requests.isEmpty)
    }

    @Test func `a hash that is not the declared one is invalid before any download`() async throws {
        let (home, registry) = try home(sha256: String(repeating: "0", count: 64))
        let failure = try await home.failedPull("mine:q8_0")
        #expect(failure.kind == .invalid)
        #expect(
            failure.message
                == "`tiny-1b.gguf` of `\(registry.name("library/tiny:1b"))` has another hash than the catalog's `sha256`"
        )
        let (right, open) = try self.home(sha256: smallGGUF().sha256.hex)
        #expect(try await right.pull("mine").quant == "q8_0")
        #expect(open.requests.count == 3)
    }

    @Test func `a revision of such an entry is refused`() async throws {
        let (home, _) = try home()
        let failure = try await home.failedPull("mine") { $0.revision = "v1" }
        #expect(failure.kind == .unsupported)
    }
}
