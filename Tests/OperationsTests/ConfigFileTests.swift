import Catalog
import Glibc
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// What becomes of the files that hold configurations and settings: their modes, links and locks.
struct ConfigFileTests {
    private let home: ConfigHome

    init() throws { home = try ConfigHome(["config/models/a.yaml": "model: owner/x\n"]) }

    private var file: FilePath { home.folder.appending("config/models/a.yaml") }

    @discardableResult
    private func set(_ value: String = "4096") async throws -> ConfigChange.Outcome {
        try await ConfigChange("a", set: "context", to: [value]).run(in: home.workspace, isDryRun: false) {
            _ in
        }
    }

    @Test(arguments: [0o600, 0o640, 0o664] as [mode_t]) func `a file keeps its mode`(mode: mode_t)
        async throws
    {
        #expect(chmod(file.string, mode) == 0)
        try await set()
        #expect(try FileSystem.status(file)?.permissions.rawValue == mode)
        #expect(try home.text("config/models/a.yaml").contains("context: 4096"))
    }

    @Test(.enabled(if: geteuid() == 0, "only the superuser gives files away")) func `a file keeps its owner`()
        async throws
    {
        #expect(chown(file.string, 12_345, 12_346) == 0)
        try await set()
        var status = stat()
        #expect(stat(file.string, &status) == 0)
        #expect(status.st_uid == 12_345 && status.st_gid == 12_346)
    }

    @Test func `a link into the home is written through, and stays`() async throws {
        let shared = home.folder.appending("shared.yaml")
        try FileSystem.rename(file, to: shared)
        #expect(symlink("../../shared.yaml", file.string) == 0)
        try await set()
        #expect(try home.text("shared.yaml").contains("context: 4096"))
        #expect(try FileSystem.status(file, followingLinks: false)?.kind == .link)
    }

    @Test func `a link out of the home is left alone, with what to type`() async throws {
        let other = try TemporaryDirectory()
        let target = try other.write("model: owner/x\n", to: "mine.yaml")
        try FileSystem.remove(file)
        #expect(symlink(target.string, file.string) == 0)
        let failure = await #expect(throws: Failure.self) { try await set() }
        #expect(failure?.kind == .conflict && failure?.hint?.contains("\(target)") == true)
        #expect(try FileSystem.read(target) == Array("model: owner/x\n".utf8))
    }

    @Test func `a lock that is not let go of is waited for only so long, and its holder named`() async throws
    {
        let place = file.removingLastComponent().appending(".a.yaml.lock")
        let lock = try #require(try FileLock.attempt(place))
        #expect(FileLock.holder(of: place).map { $0 == getpid() } ?? true)
        let start = ContinuousClock.now
        let failure = await #expect(throws: Failure.self) { try await set() }
        #expect(failure?.kind == .conflict && failure?.message.contains("is changing it") == true)
        #expect(ContinuousClock.now - start < .seconds(60))
        withExtendedLifetime(lock) {}
    }

    @Test func `a broken file is replaced where that is wanted, and by nothing else`() async throws {
        for text in ["[", "model: llama3.1:8b\ncontext: [\n"] {
            let path = "config/models/llama3.1-8b.yaml"
            let home = try ConfigHome([path: text])
            await #expect(throws: Failure.self) {
                try await ConfigNew("llama3.1:8b").run(in: home.workspace, isDryRun: false, force: false)
            }
            #expect(try home.text(path) == text)
            let made = try await ConfigNew("llama3.1:8b").run(
                in: home.workspace,
                isDryRun: false,
                force: true
            )
            #expect(try home.text(path) == made.text)
            let shipped = try #require(Home.shipped.first { $0.path == path })
            #expect(made.text == String(decoding: shipped.bytes, as: UTF8.self))
        }
    }

    @Test func `of many that make one file at once, one makes it`() async throws {
        let home = try ConfigHome()
        let workspace = home.workspace
        let made = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (try? await ConfigNew("gemma2:27b").run(in: workspace, isDryRun: false, force: false))
                        != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 1)
    }

    @Test func `one value is got, also out of a list, and nothing where nobody set it`() async throws {
        let home = try ConfigHome([
            "config/models/a.yaml": "model: owner/x\nlora: [{name: sql, source: o/s, scale: 0.5}]\n"
        ])
        func value(_ path: String) async throws -> SettingValue? {
            try await ConfigShow("a").one(path, in: home.workspace).value
        }
        #expect(try await value("model") == .text("owner/x"))
        #expect(try await value("lora.0.scale") == .number(0.5))
        #expect(try await value("lora.1.scale") == nil)
        #expect(try await value("generation.seed") == nil)
        await #expect(throws: Failure.self) { try await value("nosuch") }
    }

    @Test func `a configuration is removed, and a shipped one is not there to be`() async throws {
        let home = try ConfigHome([
            "config/models/a.yaml": "[", "config/models/tinyllama.yaml": "model: tinyllama:1.1b\n",
        ])
        for (name, hasShipped) in [("a", false), ("tinyllama", true)] {
            let removal = ConfigRemove(name)
            let plan = try await removal.plan(in: home.workspace)
            #expect(plan.hasShipped == hasShipped && home.exists("config/models/\(name).yaml"))
            try removal.run(plan, in: home.workspace)
            #expect(!home.exists("config/models/\(name).yaml"))
        }
        let shipped = await #expect(throws: Failure.self) {
            try await ConfigRemove("tinyllama").plan(in: home.workspace)
        }
        #expect(shipped?.kind == .notFound && shipped?.message.contains("shipped") == true)
    }

    @Test func `that of the served model stays, unless it is forced`() async throws {
        let home = try TestHome()
        try home.directory.write("model: owner/x\n", to: "home/config/models/a.yaml")
        let store = ModelStore(volume: home.volume())
        var state = LaunchState()
        let key = try ModelKey(model: "owner/x", format: "gguf", quant: "q8_0")
        state.active = ServedLaunch(key, name: "x", argv: ["a"], environment: [:])
        try store.save(state, of: "llamacpp")
        let failure = await #expect(throws: Failure.self) {
            try await ConfigRemove("a").plan(in: home.workspace())
        }
        #expect(failure?.kind == .conflict && failure?.message.contains("`llamacpp` serves") == true)
        #expect(try await ConfigRemove("a", isForced: true).plan(in: home.workspace()).name == "a")
    }

    // MARK: Checks

    @Test func `a check tells what words for an engine leave without effect, and where it stands`()
        async throws
    {
        let home = try ConfigHome([
            "config/models/a.yaml": """
            model: owner/x
            context: 4096
            lora: [{name: sql, source: o/s}]
            gpu: {layers: 3}
            extra: {vllm: [--max-model-len, '100'], llamacpp: [--n-gpu-layers, '1']}

            """
        ])
        let (_, findings) = try await ConfigValidate([]).run(in: home.workspace) { _ in }
        try #require(findings.map(\.line) == [4, 2])
        #expect(findings.allSatisfy { $0.severity == .warning })
        #expect(findings[0].message.contains("`gpu.layers` has no effect on llamacpp"))
        #expect(findings[1].message == "`context` has no effect on vllm: `extra.vllm` has words in its place")
    }

    @Test func `a check tells which words an engine gets from other settings alone`() async throws {
        let home = try ConfigHome([
            "config/models/a.yaml": "model: owner/x\nextra:\n  llamacpp: [--port, '99']\n"
        ])
        let (_, findings) = try await ConfigValidate([]).run(in: home.workspace) { _ in }
        try #require(findings.map(\.line) == [3] && findings.map(\.severity) == [.error])
        #expect(findings[0].message == "`--port` of llamacpp follows from other settings")
    }

    @Test func `a key among words for an engine is neither written nor told`() async throws {
        let home = try ConfigHome(["config/models/a.yaml": "model: owner/x\n"])
        let change = ConfigChange("a", set: "extra.llamacpp", to: ["--api-key", "geheim"])
        let failure = await failure {
            try await change.run(in: home.workspace, isDryRun: false) { _ in }
        }
        #expect(failure?.kind == .invalid && failure?.message.contains("geheim") == false)
        #expect(failure?.hint?.contains("api_key") == true)
        #expect(try home.text("config/models/a.yaml") == "model: owner/x\n")
    }

    @Test func `a check holds extra arguments against the engine's table`() async throws {
        let home = try ConfigHome([
            "config/models/a.yaml":
                "model: owner/x\nextra:\n  llamacpp: [--no-such-thing]\n  vllm: [--hf-overrides, '{}']\n"
        ])
        let (_, findings) = try await ConfigValidate([]).run(in: home.workspace) { _ in }
        #expect(findings.map(\.line) == [3] && findings[0].severity == .error)
        #expect(findings[0].message.contains("has no argument `--no-such-thing`"))
    }

    @Test func `a check of the settings tells stacks, rates and variables that mean nothing`() throws {
        let home = try ConfigHome(
            ["config/settings.yaml": "top_p: 0.5\nstack: lamacpp\nlimit_rate: 500\n"],
            environment: ["STACKCTL_STACK": "nosuch", "STACKCTL_TEMPERATUR": "1", "STACKCTL_TOP_P": "0.1"]
        )
        let findings = try SettingsCheck().run(in: home.workspace)
        let shown = findings.map { "\($0.severity.rawValue) \($0.line) \($0.message)" }
        #expect(shown.contains("error 2 there is no stack `lamacpp`: did you mean `llamacpp`?"), "\(shown)")
        #expect(shown.contains { $0.hasPrefix("error 3 ") && $0.contains("at least `1k`") }, "\(shown)")
        #expect(shown.contains { $0.hasPrefix("error 0 there is no stack `nosuch`") }, "\(shown)")
        #expect(
            shown.contains("warning 0 there is no such variable: did you mean `STACKCTL_TEMPERATURE`?"),
            "\(shown)"
        )
        #expect(findings.count == 4)
    }
}
