import Catalog
import Engines
import Formats
import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// Every line that can come about is one that the engine's table has all words of.
struct GeneratedLaunchTests {
    private static let count = 2000

    /// The request of a seed.
    private func request(_ seed: Int, _ stack: Stack) -> LaunchRequest {
        var generated = GeneratedSettings(seed: seed, engine: stack.engine)
        let isGGUF =
            stack.engine == .llamacpp || stack.engine == .mistralrs && generated.numbers.isLucky(percent: 50)
        let files = isGGUF ? ["m.gguf", "mmproj-F16.gguf"] : ["config.json", "model.safetensors"]
        return LaunchRequest(
            stack: stack,
            settings: generated.some(),
            model: "a-model",
            format: isGGUF ? .gguf : .safetensors,
            files: files.map { "/models/a-model/\($0)" },
            adapters: generated.adapters(),
            facts: ModelFacts(architecture: "qwen2", contextLength: 32_768)
        )
    }

    @Test(arguments: EngineName.allCases) func `every word of every launch is the engine's`(
        engine: EngineName
    ) async throws {
        let stack = try await declaredStack("engine: \(engine.rawValue)\nimage: an/image")
        var launched = 0
        var options: Set<String> = []
        for seed in 0..<Self.count {
            let request = request(seed, stack)
            let plan: LaunchPlan
            do throws(LaunchRefusal) { plan = try LaunchPlan(request) } catch {
                #expect(Self.isFounded(error), "seed \(seed): \(error)")
                continue
            }
            launched += 1
            for node in plan.nodes.isEmpty ? [plan.argv] : plan.nodes.map(\.argv)
            where node[0] == plan.argv[0] {
                let leading = engine == .llamacpp ? 1 : engine == .vllm ? 3 : 2
                let complaints = EngineFlags.of(engine).complaints(about: node, leading: leading)
                #expect(complaints == [], "seed \(seed): \(node)")
                options.formUnion(node.filter { $0.hasPrefix("-") })
            }
            #expect(!plan.environment.values.contains { $0.contains("MY_KEY") })
            #expect(plan.model.isEmpty == false && Set(plan.unused.map(\.name)).count == plan.unused.count)
        }
        // Chance reaches most of what there is to say.
        #expect(launched > Self.count / 3, "\(launched)")
        #expect(
            options.count >= [.llamacpp: 38, .vllm: 25, .mistralrs: 22][engine] ?? 0,
            "\(options.sorted())"
        )
    }

    /// Whether a refusal is one of those that such settings can come to.
    private static func isFounded(_ refusal: LaunchRefusal) -> Bool {
        switch refusal {
        case .cacheTypeNotServed, .settingsConflict, .keyNotServed, .nodesNotServed, .templateNotServed,
            .rankNotServed, .adaptersNotServed, .pathNotServed:
            true
        default: false
        }
    }

    @Test(arguments: EngineName.allCases) func `a shell takes every line apart into the same words`(
        engine: EngineName
    ) async throws {
        let stack = try await declaredStack("engine: \(engine.rawValue)")
        let folder = try TemporaryDirectory()
        for name in ["llama-server", "mistralrs", "vllm"] {
            let program = try folder.write("#!/bin/sh\nprintf '%s\\0' \"$@\"\n", to: name)
            _ = chmod(program.string, 0o755)
        }
        var seen = 0
        for seed in 0..<400 where seen < 12 {
            var request = request(seed, stack)
            request.settings[SettingKey<SecretReference>.apiKey.setting] = nil
            request.settings[SettingKey<[String]>.nodes.setting] = nil
            guard let plan = try? LaunchPlan(request) else { continue }
            seen += 1
            let run = try await BinaryRun.run(
                "/bin/sh",
                ["-c", plan.shell],
                environment: ["PATH": "\(folder.path):/usr/bin:/bin"]
            )
            let words = run.output.split(separator: "\0", omittingEmptySubsequences: false).dropLast()
            #expect(words.map(String.init) == Array(plan.argv.dropFirst()), "\(run.errors)")
        }
        #expect(seen == 12)
    }
}
