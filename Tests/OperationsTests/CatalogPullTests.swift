import Catalog
import Operations
import Platform
import TestSupport
import Testing

/// Pulls of names that a home's own models.yaml declares.
struct CatalogPullTests {
    private func home(sha256: String? = nil) throws -> TestHome {
        let home = try TestHome(
            StubRepository(
                "me/mine-GGUF",
                files: ["mine-Q4_K_M.gguf": try smallGGUF(1), "mine-Q8_0.gguf": try smallGGUF(2)]
            ),
            StubRepository("me/older", files: ["older.q4_k_m.gguf": try smallGGUF(3)])
        )
        let pin = sha256.map { "\n            sha256: \($0)" } ?? ""
        try home.directory.write(
            """
            models:
              mine:
                default: 7b
                variants:
                  7b:
                    aliases: [small]
                    safetensors: me/mine
                    gguf:
                      repository: me/mine-GGUF
                      file: mine-{QUANT}.gguf
                      quants: [q4_k_m]
              older:
                huggingface_id: me/older
                formats:
                  gguf:
                    q4_k_m:
                        file: older.q4_k_m.gguf\(pin)

            """,
            to: "home/config/models.yaml"
        )
        return home
    }

    @Test(arguments: ["mine:7b", "mine", "mine:small", "mine:7b-q4_k_m", "MINE:7B"])
    func `a name leads to its repository and file, and is stored under itself`(name: String) async throws {
        let home = try home()
        #expect(try await home.pull(name).model == "mine:7b")
        #expect(try home.read("mine-7b/gguf/q4_k_m/mine-Q4_K_M.gguf") == smallGGUF(1).all)
        home.hub.forgetRequests()
        #expect(try await home.pull("mine").wasThere)
        #expect(home.hub.requests().count == 1)
    }

    @Test func `a quantization that the catalog does not list is looked for beside the others`() async throws
    {
        let home = try home()
        #expect(try await home.pull("mine:7b-q8_0").quant == "q8_0")
        let failure = try await home.failedPull("mine:7b-q2_k")
        #expect(failure.kind == .unsupported)
        #expect(failure.hint == "it has q4_k_m, q8_0")
    }

    @Test func `the older shape with the right hash is pulled`() async throws {
        let home = try home(sha256: smallGGUF(3).sha256.hex)
        #expect(try await home.pull("older").quant == "q4_k_m")
    }

    @Test func `a hash that is not the declared one is invalid before any download`() async throws {
        let home = try home(sha256: String(repeating: "0", count: 64))
        let failure = try await home.failedPull("older")
        #expect(failure.kind == .invalid)
        #expect(
            failure.message == "`older.q4_k_m.gguf` on the hub has another hash than the catalog's `sha256`"
        )
        #expect(home.hub.requests(.cdn).isEmpty)
    }

    @Test func `a name without the engine's format is unsupported, and the other one is named`() async throws
    {
        let failure = try await home().failedPull("older", stack: "vllm")
        #expect(failure.kind == .unsupported)
        #expect(failure.hint?.contains("`--format gguf`") == true)
    }

    @Test func `a mistake in the file is told with its line and column`() async throws {
        let home = try TestHome()
        try home.directory.write(
            "models:\n  mine:\n    safetensors: a/b\n    licens: mit\n",
            to: "home/config/models.yaml"
        )
        let failure = try await home.failedPull("mine")
        #expect(failure.kind == .invalid)
        #expect(failure.message.contains("config/models.yaml:4:5: "))
    }

    @Test func `an unknown size lists those that there are`() async throws {
        let failure = try await home().failedPull("mine:8b")
        #expect(failure.kind == .notFound)
        #expect(failure.hint == "did you mean `mine:7b`?")
    }

    @Test func `the catalog is asked by name, and only by name`() throws {
        let home = try home()
        let entry = try CatalogLookup(try home.reference("mine:small")).run(in: home.workspace())
        #expect(entry.reference == "mine:7b")
        let failure = #expect(throws: Failure.self) {
            try CatalogLookup(try home.reference("me/mine")).run(in: home.workspace())
        }
        #expect(failure?.kind == .notFound)
    }
}
