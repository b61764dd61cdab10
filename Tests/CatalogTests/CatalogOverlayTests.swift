import Catalog
import SystemPackage
import TestSupport
import Testing

struct CatalogOverlayTests {
    private func load(_ texts: String...) throws -> ModelCatalog {
        try ModelCatalog.load(texts.enumerated().map { ("\($0.offset).yaml", Array($0.element.utf8)) })
    }

    private static let base = """
        models:
          m:
            description: base
            licence: mit
            gated: true
            default: 7b
            variants:
              7b: {safetensors: base/m-7b, layers: 10, aliases: [chat, latest]}
              8b: {safetensors: base/m-8b, licence: own}
          other: {safetensors: base/other}
        """

    @Test func `a variant of the user replaces the one of the same tag whole, and the others stay`() throws {
        let catalog = try load(Self.base, "models: {M: {variants: {7B: {safetensors: mine/m}}}}")
        let mine = try #require(catalog.entry(named: "m", tag: "7b"))
        #expect(mine.safetensors == "mine/m")
        #expect(mine.layers == nil)
        #expect(mine.aliases.isEmpty)
        #expect(mine.licence == "mit")
        #expect(mine.origin == .file("1.yaml"))
        #expect(catalog.entry(named: "m", tag: "8b")?.safetensors == "base/m-8b")
        #expect(catalog.entry(named: "m", tag: "8b")?.origin == .file("0.yaml"))
        #expect(catalog.entry(named: "m")?.tag == "7b")
        #expect(catalog.entries.count == 3)
    }

    @Test func `what the user says of a model holds for all variants that say nothing of their own`() throws {
        let catalog = try load(Self.base, "models: {m: {licence: mine, gated: false, default: 8b}}")
        #expect(catalog.entry(named: "m", tag: "7b")?.licence == "mine")
        #expect(catalog.entry(named: "m", tag: "7b")?.gated == false)
        #expect(catalog.entry(named: "m", tag: "7b")?.description == "base")
        #expect(catalog.entry(named: "m")?.licence == "own")
    }

    @Test func `a new tag and a new name are added`() throws {
        let catalog = try load(
            Self.base,
            "models: {m: {variants: {9b: {safetensors: a/b}}}, n: {safetensors: a/c}}"
        )
        #expect(catalog.entries.map(\.reference) == ["m:7b", "m:8b", "m:9b", "n", "other"])
        #expect(catalog.entry(named: "m")?.tag == "7b")
    }

    @Test func `a word that the user gives to a variant is taken from the others`() throws {
        let catalog = try load(
            Self.base,
            "models: {m: {variants: {chat: {safetensors: a/chat}, "
                + "9b: {safetensors: a/b, aliases: [latest]}}}}"
        )
        #expect(catalog.entry(named: "m", tag: "chat")?.safetensors == "a/chat")
        #expect(catalog.entry(named: "m", tag: "latest")?.tag == "9b")
        #expect(catalog.entry(named: "m", tag: "7b")?.aliases == [])
    }

    @Test func `a word that the user gives to a new variant may be the tag of an older one`() throws {
        let catalog = try load(
            Self.base,
            "models: {m: {default: 9b, variants: {9b: {safetensors: a/b, aliases: [7b]}}}}"
        )
        #expect(catalog.entry(named: "m", tag: "7b")?.safetensors == "a/b")
    }

    @Test func `a model without variants becomes what the bare name means`() throws {
        let catalog = try load(Self.base, "models: {m: {huggingface_id: mine/m}}")
        #expect(catalog.entry(named: "m")?.safetensors == "mine/m")
        #expect(catalog.entry(named: "m", tag: "7b")?.safetensors == "base/m-7b")
    }

    @Test func `a default that the lower layer lacks is a mistake of the upper one`() throws {
        let error = try #require(throws: DeclarationError.self) {
            try load(Self.base, "models: {m: {default: 70b}}")
        }
        #expect(error.description == "1.yaml:1:23: the default `70b` is not one of the variants")
    }

    @Test func `the user's file lies over what is built in`() throws {
        let builtIn = try ModelCatalog.load(home: nil)
        let known = try #require(builtIn.entries.first)
        let home = try TemporaryDirectory()
        try home.write(
            "models:\n  \(known.name): {description: of my own}\n  new: {safetensors: a/b}\n",
            to: "config/models.yaml"
        )
        let catalog = try ModelCatalog.load(home: home.path)
        #expect(catalog.entries.count == builtIn.entries.count + 1)
        #expect(catalog.entry(named: known.name, tag: known.tag)?.safetensors == known.safetensors)
        #expect(catalog.entry(named: known.name, tag: known.tag)?.origin == .builtIn)
        #expect(catalog.entry(named: "new")?.origin == .file(home.appending("config/models.yaml")))
    }
}
