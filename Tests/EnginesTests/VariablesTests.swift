import Catalog
import Engines
import Testing

/// A file of variables says the same as the command, or is refused.
struct VariablesTests {
    private func variables(extra: [String] = [], settings: String = "context: 512") async throws
        -> [Substring]
    {
        var request = try await LaunchRequest.gguf("engine: llamacpp")
        request.settings = try modelSettings(settings).over(request.settings)
        let words = SettingValue.list(extra.map(SettingValue.text))
        request.settings[SettingKey<[String]>.extra(of: .llamacpp).setting] = .init(words, .usual)
        return try LaunchPlan(request).variables.text.split(separator: "\n")
    }

    @Test(arguments: [
        (["-nkvo"], "LLAMA_ARG_KV_OFFLOAD=0"), (["--no-kv-offload"], "LLAMA_ARG_KV_OFFLOAD=0"),
        (["-kvo"], "LLAMA_ARG_KV_OFFLOAD=1"), (["-nr"], "LLAMA_ARG_REPACK=0"),
        (["--repack"], "LLAMA_ARG_REPACK=1"), (["-nocb"], "LLAMA_ARG_CONT_BATCHING=0"),
        (["-no-kvu"], "LLAMA_ARG_KV_UNIFIED=0"), (["--no-mmproj"], "LLAMA_ARG_MMPROJ_AUTO=0"),
        (["--no-host"], "LLAMA_ARG_NO_HOST=1"), (["--no_webui"], "LLAMA_ARG_UI=0"),
        (["-nkvo", "-kvo"], "LLAMA_ARG_KV_OFFLOAD=1"), (["-np", "2", "-np", "3"], "LLAMA_ARG_N_PARALLEL=3"),
        (["-ot", "a=CPU"], "LLAMA_ARG_OVERRIDE_TENSOR=a=CPU"),
        (["--chat-template", #"it's "quoted" # $so"#], #"LLAMA_ARG_CHAT_TEMPLATE=it's "quoted" # $so"#),
    ])
    func `what is turned off stays off, and the last of several counts`(extra: [String], line: String)
        async throws
    {
        let name = line.prefix { $0 != "=" }
        let lines = try await variables(extra: extra)
        #expect(lines.filter { $0.hasPrefix("\(name)=") }.map(String.init) == [line])
    }

    @Test(arguments: [
        (
            ["-ot", "a=CPU", "--threads", "3", "-ot", "b=CPU"],
            ["#   -ot a=CPU", "#   -ot b=CPU"]
        ),
        (["--seed", "7", "--numa", "isolate"], ["#   --seed 7"]),
        (["--", "--brand-new", "1", "-x"], ["#   --brand-new 1", "#   -x"]),
        (["--chat-template", "a\nb"], ["#   --chat-template 'a b'"]),
    ])
    func `what no variable says is left as arguments`(extra: [String], comments: [String]) async throws {
        let lines = try await variables(extra: extra).map(String.init)
        #expect(lines.filter { $0.hasPrefix("#   ") } == comments)
        #expect(!lines.contains { $0.contains("OVERRIDE_TENSOR") })
    }

    @Test func `several machines have no file of variables`() async throws {
        await #expect(throws: LaunchRefusal.severalMachines) {
            try await variables(settings: "nodes: [a, b]")
        }
    }

    @Test func `an engine that takes no arguments from variables has them all beside its own`() async throws {
        let plan = try LaunchPlan(await .safetensors("engine: vllm"))
        let variables = try plan.variables
        #expect(variables.values == plan.environment)
        #expect(variables.arguments.flatMap { $0 } == plan.containerCommand)
    }

    @Test func `one machine alone is refused, whoever names it`() async throws {
        for yaml in ["engine: llamacpp", "engine: mistralrs"] {
            var request = try await LaunchRequest.gguf(yaml)
            request.settings[SettingKey<[String]>.nodes.setting] = .init(.list([.text("a")]), .flag("nodes"))
            let lone = request
            #expect(throws: LaunchRefusal.oneMachine("a")) { try LaunchPlan(lone) }
        }
    }
}

/// What `extra` says of structures and of windows.
struct ExtraStructureTests {
    private func plan(_ settings: String, context: Int? = 8192) async throws -> LaunchPlan {
        var request = try await LaunchRequest.safetensors("engine: vllm", context: context)
        request.settings = try modelSettings(settings).over(request.settings)
        return try LaunchPlan(request)
    }

    @Test(arguments: [
        ("context: 100\nextra: {vllm: [--max-model-len, '200']}", ["context"]),
        ("context: 100\nextra: {vllm: [--max-num-seqs, '2']}", []),
        ("context: 100\nextra: {llamacpp: [--ctx-size, '200']}", []),
        (
            "generation: {temperature: 0.1, top_p: 0.2, seed: 1}\nextra: {vllm: [--override-generation-config, '{}']}",
            ["generation.temperature", "generation.top_p"]
        ),
        ("extra: {vllm: [--dtype, half]}\ndtype: f16\nparallel: 2", ["dtype"]),
    ])
    func `what comes to nothing beside words for the engine is told`(settings: String, replaced: [String])
        async throws
    {
        #expect(try await plan(settings).replaced.map(\.path) == replaced)
    }

    @Test func `a part of a structure that replaces the whole is told`() async throws {
        let ours = "speculative: {method: ngram, tokens: 5}\n"
        let plan = try await plan(ours + "extra: {vllm: [--speculative_config.model, x]}")
        #expect(plan.replaced.map(\.path) == ["speculative.method", "speculative.tokens"])
        #expect(!plan.argv.contains("--speculative-config"))
        for other in ["extra: {vllm: [--compilation-config.mode, '3']}", "context: 512"] {
            #expect(try await self.plan(ours + other).replaced.isEmpty)
        }
    }

    @Test(arguments: [
        ("context: 99999", "8192"), ("context: 99999\nextra: {vllm: [--hf-overrides, '{}']}", "99999"),
        ("context: 99999\nextra: {vllm: ['--hf-overrides={}']}", "99999"),
        ("context: 99999\nextra: {vllm: [--hf_overrides.rope_theta, '5']}", "99999"),
        ("extra: {vllm: [--hf-overrides, '{}']}", "8192"),
    ])
    func `a window that is stretched is not cut`(settings: String, tokens: String) async throws {
        let argv = try await plan(settings).argv
        let place = try #require(argv.firstIndex(of: "--max-model-len"))
        #expect(argv[place + 1] == tokens)
    }
}
