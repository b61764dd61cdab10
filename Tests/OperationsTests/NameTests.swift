import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// Words that are the names of models, of configurations, or of both.
struct NameTests {
    private let home: TestHome

    /// Stores `x`, a model of its own, and `org/x`, which is another one.
    init() async throws {
        home = try TestHome(
            StubRepository(
                "org/x",
                files: ["x-Q4_K_M.gguf": .bytes(try GGUFBuilder.tiny(contextLength: 512))]
            )
        )
        let file = try home.directory.write(try GGUFBuilder.tiny(contextLength: 1024), to: "mine.gguf")
        try await home.pull(file.string) { $0.name = "x" }
        try await home.pull("org/x")
    }

    private func declare(_ text: String, as name: String) throws {
        try home.directory.write(text, to: "home/config/models/\(name).yaml")
    }

    /// The folder of the model that a launch takes, and the context that it is told.
    private func launched(_ word: String) async throws -> (folder: String, context: String?) {
        let argv = try await Launch(try home.reference(word)).run(in: home.workspace()) { _ in }.argv
        func value(of option: String) -> String? {
            zip(argv, argv.dropFirst()).first { $0.0 == option }?.1
        }
        let folder = value(of: "--model")?.split(separator: "/").dropFirst().first
        return (String(folder ?? ""), value(of: "--ctx-size"))
    }

    @Test func `a new configuration has no name that another model has`() async throws {
        let workspace = home.workspace()
        let made = try await ConfigChange("org/x", set: "context", to: ["300"])
            .run(in: workspace, isDryRun: false) { _ in }
        #expect(made.name == "org-x")
        #expect(try await launched("org/x") == ("org--x", "300"))
        #expect(try await launched("x") == ("x", "1024"))
        #expect(await failure { try await ConfigLookup("x").one(in: workspace) }?.kind == .notFound)
        let own = try await ConfigChange("x", set: "context", to: ["600"]).run(in: workspace, isDryRun: false)
        { _ in }
        #expect(own.name == "x")
        #expect(try await launched("x") == ("x", "600"))
        #expect(try await launched("org/x") == ("org--x", "300"))
        for (model, name) in [("org/x", "x"), ("org/x", "llama3"), ("mistral:7b", "x")] {
            let refused = await failure {
                try await ConfigNew(model, name: name).run(in: workspace, isDryRun: true, force: true)
            }
            #expect(refused?.kind == .conflict && refused?.hint?.contains("--as NAME") == true)
        }
    }

    @Test func `a word that is a model's and another one's configuration is refused by every verb`()
        async throws
    {
        try declare("model: org/x\ncontext: 300\n", as: "x")
        let (workspace, word) = (home.workspace(), try home.reference("x"))
        let failures = [
            await failure { try await Launch(word).run(in: workspace) { _ in } },
            await failure { try await LimitLookup(word).run(in: workspace) { _ in } },
            await failure { try await Fit(word).run(in: workspace) { _ in } },
            await failure { try await Pull(word).plan(in: workspace) { _ in } },
            await failure { try await Convert(word).plan(in: workspace) { _ in } },
            await failure { try await ConfigShow("x").run(in: workspace) },
            await failure {
                try await ConfigChange("x", set: "context", to: ["1"]).run(in: workspace, isDryRun: true) {
                    _ in
                }
            },
            await failure { try await Launch(try home.reference("x-q4_k_m")).run(in: workspace) { _ in } },
        ]
        for failure in failures {
            #expect(failure?.kind == .conflict)
            #expect(
                failure?.hint?.contains("`x:latest") == true && failure?.hint?.contains("`x.yaml`") == true
            )
        }
        #expect(failures[0]?.message.contains("`org/x`") == true)
        #expect(try await launched("x:latest") == ("x", "1024"))
        for word in ["x.yaml", "org/x"] {
            #expect(try await launched(word) == ("org--x", "300"))
            #expect(try await ConfigLookup(word).one(in: workspace).name == "x")
        }
        #expect(try await Show(try home.reference("x:latest")).run(in: workspace).model == "x")
        let limits = try await LimitLookup(try home.reference("x:latest")).run(in: workspace) { _ in }
        #expect((limits.model, limits.contextWindow) == ("x", 1024))
        let routed = try await Route("general").run(in: workspace) { _ in }
        #expect(routed.passedOver.allSatisfy { !$0.reason.contains("configuration") })
    }

    @Test func `a configuration with a name of the catalog is for its own model alone`() async throws {
        try declare("model: org/x\n", as: "llama3")
        let refused = await failure {
            try await Launch(try home.reference("llama3")).run(in: home.workspace()) { _ in }
        }
        #expect(refused?.kind == .conflict && refused?.message.contains("`llama3:8b` of the catalog") == true)
        #expect(try await ConfigLookup("llama3:8b").one(in: home.workspace()).name == "llama3-8b")
        #expect(try await launched("llama3.yaml").folder == "org--x")
        let (_, findings) = try await ConfigValidate(["llama3"]).run(in: home.workspace()) { _ in }
        #expect(findings.map(\.severity) == [.warning] && findings.first?.line == 1)
        #expect(
            findings.first?.message.hasSuffix("of the catalog: only `llama3.yaml` means this file") == true
        )
    }

    @Test func `a model that was stored under a name of one's own has the configuration of what it is`()
        async throws
    {
        try await home.pull("org/x") { $0.name = "own" }
        try declare("model: org/x\ncontext: 300\n", as: "own")
        #expect(try await launched("own") == ("own", "300"))
    }

    @Test func `a configuration's model is what is stored, by its name, its repository or its path`()
        async throws
    {
        let variant = "gguf: {repository: org/x, file: \"x-{QUANT}.gguf\", quants: [q4_k_m]}"
        try home.directory.write(
            "models:\n  mine:\n    variants:\n      7b: {\(variant)}\n",
            to: "home/config/models.yaml"
        )
        try await home.pull("mine:7b")
        try declare("model: mine:7b\ncontext: 300\n", as: "mine-7b")
        #expect(try await launched("mine-7b") == ("mine-7b", "300"))
        try await home.pull("org/x") { $0.name = "own" }
        try declare("model: mine:7b\ncontext: 200\n", as: "own")
        #expect(try await launched("own") == ("own", "200"))
        try declare("model: \(home.directory.path)/./mine.gguf\ncontext: 100\n", as: "x")
        #expect(try await launched("x") == ("x", "100"))
    }

    @Test func `configurations that go by each other's models come to an end`() async throws {
        try declare("model: two\ncontext: 300\n", as: "one")
        try declare("model: org/x\n", as: "two")
        let missing = await failure {
            try await Launch(try home.reference("one")).run(in: home.workspace()) { _ in }
        }
        #expect(missing?.kind == .notFound && missing?.message.contains("`two:latest`") == true)
        try declare("model: one\n", as: "two")
        let limits = try await LimitLookup(try home.reference("one")).run(in: home.workspace()) { _ in }
        #expect(!limits.known)
    }

    @Test(arguments: [
        ("a/b:q8_0", "`--as a/b`"), ("x:q4", "`--as x`"), ("x-q4_k_m", "`--as x`"),
        ("x:7b-q4", "`--as x:7b`"),
        ("y:latest", "`--as y`"), ("y.yaml", "`--as y`"), ("llama3", "`--as llama3:8b`"),
        ("llama3:8b", "another name"),
        ("taken", "another name"), ("./y", "NAME[:TAG]"), ("a/b@main", "`--as a/b`"), ("", "NAME[:TAG]"),
    ])
    func `a name that would not be found again, or is another model's, is refused`(name: String, hint: String)
        async throws
    {
        try declare("model: org/other\n", as: "taken")
        let asked = home.hub.requests(nil).count
        let pulled = await failure {
            var options = PullOptions()
            options.name = name
            return try await Pull(try home.reference("org/x"), options).plan(in: home.workspace()) { _ in }
        }
        let converted = await failure {
            var options = ConvertOptions()
            options.name = name
            return try await Convert(try home.reference("org/x"), options).plan(in: home.workspace()) { _ in }
        }
        for failure in [pulled, converted] {
            #expect(
                failure?.kind == .usage && failure?.hint?.contains(hint) == true,
                "\(name): \(failure?.hint ?? "")"
            )
        }
        #expect(home.hub.requests(nil).count == asked)
    }
}
