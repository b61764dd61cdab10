import Catalog
import Platform
import SystemPackage
import TestSupport
import Testing

struct ProfileRouteTests {
    private func table(_ text: String) throws(DeclarationError) -> ProfileTable {
        try ProfileTable.load(Array(text.utf8), file: "p.yaml")
    }

    @Test func `a route is read as it was written`() throws {
        let text = """
            profiles:
              quick:
                aliases: [swift, speedy]
                route:
                  models: ["mine:7b", "*/Mine-*"]
                  families: [Llama, qwen2]
                  prefer: small
                  min_context: 4096
                  needs: [toolCalling, vision]
                  unknown: true
                  fallback: other
              other: {use_cases: x}
            """
        let table = try table(text)
        let quick = try #require(table.profile(named: "speedy"))
        #expect(
            quick.name == "quick" && quick.useCases.isEmpty && quick.names == ["quick", "swift", "speedy"]
        )
        let route = quick.route
        #expect(route.models.map(\.description) == ["mine:7b", "*/Mine-*"])
        #expect(route.families == ["llama", "qwen2"] && route.preference == .small)
        #expect(route.leastContext == 4096 && route.needs == [.toolCalling, .vision] && route.takesUnknown)
        #expect(table.chain(from: quick).map(\.name) == ["quick", "other"])
        let plain = try #require(table.profile(named: "other")).route
        #expect(plain.models.isEmpty && plain.families.isEmpty && plain.preference == .large)
        #expect(
            plain.needs.isEmpty && !plain.takesUnknown && plain.fallback == nil && plain.leastContext == nil
        )
        #expect(table.recommending.map(\.name) == ["other"])
    }

    @Test(arguments: [
        ("{route: {famlies: a}}", "1:24: unknown key `famlies`: did you mean `families`?"),
        ("{route: 3}", "1:23: expected a mapping, found `3`"),
        ("{route: {prefer: tiny}}", "1:32: `tiny` is none of `small`, `large`"),
        ("{route: {min_context: 0}}", "1:37: 0 is out of range: it must be at least 1"),
        (
            "{route: {needs: toolcalling}}",
            "1:31: `toolcalling` is no capability: did you mean `toolCalling`?"
        ),
        ("{route: {needs: [vision, vision]}}", "1:40: `vision` is already in this list"),
        ("{route: {families: [a, b, A]}}", "1:41: `a` is already in this list"),
        ("{route: {models: [\"a b\"]}}", "1:33: `a b` is no name of a model, and no pattern of names"),
        ("{route: {unknown: perhaps}}", "1:33: expected `true` or `false`, found `perhaps`"),
        ("{route: {fallback: b}}", "1:34: there is no profile `b`"),
        (
            "{route: {fallback: other}}, othr: {use_cases: x}",
            "1:34: there is no profile `other`: did you mean `othr`?"
        ),
        (
            "{aliases: [b], route: {}}, b: {use_cases: x}",
            "1:12: `a` has the alias `b`, which is a name of `b`"
        ),
        (
            "{aliases: [c], route: {}}, b: {aliases: c, use_cases: x}",
            "1:42: `b` has the alias `c`, which is a name of `a`"
        ),
    ])
    func `a mistake is told with its place`(route: String, mistake: String) {
        let error = #expect(throws: DeclarationError.self) { try table("profiles: {a: \(route)}") }
        #expect(error?.description == "p.yaml:\(mistake)")
    }

    @Test(arguments: [
        ("a: {route: {fallback: a}}", "1:34: the fallbacks lead round in a ring: `a` → `a`"),
        (
            "a: {route: {fallback: b}}, b: {route: {fallback: c}}, c: {route: {fallback: a}}",
            "1:34: the fallbacks lead round in a ring: `a` → `b` → `c` → `a`"
        ),
        // What leads to the ring is not on it.
        (
            "a: {route: {fallback: b}}, b: {route: {fallback: c}}, c: {route: {fallback: b}}",
            "1:61: the fallbacks lead round in a ring: `b` → `c` → `b`"
        ),
        // An alias is the same profile.
        (
            "a: {route: {fallback: z}}, b: {aliases: z, route: {fallback: a}}",
            "1:34: the fallbacks lead round in a ring: `a` → `b` → `a`"
        ),
    ])
    func `a ring of fallbacks is refused and named`(profiles: String, mistake: String) {
        let error = #expect(throws: DeclarationError.self) { try table("profiles: {\(profiles)}") }
        #expect(error?.description == "p.yaml:\(mistake)")
    }

    @Test func `a ring through a built-in profile is told in the user's file`() throws {
        let home = try TemporaryDirectory()
        let file = try home.write(
            "profiles:\n  general: {use_cases: x, route: {fallback: code}}\n",
            to: "config/profiles.yaml"
        )
        let error = #expect(throws: DeclarationError.self) { try ProfileTable.load(home: home.path) }
        #expect(
            error?.description
                == "\(file):2:45: the fallbacks lead round in a ring: `general` → `code` → `general`"
        )
    }

    @Test func `a family that no model is of is worth a warning where a user named it`() throws {
        let table = try table("profiles: {a: {route: {families: [llama, qwne2, zzzzzz]}}}")
        let warnings = table.warnings(knowing: ["llama", "qwen2"]).map(\.description)
        #expect(
            warnings == [
                "p.yaml:1:42: no model is known to be of the family `qwne2`: did you mean `qwen2`?",
                "p.yaml:1:49: no model is known to be of the family `zzzzzz`",
            ]
        )
        #expect(try ProfileTable.load(home: nil).warnings(knowing: []).isEmpty)
    }

    @Test func `the shipped profiles are there, lead to one another, and name families that there are`()
        throws
    {
        let table = try ProfileTable.load(home: nil)
        #expect(Set(["fast", "general", "code", "creative"]).isSubset(of: table.profiles.map(\.name)))
        #expect(table.profile(named: "coding")?.name == "code")
        #expect(table.profile(named: "fast")?.route.preference == .small)
        let catalog = try ModelCatalog.load(home: nil)
        let limits = try LimitTable.load(home: nil).limits
        let families = Set(catalog.entries.map(\.name) + limits.compactMap(\.family))
        let suited = Set(limits.flatMap(\.profiles))
        for profile in table.profiles {
            #expect(families.isSuperset(of: profile.route.families), "\(profile.name)")
            #expect(table.chain(from: profile).last?.name == "general")
            let hasModels = suited.contains(profile.name) || catalog.entries.contains(where: profile.concerns)
            #expect(hasModels, "\(profile.name)")
        }
        // What limits.yaml says of profiles is said of some that there are.
        #expect(suited.allSatisfy { table.profile(named: $0) != nil })
    }
}
