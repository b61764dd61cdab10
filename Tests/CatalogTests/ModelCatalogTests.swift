import Catalog
import Platform
import TestSupport
import Testing

struct ModelCatalogTests {
    static let text = """
        models:
          qwen2.5-coder:
            description: Code
            family: qwen2
            licence: apache-2.0
            gated: false
            use_cases: [code]
            tags: [coding, multilingual]
            default: 7b
            variants:
              32b:
                safetensors: Qwen/Qwen2.5-Coder-32B-Instruct
                parameters: 32763876352
                licence: other
                gated: true
              7b:
                aliases: [7b-instruct, latest]
                safetensors: Qwen/Qwen2.5-Coder-7B-Instruct
                tokenizer: Qwen/Tokenizer
                gguf:
                  repository: Qwen/Qwen2.5-Coder-7B-Instruct-GGUF
                  file: qwen2.5-coder-7b-instruct-{quant}.gguf
                  quants:
                    q4_k_m: {}
                    Q5:
                    q8_0: {repository: bartowski/X-GGUF, file: X-Q8_0.gguf}
                parameters: 7615616512
                layers: 28
                heads: 28
                kv_heads: 4
                head_size: 128
                context: 32768
                size: medium
                recommended: true
          Phi-2:
            huggingface_id: microsoft/phi-2
            description: Small
            formats:
              safetensors: {}
              gguf:
                q4_k_m:
                  file: phi-2.Q4_K_M.gguf
                  repository: TheBloke/phi-2-GGUF
                  sha256: 248DFC39A1B2C3D4E5F60718293A4B5C6D7E8F90A1B2C3D4E5F60718293A4B5C
                q8_0: {file: q8.gguf}
          mine-awq:
            safetensors: me/mine-AWQ
        """

    private func load(_ text: String = text) throws -> ModelCatalog {
        try ModelCatalog.load([("models.yaml", Array(text.utf8))])
    }

    private func quantization(_ name: String) throws -> Quantization {
        try #require(Quantization(parsing: name))
    }

    @Test func `an entry has what was declared and what its model says for all`() throws {
        let entry = try #require(try load().entry(named: "qwen2.5-coder", tag: "7b"))
        #expect(entry.reference == "qwen2.5-coder:7b")
        #expect(entry.aliases == ["7b-instruct", "latest"])
        #expect(entry.isDefault && entry.recommended)
        #expect((entry.description, entry.family, entry.licence) == ("Code", "qwen2", "apache-2.0"))
        #expect(entry.gated == false)
        #expect((entry.useCases, entry.tags) == (["code"], ["coding", "multilingual"]))
        #expect(entry.safetensors == "Qwen/Qwen2.5-Coder-7B-Instruct")
        #expect(entry.tokenizer == "Qwen/Tokenizer")
        #expect((entry.parameters, entry.layers, entry.heads) == (7_615_616_512, 28, 28))
        #expect((entry.kvHeads, entry.headSize, entry.context) == (4, 128, 32768))
        #expect(entry.sizeClass == .medium)
        #expect(entry.origin.description == "models.yaml")
    }

    @Test func `a variant says what differs from its model, and the rest is left open`() throws {
        let entry = try #require(try load().entry(named: "qwen2.5-coder", tag: "32b"))
        #expect((entry.licence, entry.description) == ("other", "Code"))
        #expect(entry.gated == true)
        #expect(entry.tokenizer == "Qwen/Qwen2.5-Coder-32B-Instruct")
        #expect(entry.sizeClass == .large)
        #expect(!entry.isDefault && !entry.recommended && entry.gguf.isEmpty)
        #expect(entry.layers == nil && entry.context == nil)
    }

    @Test func `quantizations have their repository and the file's name filled in`() throws {
        let entry = try #require(try load().entry(named: "qwen2.5-coder"))
        #expect(entry.quantizations.map(\.name) == ["q4_k_m", "q5_k_m", "q8_0"])
        let own = "Qwen/Qwen2.5-Coder-7B-Instruct-GGUF"
        #expect(
            try entry.gguf[quantization("q5")]
                == GGUFSource(repository: own, file: "qwen2.5-coder-7b-instruct-q5_k_m.gguf", sha256: nil)
        )
        #expect(
            try entry.gguf[quantization("q8_0")]
                == GGUFSource(repository: "bartowski/X-GGUF", file: "X-Q8_0.gguf", sha256: nil)
        )
    }

    @Test func `the older shape reads as a model without a tag`() throws {
        let entry = try #require(try load().entry(named: "phi-2"))
        #expect(entry.reference == "phi-2")
        #expect((entry.safetensors, entry.tokenizer) == ("microsoft/phi-2", "microsoft/phi-2"))
        let hash = "248dfc39a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c"
        let source = try #require(entry.gguf[quantization("q4_k_m")])
        #expect((source.repository, source.file) == ("TheBloke/phi-2-GGUF", "phi-2.Q4_K_M.gguf"))
        #expect(source.sha256 == Digest(.sha256, hex: hash))
        #expect(try entry.gguf[quantization("q8")]?.repository == "microsoft/phi-2")
    }

    @Test(
        arguments: [
            ("{quant}", "q4_k_m", "m-q4_k_m.gguf"), ("{QUANT}", "q4_k_m", "m-Q4_K_M.gguf"),
            ("{QUANT}", "ud_q4_k_xl", "m-UD-Q4_K_XL.gguf"), ("{quant}", "ud_q4_k_xl", "m-ud-q4_k_xl.gguf"),
            ("{QUANT}", "i1_iq4_xs", "m-i1-IQ4_XS.gguf"), ("{QUANT}/{QUANT}", "q8_0", "m-Q8_0/Q8_0.gguf"),
        ]
    )
    func `a pattern is filled the way publishers write`(_ pattern: String, _ quant: String, _ file: String)
        throws
    {
        let text = "models: {m: {gguf: {repository: a/b, file: 'm-\(pattern).gguf', quants: [\(quant)]}}}"
        #expect(try load(text).entry(named: "m")?.gguf[quantization(quant)]?.file == file)
    }

    @Test func `one file without a list of quantizations is what its name says`() throws {
        let entry = try load("models: {m: {gguf: {repository: a/b, file: x-Q6_K.gguf}}}").entry(named: "m")
        #expect(
            entry?.gguf.map { ($0.key.name, $0.value.file) }.first.map { $0 == ("q6_k", "x-Q6_K.gguf") }
                == true
        )
    }

    // MARK: Looking up

    @Test(
        arguments: [
            ("QWEN2.5-Coder", nil, "qwen2.5-coder:7b"), ("qwen2.5-coder", "7B-Instruct", "qwen2.5-coder:7b"),
            ("qwen2.5-coder", "latest", "qwen2.5-coder:7b"), ("qwen2.5-coder", "32b", "qwen2.5-coder:32b"),
            ("PHI-2", "latest", "phi-2"), ("qwen2.5-coder", "8b", nil), ("phi", nil, nil), ("", nil, nil),
        ] as [(String, String?, String?)]
    )
    func `names are found in any case, by tag or alias`(_ name: String, _ tag: String?, _ expected: String?)
        throws
    {
        #expect(try load().entry(named: name, tag: tag)?.reference == expected)
    }

    @Test(
        arguments: [
            ("qwen2.5-coder:7b-q5", "qwen2.5-coder:7b", "q5_k_m"),
            ("qwen2.5-coder-q4", "qwen2.5-coder:7b", "q4_k_m"),
            ("mine-awq", "mine-awq", nil), ("phi-2", "phi-2", nil),
            ("qwen2.5-coder:32b", "qwen2.5-coder:32b", nil),
        ] as [(String, String, String?)]
    )
    func `a reference finds its entry and keeps its quantization`(
        _ text: String,
        _ expected: String,
        _ quantization: String?
    ) throws {
        let found = try #require(try load().entry(for: ModelReference(parsing: text)))
        #expect(found.entry.reference == expected)
        #expect(found.quantization?.name == quantization)
    }

    @Test func `a reference to the hub has no entry`() throws {
        #expect(try load().entry(for: ModelReference(parsing: "Qwen/Qwen3-8B")) == nil)
    }

    @Test(
        arguments: [
            ("qwen2.5-codr:7b", "qwen2.5-coder:7b"), ("qwen2.5-coder:8b", "qwen2.5-coder:7b"),
            ("qwen25-coder", "qwen2.5-coder:7b"), ("ph-2", "phi-2"), ("qwn", "qwen2.5-coder:7b"),
            ("Qwen2.5-Coder:7b-instrct", "qwen2.5-coder:7b"),
        ]
    )
    func `the nearest name of a typo comes first`(_ typo: String, _ expected: String) throws {
        #expect(try load().nearest(to: typo).first == expected)
    }

    @Test func `a tag that is far from all still shows which there are`() throws {
        #expect(try load().nearest(to: "qwen2.5-coder:giant") == ["qwen2.5-coder:7b", "qwen2.5-coder:32b"])
        #expect(try load().nearest(to: "zzzzzz").isEmpty)
        #expect(try load().nearest(to: "").isEmpty)
    }

    @Test func `a search needs every word somewhere`() throws {
        let catalog = try load()
        #expect(catalog.search(["CODE"]).map(\.reference) == ["qwen2.5-coder:7b", "qwen2.5-coder:32b"])
        #expect(catalog.search(["qwen", "large"]).map(\.reference) == ["qwen2.5-coder:32b"])
        #expect(catalog.search(["microsoft"]).map(\.reference) == ["phi-2"])
        #expect(catalog.search(["qwen", "tiny"]).isEmpty)
        #expect(catalog.search([]).count == 4)
    }

    @Test func `entries are sorted by name, then from small to large`() throws {
        #expect(
            try load().entries.map(\.reference) == [
                "mine-awq", "phi-2", "qwen2.5-coder:7b", "qwen2.5-coder:32b",
            ]
        )
    }

    @Test(
        arguments: [
            ("variants: {b: {safetensors: a/b}, c: {safetensors: a/c}}", "b"),
            ("variants: {b: {safetensors: a/b}, c: {safetensors: a/c, recommended: true}}", "c"),
            ("variants: {b: {safetensors: a/b}, c: {safetensors: a/c, aliases: latest}}", "c"),
            ("default: c-x, variants: {b: {safetensors: a/b}, c: {safetensors: a/c, aliases: [c-x]}}", "c"),
        ]
    )
    func `the bare name means the default, else latest, else the recommended, else the first`(
        _ model: String,
        _ tag: String
    ) throws {
        let catalog = try load("models: {m: {\(model)}}")
        #expect(catalog.entry(named: "m")?.tag == tag)
        #expect(catalog.entry(named: "m", tag: "latest")?.tag == tag)
    }

    @Test(arguments: [
        (0, SizeClass.tiny), (2_000_000_000, .small), (5_000_000_000, .medium), (12_000_000_000, .large),
        (40_000_000_000, .huge),
    ])
    func `the size class begins at its bound`(_ parameters: Int, _ size: SizeClass) {
        #expect(SizeClass(parameters: parameters) == size)
        #expect(parameters == 0 || SizeClass(parameters: parameters - 1) < size)
    }
}
