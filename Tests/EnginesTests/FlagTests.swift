import Catalog
import Engines
import Formats
import Platform
import SystemPackage
import Testing

struct FlagTests {
    @Test(arguments: Scenario.allCases) func `every word of a launch is one that the engine accepts`(
        scenario: Scenario
    ) async throws {
        let plan = try await LaunchPlan(scenario.request)
        #expect(try complaints(about: plan) == [])
    }

    @Test(arguments: ["llamacpp", "mistral", "vllm"]) func `the shipped stacks launch`(name: String) throws {
        let home = Home.locate(flag: "/nonexistent", environment: [:], workingDirectory: "/")
        let stack = try #require(try home.stack(named: name))
        let format = stack.defaults.format
        let files = format == .gguf ? ["m.gguf"] : ["config.json", "model.safetensors"]
        let request = LaunchRequest(
            stack: stack,
            model: "m",
            format: format,
            files: files.map { "\(stack.mount)/m/\($0)" }
        )
        let plan = try LaunchPlan(request)
        #expect(try complaints(about: plan) == [])
        #expect(plan.argv.contains("\(stack.port)"))
        #expect(plan.image == stack.image)
    }

    @Test func `what llama.cpp calls removed is refused`() async throws {
        let removed = try FlagTable(.llamacpp).flags.filter(\.value.isRemoved).keys
        #expect(removed.count == 8)
        for word in removed {
            await #expect(throws: LaunchRefusal.argumentNotAccepted(.llamacpp, word)) {
                try await plan(.llamacpp, extra: word)
            }
        }
    }

    @Test(
        arguments: [
            (.llamacpp, "--mmap"), (.llamacpp, "-ctx"), (.llamacpp, "--mlock"), (.vllm, "--task"),
            (.vllm, "--swap-space"),
            (.vllm, "--rope-scaling"), (.mistralrs, "--pa-gpu-mem"), (.mistralrs, "--serve-ip"),
        ] as [(EngineName, String)]
    ) func `an argument of old is refused`(engine: EngineName, word: String) async throws {
        #expect(try FlagTable(engine).flags[word] == nil)
        await #expect(throws: LaunchRefusal.argumentNotAccepted(engine, word)) {
            try await plan(engine, extra: word)
        }
    }

    @Test func `a table finds what is wrong`() throws {
        let llama = try FlagTable(.llamacpp)
        #expect(
            llama.complaints(about: ["llama-server", "--nonsense"], leading: 1) == ["unknown: --nonsense"]
        )
        #expect(
            llama.complaints(about: ["llama-server", "--draft", "1"], leading: 1) == ["removed: --draft"]
        )
        #expect(
            llama.complaints(about: ["llama-server", "--port", "--metrics"], leading: 1) == [
                "0 values: --port"
            ]
        )
        #expect(
            llama.complaints(about: ["llama-server", "--metrics", "--metrics"], leading: 1) == [
                "twice: --metrics"
            ]
        )
        let vllm = try FlagTable(.vllm)
        let wrong = vllm.complaints(about: ["vllm", "serve", "/m", "--max-lora-rank", "24"], leading: 3)
        #expect(wrong == ["not a choice: --max-lora-rank [\"24\"]"])
    }

    private func plan(_ engine: EngineName, extra: String) async throws -> LaunchPlan {
        let yaml = "engine: \(engine.rawValue)\ndefaults: {extra: [\"\(extra)\"]}"
        return try await LaunchPlan(engine == .vllm ? .safetensors(yaml) : .gguf(yaml))
    }

    private func complaints(about plan: LaunchPlan) throws -> [String] {
        let leading =
            switch plan.engine {
            case .llamacpp: 1
            case .vllm: 3
            case .mistralrs: 2
            }
        return try FlagTable(plan.engine).complaints(about: plan.argv, leading: leading)
    }
}
