import Catalog
import Platform
import SystemPackage
import TestSupport
import Testing

struct CatalogAdditionTests {
    private func source(_ file: String, sha256: Digest? = nil) -> GGUFSource {
        GGUFSource(repository: "me/m-GGUF", file: file, sha256: sha256)
    }

    private func addition(_ name: String = "mine", tag: String? = nil) throws -> CatalogAddition {
        CatalogAddition(
            name: name,
            tag: tag,
            safetensors: "me/m",
            gguf: [try #require(Quantization(parsing: "q8_0")): source("m-Q8_0.gguf")]
        )
    }

    private func added(_ addition: CatalogAddition, to text: String) throws -> String {
        String(decoding: try addition.text(addedTo: Array(text.utf8), file: "m.yaml"), as: UTF8.self)
    }

    @Test func `the first model makes the file, with a word on what it is`() throws {
        let home = try TemporaryDirectory()
        let file = try addition().write(home: home.appending("new/home"))
        #expect(file == home.appending("new/home/config/models.yaml"))
        let text = String(decoding: try FileSystem.read(file), as: UTF8.self)
        #expect(text.hasPrefix("# Models of your own"))
        #expect(
            text.hasSuffix(
                """
                models:
                  mine:
                    safetensors: me/m
                    gguf:
                      quants:
                        q8_0:
                          repository: me/m-GGUF
                          file: m-Q8_0.gguf

                """
            )
        )
        let catalog = try ModelCatalog.load(home: home.appending("new/home"))
        #expect(catalog.entry(named: "mine")?.safetensors == "me/m")
    }

    @Test func `everything that was said reads back as it was said`() throws {
        var full = try addition("full", tag: "7b")
        full.description = "Says \"no\": a # b, 'c' \\ d\nline two é \u{202E}\u{2028}\u{7F}"
        full.tokenizer = "me/tokenizer"
        full.family = "qwen2"
        full.licence = "no"
        full.gated = true
        full.parameters = 7_615_616_512
        full.context = 32768
        let digest = Digest.of([1])
        full.gguf = [
            try #require(Quantization(parsing: "q4")): source("sub dir/m: q4 #1.gguf", sha256: digest)
        ]
        let text = try added(full, to: "")
        let entry = try #require(
            try ModelCatalog.load([("m.yaml", Array(text.utf8))]).entry(named: "full", tag: "7b")
        )
        #expect(entry.description == full.description)
        #expect((entry.tokenizer, entry.family, entry.licence) == ("me/tokenizer", "qwen2", "no"))
        #expect(entry.gated == true)
        #expect((entry.parameters, entry.context) == (7_615_616_512, 32768))
        #expect(entry.gguf == full.gguf)
    }

    @Test(
        arguments: [
            "models: # mine\n  # first\n  a:   {safetensors: a/b}   # keep\n\n  # last\n",
            "models:\n    a:\n        safetensors: a/b\n        description: |\n            text\n\n",
            "models:\r\n  a: {safetensors: a/b}\r\n", "models:\n  a: {safetensors: a/b}", "models:\n",
            "# nothing yet\n", "",
            "models: {}\n", "models: {} # empty\n", "---\nmodels:\n  a: {safetensors: a/b}\n",
            "\u{FEFF}models:\n  a: {safetensors: a/b}\n",
        ]
    )
    func `lines that were there stay as they are`(_ text: String) throws {
        let result = try added(addition(), to: text)
        let kept = text.replacing("{}", with: "")
        #expect(result.hasPrefix(kept))
        let catalog = try ModelCatalog.load([("m.yaml", Array(result.utf8))])
        #expect(catalog.entry(named: "mine")?.safetensors == "me/m")
        #expect(catalog.entries.count == (text.contains("a/b") ? 2 : 1))
        #expect(result.contains("\r\n") == text.contains("\r\n"))
    }

    @Test func `a further size is put into its model`() throws {
        let text =
            "models:\n  mine:\n    variants:\n      7b:\n        safetensors: me/a\n"
            + "  # of z\n  z: {safetensors: a/z}\n"
        var addition = CatalogAddition(name: "MINE", tag: "8b", description: "Larger", safetensors: "me/b")
        addition.context = 4096
        #expect(
            try added(addition, to: text) == """
                models:
                  mine:
                    variants:
                      7b:
                        safetensors: me/a
                      8b:
                        description: Larger
                        safetensors: me/b
                        context: 4096
                  # of z
                  z: {safetensors: a/z}

                """
        )
    }

    @Test func `what is declared already is not declared twice`() throws {
        let text = "models:\n  mine: {variants: {7b: {safetensors: a/b, aliases: [chat]}}}\n"
        let block = "models:\n  mine:\n    variants:\n      7b: {safetensors: a/b, aliases: [chat]}\n"
        #expect(throws: CatalogAdditionError.exists("mine")) { try added(addition(), to: text) }
        #expect(throws: CatalogAdditionError.exists("mine:7B")) { try added(addition(tag: "7B"), to: block) }
        #expect(throws: CatalogAdditionError.exists("mine:chat")) {
            try added(addition(tag: "chat"), to: block)
        }
    }

    @Test(
        arguments: [
            "models: {a: {safetensors: a/b}}\n", "models: null\n", "models:\n  a: {safetensors: a/b}\n...\n",
            "models:\n  mine: {variants: {7b: {safetensors: a/b}}}\n",
            "models:\n  mine:\n    safetensors: a/b\n",
        ]
    )
    func `a text that only a person can add to is left alone`(_ text: String) throws {
        let error = try #require(throws: CatalogAdditionError.self) {
            try added(addition(tag: "9b"), to: text)
        }
        switch error {
        case .cannotExtend(let problem): #expect(problem.file == "m.yaml")
        case .invalid(let problems): #expect(!problems.isEmpty)
        case .exists, .unreachable: Issue.record("\(error)")
        }
    }

    @Test func `what would be a mistake is not written`() throws {
        let home = try TemporaryDirectory()
        var wrong = try addition()
        wrong.safetensors = "no repository"
        let error = try #require(throws: CatalogAdditionError.self) { try wrong.write(home: home.path) }
        #expect(error.description.contains("`no repository` is not a repository"))
        #expect(try home.files() == [])
        #expect(throws: CatalogAdditionError.self) { try addition("a b").write(home: home.path) }
        #expect(throws: CatalogAdditionError.self) {
            try CatalogAddition(name: "empty").write(home: home.path)
        }
        #expect(try home.files() == [])
    }

    @Test func `a file with a mistake in it is not touched`() throws {
        let home = try TemporaryDirectory()
        let file = try home.write("models:\n  a: {safetensors: a/b, x: 1}\n", to: "config/models.yaml")
        let before = try FileSystem.read(file)
        let error = try #require(throws: CatalogAdditionError.self) { try addition().write(home: home.path) }
        #expect(error.description == "\(file):2:25: unknown key `x`")
        #expect(try FileSystem.read(file) == before)
    }

    @Test func `two models added one after the other are both there`() throws {
        let home = try TemporaryDirectory()
        try addition("one").write(home: home.path)
        try addition("two", tag: "7b").write(home: home.path)
        try addition("two", tag: "8b").write(home: home.path)
        let catalog = try ModelCatalog.load(home: home.path)
        for name in ["one", "two:7b", "two:8b"] {
            #expect(try catalog.entry(for: ModelReference(parsing: name)) != nil, "\(name)")
        }
        #expect(try home.files() == ["config/.models.yaml.lock", "config/models.yaml"])
    }
}
