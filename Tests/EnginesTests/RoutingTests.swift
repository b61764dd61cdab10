import Catalog
import Engines
import Testing

/// Which of several models answers, and the words for why none of the others does.
struct RoutingTests {
    private static let profiles = """
        profiles:
          code:
            aliases: coding
            use_cases: [code]
            route: {models: ["favourite", "*/Second-*"], families: [qwen2, llama], fallback: general}
          general: {use_cases: [general], route: {unknown: true}}
          fast: {route: {prefer: small}}
          tools: {route: {families: llama, needs: toolCalling, min_context: 4096, fallback: fast}}
        """

    private func route(
        _ name: String,
        _ candidates: [RoutingCandidate],
        needs: Set<Capability> = [],
        leastContext: Int? = nil
    ) throws -> Routing {
        let table = try ProfileTable.load(Array(Self.profiles.utf8), file: "p.yaml")
        let profile = try #require(table.profile(named: name))
        return Routing(
            table.chain(from: profile),
            .init(needs: needs, leastContext: leastContext),
            among: candidates
        )
    }

    private func model(
        _ name: String,
        family: String? = nil,
        profiles: Set<String> = [],
        useCases: Set<String> = [],
        known: Bool = true,
        context: Int = 32_768,
        can: Set<Capability> = [.streaming],
        parameters: Int? = nil,
        _ change: (inout RoutingCandidate) -> Void = { _ in }
    ) -> RoutingCandidate {
        var candidate = RoutingCandidate(
            names: [name],
            families: family.map { [$0] } ?? [],
            profiles: profiles,
            useCases: useCases,
            isKnown: known,
            context: context,
            capabilities: can,
            parameters: parameters
        )
        change(&candidate)
        return candidate
    }

    /// The places of all candidates from the best to those that are none.
    private func order(_ routing: Routing) -> [Int] {
        [routing.choice?.index].compactMap(\.self) + routing.passedOver.map(\.index)
    }

    @Test func `named models go first, then families, then what suits`() throws {
        let routing = try route(
            "code",
            [
                model("suits", profiles: ["code"], parameters: 70),
                model("l", family: "llama", parameters: 80),
                model("q", family: "qwen2", parameters: 1), model("org/Second-7B", parameters: 2),
                model("favourite", parameters: 1), model("made", useCases: ["code"], parameters: 90),
            ]
        )
        #expect(order(routing) == [4, 3, 2, 1, 5, 0])
        let choice = try #require(routing.choice)
        #expect(choice.ground == .named && choice.precedence == .named && choice.profile.name == "code")
        let rejections = routing.passedOver.map(\.rejection)
        #expect(rejections == Array(repeating: .behind(.named), count: 5))
    }

    @Test func `of a family, those that are known to suit go first`() throws {
        let routing = try route(
            "code",
            [
                model("a", family: "qwen2", parameters: 70),
                model("b", family: "qwen2", profiles: ["coding"], parameters: 1),
            ]
        )
        #expect(routing.choice?.index == 1 && routing.choice?.ground == .family("qwen2"))
        #expect(routing.passedOver.map(\.rejection) == [.behind(.ground)])
    }

    @Test func `what is served goes before what is stored of equal rank, not of a better one`() throws {
        let stored = model("a", profiles: ["general"], parameters: 70)
        let served = model("b", profiles: ["general"], parameters: 1) { $0.isServing = true }
        let equal = try route("general", [stored, served])
        #expect(equal.choice?.index == 1 && equal.choice?.precedence == .serving)
        #expect(equal.passedOver.map(\.rejection) == [.behind(.serving)])
        let named = model("favourite", profiles: ["code"])
        let other = model("b", profiles: ["code"]) { $0.isServing = true }
        #expect(try route("code", [other, named]).choice?.index == 1)
    }

    @Test func `the size that is preferred decides, and an unknown one is not preferred`() throws {
        let models = [
            model("a", profiles: ["fast", "general"], parameters: 7),
            model("b", profiles: ["fast", "general"]),
            model("c", profiles: ["fast", "general"], parameters: 3),
        ]
        let fast = try route("fast", models)
        #expect(order(fast) == [2, 0, 1] && fast.choice?.precedence == .size(.small))
        #expect(fast.passedOver.map(\.rejection) == Array(repeating: .behind(.size(.small)), count: 2))
        let general = try route("general", models)
        #expect(order(general) == [0, 2, 1] && general.choice?.precedence == .size(.large))
    }

    @Test func `what is the same in all goes by its place`() throws {
        let same = [model("a", profiles: ["fast"]), model("a", profiles: ["fast"])]
        let routing = try route("fast", same)
        #expect(routing.choice?.index == 0 && routing.passedOver.map(\.rejection) == [.behind(.order)])
        let available = model("a", profiles: ["fast"]) { $0.isStored = false }
        #expect(try route("fast", [available, same[0]]).passedOver.map(\.rejection) == [.behind(.stored)])
        let recommended = model("a", profiles: ["fast"]) { $0.isRecommended = true }
        #expect(try route("fast", [same[0], recommended]).choice?.precedence == .recommended)
    }

    @Test func `what is not for the profile or cannot do what is needed is passed over with the reason`()
        throws
    {
        let routing = try route(
            "code",
            [
                model("chat", profiles: ["general"]), model("short", profiles: ["code"], context: 4096),
                model("plain", profiles: ["code"]), model("good", profiles: ["code"], can: [.toolCalling]),
                model("vectors", profiles: ["code"], can: [.embedding, .toolCalling]),
                model("broken", profiles: ["code"]) { $0.obstacle = "a file of it is missing" },
            ],
            needs: [.toolCalling],
            leastContext: 8192
        )
        #expect(routing.choice?.index == 3 && routing.choice?.precedence == nil)
        let reasons = Dictionary(uniqueKeysWithValues: routing.passedOver.map { ($0.index, $0.rejection) })
        #expect(reasons[0] == .notMeant && reasons[1] == .incapable([.toolCalling]))
        #expect(reasons[2] == .incapable([.toolCalling]) && reasons[4] == .embedding)
        #expect(reasons[5] == .unservable("a file of it is missing"))
        let window = try route(
            "code",
            [model("short", profiles: ["code"], context: 4096)],
            leastContext: 8192
        )
        #expect(window.passedOver.first?.rejection == .window(4096, least: 8192) && window.choice == nil)
    }

    @Test func `a vector is an answer to who wants one`() throws {
        let routing = try route(
            "fast",
            [model("v", profiles: ["fast"], can: [.embedding])],
            needs: [.embedding]
        )
        #expect(routing.choice?.index == 0)
    }

    @Test func `a fallback is asked where no model is for the profile, by its own demands`() throws {
        let models = [
            model("small", family: "llama", profiles: ["fast"], context: 2048),
            model("other", family: "gemma", profiles: ["general"], can: [.toolCalling]),
        ]
        let routing = try route("tools", models)
        #expect(routing.asked.map(\.name) == ["tools", "fast"])
        #expect(routing.choice?.index == 0 && routing.choice?.profile.name == "fast")
        #expect(routing.passedOver.map(\.rejection) == [.notMeant])
        // What was asked for beside the profile holds for each of them.
        let demanding = try route("tools", models, leastContext: 4096)
        #expect(demanding.choice == nil && demanding.asked.map(\.name) == ["tools", "fast"])
        #expect(demanding.passedOver.map(\.rejection) == [.incapable([.toolCalling]), .notMeant])
    }

    @Test func `models that nothing is known of are for a profile that takes them, after all others`() throws
    {
        let unknown = model("mine", known: false, parameters: 70)
        let alone = try route("code", [unknown])
        #expect(alone.choice?.ground == .unknown && alone.asked.map(\.name) == ["code", "general"])
        let routing = try route("general", [unknown, model("b", profiles: ["general"], parameters: 1)])
        #expect(order(routing) == [1, 0] && routing.passedOver.first?.rejection == .behind(.ground))
        #expect(try route("fast", [unknown]).choice == nil)
        // What is known, and known to be for something else, is not taken.
        #expect(try route("general", [model("c", profiles: ["code"])]).choice == nil)
    }

    @Test func `nothing comes of nothing`() throws {
        let routing = try route("code", [])
        #expect(
            routing.choice == nil && routing.passedOver.isEmpty
                && routing.asked.map(\.name) == ["code", "general"]
        )
    }
}
