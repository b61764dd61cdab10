import Catalog
import Platform
import Testing

/// Names at registries of Ollama's kind.
struct OllamaReferenceTests {
    private func parse(_ text: String) throws -> OllamaReference {
        let reference = try ModelReference(parsing: text, environment: ["HOME": "/home/ada"])
        guard case .ollama(let name) = reference.source else { throw NotOllama() }
        #expect(reference.quantization == nil && reference.revision == nil)
        #expect(reference.description == name.description)
        #expect(try ModelReference(parsing: name.description) == reference)
        return name
    }

    private struct NotOllama: Error {}

    private static let usual = "https://registry.ollama.ai"

    @Test(
        arguments: [
            ("ollama://qwen2.5-coder:32b", "library/qwen2.5-coder", "32b", "ollama://qwen2.5-coder:32b"),
            ("ollama://llama3", "library/llama3", "latest", "ollama://llama3"),
            ("ollama://llama3:latest", "library/llama3", "latest", "ollama://llama3"),
            ("ollama://library/llama3:8b", "library/llama3", "8b", "ollama://llama3:8b"),
            ("ollama://ada/own:v1", "ada/own", "v1", "ollama://ada/own:v1"),
            ("Ollama://registry.ollama.ai/library/x:1", "library/x", "1", "ollama://x:1"),
            ("registry.ollama.ai/library/x:1", "library/x", "1", "ollama://x:1"),
            ("ollama.com/ada/own", "ada/own", "latest", "ollama://ada/own"),
            ("https://ollama.com/library/qwen3:8b?tab=tags", "library/qwen3", "8b", "ollama://qwen3:8b"),
            ("ollama://X:7B-Q4_K_M", "library/X", "7B-Q4_K_M", "ollama://X:7B-Q4_K_M"),
        ]
    )
    func `a name means its model at the usual registry`(
        _ text: String,
        _ repository: String,
        _ tag: String,
        _ canonical: String
    ) throws {
        let name = try parse(text)
        #expect((name.endpoint, name.repository, name.tag) == (Self.usual, repository, tag))
        #expect(name.description == canonical)
        #expect(name.page == "https://ollama.com/\(repository)/tags")
    }

    @Test(
        arguments: [
            ("ollama://hf.co/org/repo-GGUF:Q4_K_M", "https://hf.co", "ollama://hf.co/org/repo-GGUF:Q4_K_M"),
            ("ollama://Gpu1.lan:8443/a/b", "https://gpu1.lan:8443", "ollama://gpu1.lan:8443/a/b"),
            ("ollama+http://gpu1:80/a/b:c", "http://gpu1:80", "ollama+http://gpu1:80/a/b:c"),
            ("ollama://127.0.0.1:8080/library/x:t", "http://127.0.0.1:8080", nil),
            ("ollama://127.9.9.9/library/x:t", "http://127.9.9.9", nil),
            ("ollama://localhost:5000/a/b", "http://localhost:5000", nil),
            ("ollama://r.localhost/a/b", "http://r.localhost", nil),
            ("ollama+http://localhost/a/b", "http://localhost", "ollama://localhost/a/b"),
            ("ollama://127.0.0.1.example.com/a/b", "https://127.0.0.1.example.com", nil),
            ("ollama://128.0.0.1/a/b", "https://128.0.0.1", nil),
        ] as [(String, String, String?)]
    )
    func `a host is asked over TLS unless it is this machine or the name says so`(
        _ text: String,
        _ endpoint: String,
        _ canonical: String?
    ) throws {
        let name = try parse(text)
        #expect(name.endpoint == endpoint)
        #expect(name.description == canonical ?? text)
        #expect(name.page == nil)
    }

    @Test(
        arguments: [
            "ollama://", "ollama://:7b", "ollama://x:", "ollama://a:b:c", "ollama://a/b/c/d", "ollama://a//b",
            "ollama:///x", "ollama://x/", "ollama://-x", "ollama://x:-1", "ollama://a b", "ollama://é",
            "ollama://a..b", "ollama://../x", "ollama://a.b/x", "ollama://x@sha256:0", "ollama://x?y",
            "ollama://h:0/a/b", "ollama://h:65536/a/b", "ollama://h:+1/a/b", "ollama://h:/a/b",
            "ollama://user@h/a/b", "ollama://h:1:2/a/b", "ollama://-h/a/b", "ollama://h..x/a/b",
            "ollama://x%2F",
            "ollama+http://x", "ollama+http://a/b", "ollama+http://registry.ollama.ai/a/b",
            "https://ollama.com/", "https://ollama.com/x", "https://ollama.com/library/x/tags",
            "ollama.com/a/b/c",
            "ollama://" + String(repeating: "a", count: 81),
            "ollama://x:" + String(repeating: "1", count: 81),
        ]
    )
    func `what is no such name is refused as one`(_ text: String) {
        #expect(throws: ModelReferenceError.badRegistryName(text)) { try ModelReference(parsing: text) }
    }

    @Test(
        arguments: [
            ("ollama://qwen2.5-coder:32b", "ollama-qwen2.5-coder:32b"),
            ("ollama://llama3", "ollama-llama3:latest"),
            ("ollama://ada/own:v1", "ollama-ada--own:v1"),
            ("ollama://127.0.0.1:8080/library/x:t", "ollama-127.0.0.1-8080--library--x:t"),
            ("ollama://x:7b-instruct-q4_K_M", "ollama-x:7b-instruct-q4_k_m"),
            ("ollama://x:7b-fp16", "ollama-x:7b-f16"),
            ("ollama://hf.co/org/repo:Q8_0", "ollama-hf.co--org--repo-q8_0"),
        ]
    )
    func `the name that it is stored under reads back as itself`(_ text: String, _ stored: String) throws {
        #expect(try parse(text).storedName == stored)
        #expect(try ModelReference(parsing: stored).description == stored)
    }

    @Test func `a name that nobody could type again is none`() throws {
        let namespace = String(repeating: "a", count: 60)
        #expect(try parse("ollama://\(namespace)/\(namespace):x").storedName == nil)
    }

    @Test(
        arguments: [
            ("7b-instruct-q4_K_M", "q4_k_m"), ("q8_0", "q8_0"), ("8b-fp16", "f16"), ("32b", nil),
            ("latest", nil),
            ("30b-a3b", nil), ("e2b-it-qat", nil),
        ] as [(String, String?)]
    )
    func `a tag may name a quantization`(_ tag: String, _ quantization: String?) throws {
        #expect(try parse("ollama://x:\(tag)").quantization?.name == quantization)
    }
}

/// Catalogs whose quantizations are at a registry.
struct OllamaCatalogTests {
    private static let text = """
        models:
          mine:
            variants:
              7b:
                gguf:
                  repository: me/mine-GGUF
                  file: mine-q8_0.gguf
                  quants:
                    q8_0:
                    q4_k_m: {ollama: qwen2.5-coder:7b, sha256: \(Digest.of([1]).hex)}
                    q5_k_m: {ollama: "ollama://127.0.0.1:8080/a/b:c"}
        """

    private func catalog(_ text: String = text) throws -> ModelCatalog {
        try ModelCatalog.load([("m.yaml", Array(text.utf8))])
    }

    @Test func `a quantization may be at a registry and its neighbour on the hub`() throws {
        let gguf = try #require(catalog().entry(named: "mine")).gguf
        let places = Dictionary(uniqueKeysWithValues: gguf.map { ($0.key.name, $0.value) })
        #expect(places["q8_0"]?.place == .hub(repository: "me/mine-GGUF", file: "mine-q8_0.gguf"))
        let name = try #require(OllamaReference(parsing: "ollama://qwen2.5-coder:7b"))
        #expect(places["q4_k_m"] == GGUFSource(.ollama(name), sha256: Digest.of([1])))
        #expect(places["q4_k_m"]?.repository == "ollama://qwen2.5-coder:7b")
        #expect(places["q4_k_m"]?.file == nil)
        #expect(places["q5_k_m"]?.repository == "ollama://127.0.0.1:8080/a/b:c")
    }

    @Test(
        arguments: [
            (
                "{ollama: a/b/c/d}",
                "m.yaml:5:26: `a/b/c/d` is not a name of the form [[HOST/]NAMESPACE/]MODEL[:TAG]"
            ),
            (
                "{ollama: x, file: y.gguf}",
                "m.yaml:5:29: `file` cannot stand beside `ollama`: the registry has no files to name"
            ),
            (
                "{ollama: x, repository: a/b}",
                "m.yaml:5:29: `repository` cannot stand beside `ollama`: the registry has no files to name"
            ),
            ("{olama: x}", "m.yaml:5:18: unknown key `olama`: did you mean `ollama`?"),
        ]
    )
    func `a mistake is told with its place`(_ source: String, _ problem: String) {
        let text = "models:\n  mine:\n    gguf:\n      quants:\n        q4_k_m: \(source)\n"
        let problems = ModelCatalog.problems(in: Array(text.utf8), file: "m.yaml")
        #expect(problems.map(\.description).contains(problem))
    }

    @Test func `an addition writes the name, and it reads back`() throws {
        let name = try #require(OllamaReference(parsing: "ollama+http://gpu1:5000/a/b:7b"))
        let quantization = try #require(Quantization(parsing: "q4_k_m"))
        let addition = CatalogAddition(name: "mine", gguf: [quantization: GGUFSource(.ollama(name))])
        let text = String(decoding: try addition.text(addedTo: [], file: "m.yaml"), as: UTF8.self)
        #expect(text.contains("ollama: \"ollama+http://gpu1:5000/a/b:7b\"\n"))
        #expect(try catalog(text).entry(named: "mine")?.gguf[quantization]?.place == .ollama(name))
    }
}
