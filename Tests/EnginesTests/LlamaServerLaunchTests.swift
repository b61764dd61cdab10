import Catalog
import Engines
import Formats
import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// The real server takes the lines that are written for it, and loads the model that they name.
@Suite(.enabled("llama.cpp's server is not there") { await TestProgram.llamaServer.isExpected() })
struct LlamaServerLaunchTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        try folder.write(try SmallServed.model(), to: "m.gguf")
        try folder.write(try SmallServed.model(), to: "small.gguf")
        for name in ["a", "b c", "d,e", "f'g"] {
            for number in 0...2 { try folder.write(try SmallServed.adapter(), to: "\(name)-\(number).gguf") }
        }
        try folder.write("{% for message in messages %}{{ message.content }}{% endfor %}", to: "t.jinja")
        try folder.write("s3cret\n", to: "key")
    }

    /// Settings by chance, none of which needs another machine, another model or more memory than a test has.
    private func settings(_ generated: inout GeneratedSettings) -> EffectiveSettings {
        var settings = generated.some(percent: 40)
        func set(_ setting: Setting, _ value: SettingValue?) {
            guard settings[setting] != nil else { return }
            settings[setting] = value.map { EffectiveSettings.Entry($0, .usual) }
        }
        set(SettingKey<[String]>.nodes.setting, nil)
        set(SettingKey<DeclaredMixture>.mixture.setting, nil)
        set(SettingKey.projector.setting, .text("none"))
        set(SettingKey.context.setting, .integer(1024))
        set(SettingKey.parallel.setting, .integer(generated.numbers.pick(1, 2, 5)))
        set(SettingKey.threads.setting, .integer(2))
        set(SettingKey.gpuLayers.setting, .text(generated.numbers.pick("auto", "all", "0", "3")))
        // There is one device here, and it is the CPU.
        set(SettingKey.split.setting, .text(generated.numbers.pick("none", "layer")))
        set(SettingKey.mainGPU.setting, .integer(0))
        set(SettingKey<[Double]>.tensorSplit.setting, .list([.number(1)]))
        set(
            SettingKey.chatTemplate.setting,
            .text(generated.numbers.pick("chatml", folder.appending("t.jinja").string))
        )
        set(SettingKey.speculativeModel.setting, .text(folder.appending("small.gguf").string))
        set(SettingKey.speculativeMethod.setting, .text(generated.numbers.pick("draft", "ngram")))
        if settings[SettingKey.speculativeMethod] == "draft" {
            let model = SettingValue.text(folder.appending("small.gguf").string)
            settings[SettingKey.speculativeModel.setting] = EffectiveSettings.Entry(model, .usual)
        }
        set(SettingKey<SecretReference>.apiKey.setting, .text("file:\(folder.appending("key"))"))
        return settings
    }

    private func request(seed: Int, in stack: Stack) -> LaunchRequest {
        var generated = GeneratedSettings(seed: seed, engine: .llamacpp)
        let settings = settings(&generated)
        let adapters = generated.adapters().map { adapter in
            var adapter = adapter
            adapter.path = folder.appending(String(adapter.path.dropFirst("/adapters/".count))).string
            return adapter
        }
        return LaunchRequest(
            stack: stack,
            settings: settings,
            model: "a model",
            format: .gguf,
            files: [folder.appending("m.gguf").string],
            adapters: adapters,
            facts: ModelFacts(architecture: "llama", contextLength: 1024)
        )
    }

    @Test(.timeLimit(.minutes(5))) func `it takes generated lines and loads the model`() async throws {
        let program = try await TestProgram.llamaServer.path()
        let stack = try await declaredStack("engine: llamacpp\ndefaults: {host: 127.0.0.1}")
        var loaded = 0
        var options: Set<String> = []
        for seed in 1..<1000 where loaded < 30 {
            guard let plan = try? LaunchPlan(request(seed: seed, in: stack)) else { continue }
            var words = Array(plan.argv.dropFirst())
            let port = try #require(words.firstIndex(of: "--port"))
            words[port + 1] = "0"
            // Where a container sees the key is here where the test has it.
            words = words.map { $0 == LaunchPlan.keyPath ? folder.appending("key").string : $0 }
            let server = try BinaryRun(program, words, environment: ["HOME": folder.path.string])
            try await server.waitUntil {
                $0.errors.contains("listening on http") || $0.errors.contains("rror: ")
            }
            server.send(SIGKILL)
            let log = try await server.finish().errors
            #expect(log.contains("listening on http") && !log.contains("rror: "), "\(plan.shell)\n\(log)")
            options.formUnion(words.filter { $0.hasPrefix("--") })
            loaded += 1
        }
        #expect(loaded == 30 && options.count >= 36, "\(options.sorted())")
    }

    @Test(.timeLimit(.minutes(5))) func `it takes the variables for the options`() async throws {
        let stack = try await declaredStack("engine: llamacpp\ndefaults: {host: 127.0.0.1}")
        var loaded = 0
        for seed in 2000..<3000 where loaded < 8 {
            guard let plan = try? LaunchPlan(request(seed: seed, in: stack)), let told = try? plan.variables,
                told.arguments.isEmpty
            else { continue }
            var variables = ["HOME": folder.path.string]
            for line in told.text.split(separator: "\n") {
                let parts = line.split(separator: "=", maxSplits: 1)
                variables[String(parts[0])] = String(parts[1])
            }
            #expect(variables["LLAMA_ARG_PORT"] == "8080")
            variables["LLAMA_ARG_PORT"] = "0"
            if variables["LLAMA_ARG_API_KEY_FILE"] != nil {
                variables["LLAMA_ARG_API_KEY_FILE"] = folder.appending("key").string
            }
            let server = try BinaryRun(
                try await TestProgram.llamaServer.path(),
                [],
                environment: variables
            )
            try await server.waitUntil {
                $0.errors.contains("listening on http") || $0.errors.contains("rror")
            }
            server.send(SIGKILL)
            let log = try await server.finish().errors
            #expect(log.contains("listening on http") && log.contains("m.gguf"), "\(told.text)\n\(log)")
            loaded += 1
        }
        #expect(loaded == 8)
    }

    @Test(.timeLimit(.minutes(5))) func `the table says of each option whether a value follows`() async throws
    {
        let program = try await TestProgram.llamaServer.path()
        // They answer by themselves, or would fetch a model.
        let leaving: Set = [
            "-h", "--help", "--usage", "--version", "-cl", "--cache-list", "--completion-bash",
            "--list-devices",
            "--log-disable",
        ]
        var count = 0
        for option in EngineFlags.of(.llamacpp).options {
            for name in option.names where !leaving.contains(name) && !Self.fetches(name) {
                let end = option.isRemoved ? [name, "1"] : [name]
                let words = ["--model", "/nonexistent", "--port", "0"] + end
                let answer = try await BinaryRun.run(program, words, environment: [:]).errors
                let isGone =
                    answer.contains("invalid argument: \(name)") || answer.contains("has been removed")
                #expect(isGone == option.isRemoved, "\(name): \(answer)")
                let wantsValue = answer.contains("expected value for argument")
                #expect(wantsValue == (option.values.lowerBound > 0), "\(name): \(answer)")
                count += 1
            }
        }
        #expect(count > 400)
    }

    /// Whether an option stands for a model of the hub.
    private static func fetches(_ name: String) -> Bool {
        name.hasSuffix("-default") || name.hasSuffix("-spec")
    }
}
