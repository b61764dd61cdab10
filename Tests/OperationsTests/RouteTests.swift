import Catalog
import Formats
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// A home with small models under names that the tables know.
private struct RouteHome {
    let home: TestHome

    init(_ profiles: String? = nil) throws {
        home = try TestHome()
        if let profiles { try home.directory.write(profiles, to: "home/config/profiles.yaml") }
    }

    /// Stores a model under a name.
    func store(
        _ name: String,
        stack: String = "llamacpp",
        quant: String = "q4_k_m",
        architecture: String = "llama",
        context: UInt32 = 32_768,
        template: String? = nil
    ) async throws {
        let extra = template.map { [("tokenizer.chat_template", GGUFValue.string($0))] } ?? []
        let file = try GGUFBuilder.tiny(architecture: architecture, contextLength: context, extra: extra)
        let path = try home.directory.write(file, to: "m-\(quant).gguf")
        var options = PullOptions()
        options.name = name
        _ = try await Pull(try home.reference(path.string), options).run(in: home.workspace(stack: stack)) {
            _ in
        }
    }

    func route(
        _ profile: String,
        needs: Set<Capability> = [],
        leastContext: Int? = nil,
        all: Bool = false,
        stack: String? = nil,
        reports: Reports = Reports()
    ) async throws -> RoutedModel {
        let route = Route(profile, needs: needs, leastContext: leastContext, all: all)
        return try await route.run(in: home.workspace(stack: stack), report: reports.reporter)
    }
}

struct RouteTests {
    @Test func `each profile finds the model that is for it, among all stacks`() async throws {
        let home = try RouteHome()
        try await home.store("qwen2.5-coder:7b", architecture: "qwen2")
        try await home.store("mistral:7b", stack: "mistral")
        try await home.store("tinyllama:1.1b")
        let code = try await home.route("coding")
        #expect(code.profile == "code" && code.path == ["code"] && code.model == "qwen2.5-coder:7b")
        #expect(code.stack == "llamacpp" && code.baseURL == "http://127.0.0.1:8080/v1")
        #expect(code.state == .stored && code.contextLength == 32_768 && code.capabilities.contains(.fim))
        #expect(code.command?.hasSuffix("llamacpp use qwen2.5-coder:7b") == true)
        #expect(code.reason == "code: of the preferred family `qwen2.5-coder`, stored in `llamacpp`")
        #expect(code.passedOver.map(\.model).sorted() == ["mistral:7b", "tinyllama:1.1b"])
        #expect(Set(code.passedOver.map(\.reason)) == ["nothing says that it is for `code`"])
        let general = try await home.route("general")
        #expect(general.name == "mistral:7b" && general.stack == "mistral")
        // mistral.rs has no names: it calls a model by its folder.
        #expect(
            general.model == "/models/mistral-7b/gguf/q4_k_m" && general.baseURL == "http://127.0.0.1:1234/v1"
        )
        #expect(try await home.route("fast").name == "tinyllama:1.1b")
        let creative = try await home.route("creative")
        #expect(creative.path == ["creative", "general"] && creative.name == "mistral:7b")
        #expect(
            creative.reason
                == "no model is for `creative`; its fallback general: of the preferred family `mistral`, "
                + "stored in `mistral`"
        )
        #expect(creative.passedOver.first?.reason == "nothing says that it is for `creative` or `general`")
    }

    @Test func `scripts find the names that they rely on`() async throws {
        struct Shape: Decodable {
            struct Other: Decodable { let model, reason: String }
            let profile, model, stack, baseURL, reason, state: String
            let passedOver: [Other]
        }
        let home = try RouteHome()
        try await home.store("qwen2.5-coder:7b", architecture: "qwen2")
        try await home.store("mistral:7b")
        let routed = try await home.route("code", stack: "llamacpp")
        let shape = try JSON.decode(Shape.self, from: JSON.encode(routed))
        #expect(shape.profile == "code" && shape.model == "qwen2.5-coder:7b" && shape.state == "stored")
        #expect(shape.stack == "llamacpp" && shape.baseURL.hasSuffix("/v1"))
        #expect(shape.passedOver.map(\.model) == ["mistral:7b"])
    }

    @Test func `the model's own header goes before the table, for windows and for tools`() async throws {
        let home = try RouteHome()
        let tools = "{% if tools %}{{ tools }}{% endif %}{{ messages }}"
        try await home.store(
            "qwen2.5-coder:7b",
            architecture: "qwen2",
            context: 4096,
            template: "{{ messages }}"
        )
        try await home.store("deepseek-coder:6.7b", context: 65_536, template: tools)
        #expect(try await home.route("code").name == "qwen2.5-coder:7b")
        let long = try await home.route("code", leastContext: 32_768)
        #expect(long.name == "deepseek-coder:6.7b" && long.contextLength == 65_536)
        #expect(long.passedOver.map(\.reason) == ["its window has 4096 tokens, and 32768 are needed"])
        let able = try await home.route("code", needs: [.toolCalling])
        #expect(able.name == "deepseek-coder:6.7b")
        #expect(able.passedOver.map(\.reason) == ["it is not known to be capable of toolCalling"])
    }

    @Test func `a stack that keeps fewer tokens than are wanted is told`() async throws {
        let home = try RouteHome()
        try await home.store("codellama:7b")
        try home.home.directory.write(
            "engine: llamacpp\ndefaults: {context: 2048}\n",
            to: "home/stacks/llamacpp/stack.yaml"
        )
        let reports = Reports()
        #expect(try await home.route("code", leastContext: 8192, reports: reports).name == "codellama:7b")
        #expect(
            reports.warnings == [
                "`llamacpp` keeps a context of 2048 tokens for `codellama:7b`, which could take 32768: set "
                    + "`context` to 8192 or more"
            ]
        )
    }

    @Test func `a home's own profiles decide, and what they name goes first`() async throws {
        let home = try RouteHome(
            "profiles: {mine: {route: {models: [\"beta\"], families: [llama, nowhere], fallback: general}}}"
        )
        try await home.store("alpha")
        try await home.store("beta")
        try await home.store("gamma", architecture: "qwen2")
        let reports = Reports()
        let routed = try await home.route("mine", reports: reports)
        #expect(routed.model == "beta" && routed.reason == "mine: named in the profile, stored in `llamacpp`")
        let others = Dictionary(uniqueKeysWithValues: routed.passedOver.map { ($0.model, $0.reason) })
        #expect(others["alpha"] == "`beta` goes before it: `mine` names it first")
        #expect(others["gamma"] == "nothing says that it is for `mine`")
        #expect(reports.warnings.count == 1)
        #expect(reports.warnings.first?.contains("no model is known to be of the family `nowhere`") == true)
    }

    @Test func `a stored name that cannot be typed is passed over alone, and said`() async throws {
        let home = try RouteHome()
        try await home.store("qwen2.5-coder:7b", architecture: "qwen2")
        let store = ModelStore(volume: home.home.volume())
        let good = try #require(try store.models().models.first)
        let ingest = try store.beginIngest(model: "two words")
        var manifest = good.manifest
        manifest.model = "two words"
        for file in manifest.files { try ingest.add(good.path(of: file), as: file.path) }
        _ = try ingest.publish(manifest)
        let reports = Reports()
        #expect(try await home.route("code", reports: reports).name == "qwen2.5-coder:7b")
        #expect(reports.warnings.count == 1)
        #expect(
            reports.warnings.first?.hasPrefix("`two words` in `llamacpp` is passed over: its name cannot")
                == true
        )
    }

    @Test func `several quantizations are one model, in the form that would be served`() async throws {
        let home = try RouteHome()
        try await home.store("qwen2.5-coder:7b", quant: "q8_0", architecture: "qwen2")
        try await home.store("qwen2.5-coder:7b", quant: "q4_k_m", architecture: "qwen2")
        let routed = try await home.route("code", stack: "llamacpp")
        #expect(routed.passedOver.isEmpty && routed.quant == "q4_k_m" && routed.format == "gguf")
        #expect(routed.command?.hasSuffix("use qwen2.5-coder:7b-q4_k_m") == true)
    }

    @Test func `what its stack could not serve does not answer`() async throws {
        let home = try RouteHome()
        try await home.store("qwen2.5-coder:7b", stack: "mistral", quant: "iq4_xs", architecture: "qwen2")
        try await home.store("deepseek-coder:6.7b", stack: "mistral")
        let routed = try await home.route("code", stack: "mistral")
        #expect(routed.name == "deepseek-coder:6.7b" && routed.passedOver.count == 1)
        #expect(
            routed.passedOver.first?.reason.hasPrefix("`mistral` cannot serve `qwen2.5-coder:7b`") == true
        )
    }

    // MARK: Nothing

    @Test func `nothing that fits is a failure with the pull that would help`() async throws {
        let home = try RouteHome()
        let empty = await failure { try await home.route("code") }
        #expect(empty?.kind == .notFound)
        #expect(empty?.message == "no model that is stored answers for `code` or for its fallback `general`")
        let hint = try #require(empty?.hint)
        #expect(hint.hasPrefix("pull one with `stackctl llamacpp pull qwen2.5-coder:"))
        try await home.store("mistral:7b")
        let reports = Reports()
        let unable = await failure { try await home.route("code", needs: [.vision], reports: reports) }
        #expect(unable?.message.hasSuffix("`general` with vision") == true)
        #expect(unable?.hint?.contains("pull gemma3:") == true)
        #expect(reports.notes == ["`mistral:7b` in `llamacpp`: it is not known to be capable of vision"])
        let never = await failure { try await home.route("code", leastContext: 1_000_000_000) }
        #expect(never?.hint?.contains("config/profiles.yaml, or ask for less") == true)
    }

    @Test func `a profile that there is not, or that goes round, is told`() async throws {
        let home = try RouteHome()
        let unknown = await failure { try await home.route("codign") }
        #expect(unknown?.kind == .notFound && unknown?.hint == "did you mean `coding`?")
        try home.home.directory.write(
            "profiles: {a: {route: {fallback: b}}, b: {route: {fallback: a}}}",
            to: "home/config/profiles.yaml"
        )
        let ring = await failure { try await home.route("a") }
        #expect(ring?.kind == .invalid && ring?.message.contains("in a ring: `a` → `b` → `a`") == true)
        let recommended = await failure {
            try await Recommend(profile: "fast").run(in: RouteHome().home.workspace()) { _ in }
        }
        #expect(recommended?.kind == .notFound && recommended?.hint?.contains("route fast --all") == true)
    }

    @Test func `with all, a model of the catalog that fits answers too`() async throws {
        let home = try RouteHome()
        try await home.store("tinyllama:1.1b")
        #expect(try await home.route("code", all: true).state == .available)
        let code = try await home.route("code", all: true, stack: "llamacpp")
        #expect(code.path == ["code"] && code.name.hasPrefix("qwen2.5-coder:") && code.model == code.name)
        #expect(code.command?.contains("llamacpp pull qwen2.5-coder:") == true)
        #expect(code.reason.hasSuffix("in the catalog and it fits this host: `pull` it first"))
        // At the stack's address another model may answer, or nothing.
        #expect(code.baseURL == nil)
        #expect(try !String(decoding: JSON.encode(code), as: UTF8.self).contains("baseURL"))
        #expect(!code.passedOver.contains { $0.reason.contains("it is recommended") })
        #expect(code.passedOver.contains { $0.model == "tinyllama:1.1b" })
        // What `recommend` would not name, being too slow on this host, is not what answers.
        let recommended = try await Recommend(profile: "code").run(in: home.home.workspace()) { _ in }
        #expect(recommended.models.first?.command == code.command)
        let path = try await home.route("code", all: true, stack: "mistral").model
        #expect(path.hasPrefix("/models/qwen2.5-coder-"))
        #expect(home.home.hub.requests().isEmpty)
    }
}

/// What a running container has to say in it.
@Suite(.engines) struct RouteServingTests {
    @Test func `a model that is served goes before one that is as good, and the reason says so`() async throws
    {
        try await ServingHome.with(["alpha": ["q8_0"], "beta": ["q8_0"]]) { serving in
            #expect(try await Route("general").run(in: serving.workspace) { _ in }.model == "alpha")
            try await serving.use("beta")
            let routed = try await Route("general").run(in: serving.workspace) { _ in }
            #expect(routed.model == "beta" && routed.state == .serving && routed.command == nil)
            #expect(routed.reason.hasSuffix("`llamacpp` serves it at this moment"))
            #expect(routed.passedOver.map(\.model) == ["alpha"])
            #expect(
                routed.passedOver.first?.reason
                    == "`beta` goes before it: `llamacpp` serves it at this moment"
            )
            try await serving.stop()
            #expect(try await Route("general").run(in: serving.workspace) { _ in }.model == "alpha")
        }
    }
}
