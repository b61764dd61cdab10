import Catalog
import Formats
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// What a model can take: by its own files, else by the table.
struct LimitLookupTests {
    private static let tools =
        "{% for m in messages %}{{ m }}{% endfor %}{% if tools %}{{ tools }}{% endif %}"

    private func gguf(context: UInt32 = 1000, template: String? = nil) throws -> StubContent {
        let extra = template.map { [("tokenizer.chat_template", GGUFValue.string($0))] } ?? []
        return .bytes(try GGUFBuilder.tiny(contextLength: context, extra: extra))
    }

    private func projector(_ extra: [(String, GGUFValue)] = []) throws -> StubContent {
        .bytes(try GGUFBuilder.tiny(architecture: "clip", extra: extra))
    }

    private func home(_ files: [String: StubContent], _ repository: String = "org/Qwen3-8B-GGUF") throws
        -> TestHome
    {
        try TestHome(StubRepository(repository, files: files))
    }

    private func limits(
        _ home: TestHome,
        _ model: String,
        stack: String = "llamacpp",
        reports: Reports = Reports()
    )
        async throws -> ModelLimits
    {
        try await LimitLookup(try home.reference(model)).run(
            in: home.workspace(stack: stack),
            report: reports.reporter
        )
    }

    @Test func `what is not here goes by the table, and says which pattern it was`() async throws {
        let (home, reports) = (try home([:]), Reports())
        let found = try await limits(home, "qwen2.5-coder", reports: reports)
        #expect(found.model == "qwen2.5-coder:7b" && found.known && found.stack == nil)
        #expect(found.contextWindow == 32_768 && found.family == "qwen2" && found.maxOutput == nil)
        #expect(
            found.can(.toolCalling) && found.can(.fim) && !found.can(.vision) && found.capabilities.count == 7
        )
        #expect(found.profiles == ["code"] && found.pattern == "qwen2.5-coder:*")
        #expect(Set(found.sources.values) == [.table] && found.sources["maxOutput"] == nil)
        #expect(reports.all.isEmpty && home.hub.requests().isEmpty)
        #expect(try await limits(home, "org/Qwen2.5-7B-Instruct-AWQ").maxOutput == 8192)
    }

    @Test func `a stored model's header goes before the table`() async throws {
        let home = try home(["Qwen3-8B-Q4_K_M.gguf": try gguf()])
        #expect(try await limits(home, "org/Qwen3-8B-GGUF").contextWindow == 40_960)
        try await home.pull("org/Qwen3-8B-GGUF")
        let found = try await limits(home, "org/Qwen3-8B-GGUF")
        #expect(found.contextWindow == 1000 && found.stack == "llamacpp" && found.pattern == "*/Qwen3-8B*")
        #expect(found.sources["contextWindow"] == .header && found.sources["toolCalling"] == .table)
        // It has no template, so it does not say; but it would need a projector to see.
        #expect(found.can(.toolCalling) && found.can(.reasoning))
        #expect(!found.can(.vision) && found.sources["vision"] == .header)
        #expect(found.family == "qwen3" && found.sources["family"] == .table)
    }

    @Test(arguments: [("{{ messages }}", false), (tools, true)])
    func `a stored model's own template tells whether it calls tools`(template: String, calls: Bool)
        async throws
    {
        let home = try home(["Qwen3-8B-Q4_K_M.gguf": try gguf(template: template)])
        try await home.pull("org/Qwen3-8B-GGUF")
        let found = try await limits(home, "org/Qwen3-8B-GGUF")
        #expect(found.can(.toolCalling) == calls && found.sources["toolCalling"] == .header)
    }

    @Test func `no answer is longer than the window that the header tells`() async throws {
        let home = try home(["a-Q4_K_M.gguf": try gguf()], "org/Qwen2.5-7B-Instruct-GGUF")
        try await home.pull("org/Qwen2.5-7B-Instruct-GGUF")
        let found = try await limits(home, "org/Qwen2.5-7B-Instruct-GGUF")
        #expect(found.maxOutput == 1000 && found.sources["maxOutput"] == .table)
    }

    @Test(
        arguments: [
            ([], true, false), ([("clip.has_vision_encoder", .bool(true))], true, false),
            ([("clip.has_audio_encoder", .bool(true))], false, true),
            (
                [("clip.has_vision_encoder", .bool(true)), ("clip.has_audio_encoder", .bool(true))], true,
                true
            ),
            (
                [("clip.has_vision_encoder", .bool(false)), ("clip.has_audio_encoder", .bool(true))], false,
                true
            ),
        ] as [([(String, GGUFValue)], Bool, Bool)]
    )
    func `a projector beside the weights tells whether it sees and listens`(
        says: [(String, GGUFValue)],
        sees: Bool,
        hears: Bool
    ) async throws {
        let files: KeyValuePairs = ["model": try gguf(), "projector": try projector(says)]
        let (home, registry) = try OllamaHome.with("library/qwen3:8b", files)
        try await home.pull(registry.name("library/qwen3:8b")) { $0.name = "see" }
        let found = try await limits(home, "see")
        #expect(
            found.can(.vision) == sees && found.can(.audio) == hears && found.sources["vision"] == .header
        )
        // Its name says nothing, but that of what it came from does.
        #expect(found.pattern == "qwen3:*" && found.family == "qwen3")
    }

    @Test func `safetensors go by config and template, and by the table where these are silent`() async throws
    {
        let home = try home([:])
        var config =
            #"{"model_type": "gemma3", "text_config": {"hidden_size": 8}, "vision_config": {"a": 1}}"#
        let weights = try SampleModel.safetensors()
        for (name, bytes) in [
            ("config.json", Array(config.utf8)), ("chat_template.jinja", Array(Self.tools.utf8)),
            ("model.safetensors", weights),
        ] { try home.directory.write(bytes, to: "gemma-3-4b-it/\(name)") }
        let path = home.directory.appending("gemma-3-4b-it").string
        let seeing = try await limits(home, path)
        #expect(seeing.contextWindow == 131_072 && seeing.sources["contextWindow"] == .table)
        #expect(seeing.can(.vision) && seeing.sources["vision"] == .header)
        #expect(seeing.can(.toolCalling) && seeing.sources["toolCalling"] == .header)
        config =
            #"{"thinker_config": {"audio_config": {"a": 1}, "max_position_embeddings": 77}, "vision_config": null}"#
        try home.directory.write(config, to: "gemma-3-4b-it/config.json")
        let hearing = try await limits(home, path)
        #expect(hearing.can(.audio) && hearing.sources["vision"] == .table && hearing.stack == nil)
        try home.directory.write(#"{"max_position_embeddings": 4711}"#, to: "gemma-3-4b-it/config.json")
        #expect(try await limits(home, path).contextWindow == 4711)
    }

    @Test func `the unknown is called that, and only what is safe is assumed`() async throws {
        let (home, reports) = (try home([:]), Reports())
        let found = try await limits(home, "qwen2.5-codr:7b", reports: reports)
        #expect(!found.known && found.contextWindow == 2048 && found.maxOutput == nil && found.pattern == nil)
        #expect(Capability.allCases.filter(found.can) == [.streaming] && found.profiles.isEmpty)
        #expect(Set(found.sources.values) == [.default] && found.family == nil)
        let hint = "did you mean `qwen2.5-coder:7b`?"
        #expect(
            reports.warnings == ["`qwen2.5-codr:7b` is unknown: these limits are safe to assume; \(hint)"]
        )
        #expect(try await !limits(home, "org/never-heard-of").known)
    }

    @Test func `one's own catalog and one's own table count too`() async throws {
        let home = try home([:])
        let models =
            "models: {mine: {context: 5000, gguf: {repository: o/a, file: 'a-{quant}.gguf', quants: [q4_k_m]}}}"
        try home.directory.write(models, to: "home/config/models.yaml")
        let declared = try await limits(home, "mine")
        #expect(
            declared.known && declared.contextWindow == 5000 && declared.sources["contextWindow"] == .catalog
        )
        #expect(declared.sources["toolCalling"] == .default)
        try home.directory.write(
            "limits: {'mine:*': {context: 6000, profiles: x}}",
            to: "home/config/limits.yaml"
        )
        let found = try await limits(home, "mine")
        #expect(found.contextWindow == 6000 && found.profiles == ["x"])
        try home.directory.write("limits: {'mine:*': {contxt: 6000}}", to: "home/config/limits.yaml")
        let failure = await #expect(throws: Failure.self) { try await limits(home, "mine") }
        #expect(failure?.kind == .invalid && failure?.message.contains("config/limits.yaml:1:10: ") == true)
    }

    @Test func `a header that cannot be read is told, and the table asked`() async throws {
        let (home, reports) = (try home(["Qwen3-8B-Q4_K_M.gguf": try gguf()]), Reports())
        let outcome = try await home.pull("org/Qwen3-8B-GGUF")
        let file = FilePath(outcome.path).appending("Qwen3-8B-Q4_K_M.gguf")
        try FileSystem.write(Array("no model at all".utf8), to: file)
        let found = try await limits(home, "org/Qwen3-8B-GGUF", reports: reports)
        #expect(found.contextWindow == 40_960 && found.sources["vision"] == .table)
        #expect(reports.warnings.count == 1 && reports.warnings[0].hasSuffix(": going by the table"))
        let missing = await #expect(throws: Failure.self) { try await limits(home, "/no/such/file.gguf") }
        #expect(missing?.kind == .notFound)
    }
}

/// What `launch` says of a context that is beyond the model's window; `use` says the same.
struct ContextAdviceTests {
    private func warnings(
        _ defaults: String,
        engine: String = "llamacpp",
        flags: EffectiveSettings = EffectiveSettings()
    ) async throws -> [String] {
        let home = try TestHome(StubRepository("org/tiny-GGUF", files: ["tiny-Q4_K_M.gguf": try smallGGUF()]))
        try home.directory.write(
            "engine: \(engine)\ndefaults: {\(defaults)}\n",
            to: "home/stacks/llamacpp/stack.yaml"
        )
        try await home.pull("org/tiny-GGUF")
        let reports = Reports()
        _ = try await Launch(try home.reference("org/tiny-GGUF"), flags: flags).run(
            in: home.workspace(),
            report: reports.reporter
        )
        return reports.warnings
    }

    @Test func `a context beyond the model's window is warned of, in one line with the numbers`() async throws
    {
        #expect(
            try await warnings("context: 8193") == [
                "`llamacpp` asks for a context of 8193 tokens, and `org/tiny-GGUF` was made for 2048: "
                    + "4 requests at once can use 8192; set `context` in its stack.yaml to that or less"
            ]
        )
        #expect(
            try await warnings("context: 4096, parallel: 1") == [
                "`llamacpp` asks for a context of 4096 tokens, and `org/tiny-GGUF` was made for 2048; "
                    + "set `context` in its stack.yaml to that or less"
            ]
        )
        #expect(try await warnings("context: 65537", engine: "mistralrs").count == 1)
    }

    @Test func `a flag is warned of as a file is, and goes before it`() async throws {
        func flags(_ context: Int) -> EffectiveSettings {
            let setting = SettingKey.context.setting
            return EffectiveSettings([setting.name: .init(.integer(context), .flag(setting.flag))])
        }
        #expect(
            try await warnings("parallel: 1", flags: flags(4096)) == [
                "`llamacpp` asks for a context of 4096 tokens, and `org/tiny-GGUF` was made for 2048; "
                    + "set `--context-size` to that or less"
            ]
        )
        #expect(try await warnings("context: 99999", flags: flags(512)).isEmpty)
    }

    @Test(arguments: ["context: 8192", "parallel: 2", "context: 2048"])
    func `what requests can use together is not`(defaults: String) async throws {
        #expect(try await warnings(defaults).isEmpty)
    }

    @Test func `nor is what words of the engine's own replace, of which only that is said`() async throws {
        let said = try await warnings("context: 99999, extra: [-c, '512']")
        #expect(said.count == 1 && said[0].contains("extra"), "\(said)")
    }

    @Test(.engines) func `use says it before it pulls, by the table`() async throws {
        try await DockerHome.with { home in
            try home.declare("container: \(home.name)\ndefaults: {context: 99999}")
            try await home.run("sleep 600")
            let reports = Reports()
            let failed = await failure {
                try await Use(try home.home.reference("org/Llama-2-7b-Chat-GGUF"))
                    .run(in: home.workspace(), report: reports.reporter)
            }
            // The hub does not have it: the warning comes before hours of fetching.
            #expect(failed?.kind == .notFound)
            #expect(
                reports.warnings.first?.hasPrefix(
                    "`llamacpp` asks for a context of 99999 tokens, and `org/Llama-2-7b-Chat-GGUF` was made for 4096: "
                ) == true,
                "\(reports.warnings)"
            )
        }
    }
}
