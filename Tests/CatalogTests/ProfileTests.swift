import Catalog
import Platform
import SystemPackage
import TestSupport
import Testing

struct ProfileTests {
    private func mistake(_ text: String) -> String? {
        do throws(DeclarationError) {
            _ = try ProfileTable.load(Array(text.utf8), file: "p.yaml")
            return nil
        } catch { return error.description }
    }

    @Test func `an entry is read as it was written`() throws {
        let text = """
            profiles:
              letters:
                description: Letters of all kinds
                use_cases: [writing, chat]
                context: 4096
                ladder:
                  - {memory: 8GB, model: "mine:7b-Q4-K-M"}
                  - {memory: 16GiB, model: mine-q8}
              short: {use_cases: chat}
            """
        let table = try ProfileTable.load(Array(text.utf8), file: "p.yaml")
        #expect(table.profiles.map(\.name) == ["letters", "short"])
        let letters = try #require(table.profile(named: "letters"))
        #expect(letters.description == "Letters of all kinds" && letters.useCases == ["writing", "chat"])
        #expect(letters.context == 4096 && letters.ladder.map(\.memory) == [8_000_000_000, 17_179_869_184])
        #expect(letters.ladder.map { "\($0.model)" } == ["mine:7b-q4_k_m", "mine-q8_0"])
        #expect(table.profiles[1].ladder.isEmpty && table.profiles[1].context == nil)
        #expect(table.profile(named: "none") == nil)
    }

    @Test(arguments: [
        ("profile: {}", "p.yaml:1:1: unknown key `profile`: did you mean `profiles`?"),
        ("profiles: [a]", "p.yaml:1:11: expected a mapping, found a list"),
        ("profiles: {a: 3}", "p.yaml:1:15: expected a mapping, found `3`"),
        ("profiles: {a b: {use_cases: c}}", "p.yaml:1:12: `a b` is no name of a profile"),
        (
            "profiles: {a: {}}",
            "p.yaml:1:12: `use_cases` is missing: it tells which models are meant, unless `route` does"
        ),
        (
            "profiles: {a: {route: {}, ladder: []}}",
            "p.yaml:1:12: `use_cases` is missing: without it nothing is recommended, and `ladder` means nothing"
        ),
        ("profiles: {a: {use_cases: []}}", "p.yaml:1:27: this must not be empty"),
        (
            "profiles: {a: {use_cases: c, usecase: d}}",
            "p.yaml:1:30: unknown key `usecase`: did you mean `use_cases`?"
        ),
        (
            "profiles: {a: {use_cases: c, context: 0}}",
            "p.yaml:1:39: 0 is out of range: it must be at least 1"
        ),
        ("profiles: {a: {use_cases: c, ladder: x}}", "p.yaml:1:38: expected a list, found `x`"),
        ("profiles: {a: {use_cases: c, ladder: [{memory: 1GB}]}}", "p.yaml:1:39: `model` is missing"),
        ("profiles: {a: {use_cases: c, ladder: [{model: a-q4}]}}", "p.yaml:1:39: `memory` is missing"),
        (
            "profiles: {a: {use_cases: c, ladder: [{memory: much, model: a-q4}]}}",
            "p.yaml:1:48: `much` is not a size such as `200GB`"
        ),
        (
            "profiles: {a: {use_cases: c, ladder: [{memory: 1GB, model: a}]}}",
            "p.yaml:1:60: `a` is not a name of the form NAME[:TAG]-QUANT"
        ),
        (
            "profiles: {a: {use_cases: c, ladder: [{memory: 1GB, model: o/a-GGUF:q4}]}}",
            "p.yaml:1:60: `o/a-GGUF:q4` is not a name of the form NAME[:TAG]-QUANT"
        ),
        (
            "profiles: {a: {use_cases: c, ladder: [{memory: 2GB, model: a-q4}, {memory: 2GB, model: a-q8}]}}",
            "p.yaml:1:67: a rung has more memory than the one before it"
        ),
    ])
    func `a mistake is told with its place`(text: String, mistake: String) {
        #expect(self.mistake(text) == mistake)
    }

    @Test func `a home's own take the place of those of their name, and others follow`() throws {
        let builtIn = try ProfileTable.load(home: nil)
        let home = try TemporaryDirectory()
        #expect(try ProfileTable.load(home: home.path).profiles.map(\.name) == builtIn.profiles.map(\.name))
        try home.write(
            "profiles: {mine: {use_cases: x}, code: {use_cases: [y]}}",
            to: "config/profiles.yaml"
        )
        let own = try ProfileTable.load(home: home.path)
        #expect(own.profiles.map(\.name) == builtIn.profiles.map(\.name) + ["mine"])
        let code = try #require(own.profile(named: "code"))
        #expect(code.useCases == ["y"] && code.ladder.isEmpty && code.route.fallback == nil)
        #expect(code.origin == .file(ProfileTable.file(in: home.path)) && code.aliases == ["coding"])
        try home.write("profiles: {mine: 1}", to: "config/profiles.yaml")
        let error = #expect(throws: DeclarationError.self) { try ProfileTable.load(home: home.path) }
        #expect(error?.description.contains("config/profiles.yaml:1:18: ") == true)
    }

    @Test func `one that is named as an alias takes the place too, and answers to all names`() throws {
        let home = try TemporaryDirectory()
        try home.write("profiles: {coding: {use_cases: [y]}}", to: "config/profiles.yaml")
        let table = try ProfileTable.load(home: home.path)
        #expect(table.profiles.first?.name == "coding" && table.profiles.first?.aliases == ["code"])
        #expect(table.profile(named: "code")?.useCases == ["y"])
        #expect(try table.profiles.count == ProfileTable.load(home: nil).profiles.count)
        // Somebody else's alias may be wanted for another one.
        try home.write("profiles: {mine: {use_cases: [y], aliases: coding}}", to: "config/profiles.yaml")
        let other = try ProfileTable.load(home: home.path)
        #expect(other.profile(named: "coding")?.name == "mine")
        #expect(other.profile(named: "code")?.aliases == [])
    }

    @Test func `every shipped rung is in the catalog, and every profile has models`() throws {
        #expect(Home.shipped.contains { $0.path == "config/profiles.yaml" })
        let catalog = try ModelCatalog.load(home: nil)
        let table = try ProfileTable.load(home: nil)
        #expect(table.recommending.map(\.name) == ["code", "general", "reasoning"])
        for profile in table.profiles { #expect(profile.description != nil) }
        for profile in table.recommending {
            #expect(catalog.entries.contains(where: profile.concerns))
            for rung in profile.ladder {
                let (entry, quantization) = try rung.resolved(in: catalog)
                #expect("\(entry.reference)-\(quantization)" == "\(rung.model)")
                #expect(profile.concerns(entry))
            }
        }
    }

    @Test(arguments: ["mine-q4_k_m", "qwen2.5-coder:7b-q3_k_l"])
    func `a rung that the catalog does not have is told with its place`(_ name: String) throws {
        let text = "profiles:\n  a:\n    use_cases: c\n    ladder: [{memory: 1GB, model: \"\(name)\"}]"
        let rung = try #require(
            try ProfileTable.load(Array(text.utf8), file: "p.yaml").profiles.first?.ladder.first
        )
        let catalog = try ModelCatalog.load(home: nil)
        let error = #expect(throws: DeclarationError.self) { try rung.resolved(in: catalog) }
        #expect(error?.description == "p.yaml:4:14: the catalog has no GGUF `\(name)`")
    }
}
