import Catalog
import Engines
import Formats
import Testing

struct AdapterTests {
    private func request(
        _ engine: EngineName,
        _ adapters: [LaunchAdapter],
        architecture: String = "llama",
        settings: String = "",
        extra: String = ""
    ) async throws -> LaunchRequest {
        let yaml = "engine: \(engine.rawValue)\ndefaults: {extra: [\(extra)]}"
        var request =
            engine == .vllm ? try await LaunchRequest.safetensors(yaml) : try await LaunchRequest.gguf(yaml)
        request.adapters = adapters
        request.facts?.architecture = architecture
        request.settings = try modelSettings(settings).over(request.settings)
        return request
    }

    private func words(_ plan: LaunchPlan, behind option: String) -> [String] {
        guard let place = plan.argv.firstIndex(of: option) else { return [] }
        return Array(plan.argv[(place + 1)...].prefix { !$0.hasPrefix("--") })
    }

    // MARK: llama.cpp

    @Test func `llama.cpp is given all adapters at once, and takes the words`() async throws {
        let paths = ["/adapters/m/gguf/q8_0/a.gguf", "/adapters/m/gguf/q8_0/b.gguf"]
        let plan = try await LaunchPlan(request(.llamacpp, paths.map { LaunchAdapter(path: $0) }))
        #expect(plan.argv.contains(["--lora", paths.joined(separator: ",")]))
        #expect(EngineFlags.complaints(about: plan) == [])
        #expect(try await !LaunchPlan(request(.llamacpp, [])).argv.contains("--lora"))
    }

    @Test func `llama.cpp is told how strong each adapter is, if one is not at full strength`() async throws {
        let adapters = [
            LaunchAdapter(name: "a", path: "/adapters/a.gguf", scale: 0.5),
            LaunchAdapter(name: "b", path: "/adapters/b.gguf", scale: 0),
            LaunchAdapter(name: "c", path: "/adapters/c.gguf"),
        ]
        let plan = try await LaunchPlan(request(.llamacpp, adapters))
        let all = "/adapters/a.gguf:0.5,/adapters/b.gguf:0,/adapters/c.gguf:1"
        #expect(words(plan, behind: "--lora-scaled") == [all] && !plan.argv.contains("--lora"))
    }

    @Test func `a path with a comma or a quote stays one`() async throws {
        let adapters = [#"/adapters/a,b.gguf"#, #"/adapters/c"d.gguf"#].map { LaunchAdapter(path: $0) }
        let plan = try await LaunchPlan(request(.llamacpp, adapters))
        #expect(words(plan, behind: "--lora") == [#""/adapters/a,b.gguf","/adapters/c""d.gguf""#])
    }

    @Test func `a path that llama.cpp would take apart is refused`() async throws {
        let request = try await request(
            .llamacpp,
            [LaunchAdapter(name: "a", path: "/adapters/a:b.gguf", scale: 2)]
        )
        #expect(throws: LaunchRefusal.pathNotServed(.llamacpp, "/adapters/a:b.gguf")) {
            try LaunchPlan(request)
        }
    }

    @Test func `the stack's own arguments do not take a model's adapters from it`() async throws {
        let extra = "--lora, /adapters/own.gguf"
        let request = try await request(.llamacpp, [LaunchAdapter(path: "/adapters/a.gguf")], extra: extra)
        #expect(throws: LaunchRefusal.argumentReserved(.llamacpp, "--lora")) { try LaunchPlan(request) }
        let without = try await self.request(.llamacpp, [], extra: extra)
        #expect(try LaunchPlan(without).argv.contains(["--lora", "/adapters/own.gguf"]))
    }

    // MARK: vLLM

    @Test(
        arguments: [
            (nil, nil, nil), (1, nil, "1"), (2, nil, "8"), (8, nil, "8"), (9, nil, "16"), (24, nil, "32"),
            (257, nil, "320"), (512, nil, "512"), (16, 48, "64"), (nil, 100, "128"),
        ] as [(Int?, Int?, String?)]
    ) func `vLLM is told a rank that it was made for`(rank: Int?, most: Int?, expected: String?) async throws
    {
        let adapter = LaunchAdapter(name: "sql", path: "/adapters/sql", rank: rank)
        let settings = most.map { "max_lora_rank: \($0)" } ?? ""
        let plan = try await LaunchPlan(request(.vllm, [adapter], settings: settings))
        #expect(words(plan, behind: "--max-lora-rank").first == expected)
        #expect(EngineFlags.complaints(about: plan) == [])
    }

    @Test func `vLLM is given all adapters behind one option`() async throws {
        let adapters = [
            LaunchAdapter(name: "sql", path: "/adapters/sql"),
            LaunchAdapter(name: "b", path: "/adapters/a=b"),
            LaunchAdapter(name: "c", path: #"/adapters/a,"b\"#),
        ]
        let plan = try await LaunchPlan(request(.vllm, adapters))
        #expect(
            words(plan, behind: "--lora-modules") == [
                "sql=/adapters/sql", "b=/adapters/a=b", #"{"name":"c","path":"/adapters/a,\"b\\"}"#,
            ]
        )
        #expect(plan.argv.contains("--enable-lora") && plan.argv.contains(["--max-loras", "3"]))
    }

    // MARK: mistral.rs

    @Test func `mistral.rs is given each adapter by itself`() async throws {
        let adapters = [
            LaunchAdapter(name: "sql", path: "/adapters/sql", rank: 8),
            LaunchAdapter(name: "style", path: "/adapters/style", rank: 64),
        ]
        let plan = try await LaunchPlan(request(.mistralrs, adapters, architecture: "qwen2"))
        #expect(plan.argv.contains(["--lora", "sql=/adapters/sql", "--lora", "style=/adapters/style"]))
        #expect(plan.argv.contains(["--lora-max-rank", "64"]))
        #expect(EngineFlags.complaints(about: plan) == [])
    }

    @Test(arguments: ["llama", "mistral3", "deepseek2", "glm4", "granite", "llama4"])
    func `mistral.rs lays no adapter over a GGUF with another order`(architecture: String) async throws {
        let adapter = LaunchAdapter(name: "sql", path: "/adapters/sql")
        let request = try await request(.mistralrs, [adapter], architecture: architecture)
        #expect(throws: LaunchRefusal.adaptersNotServed(.mistralrs, architecture: architecture)) {
            try LaunchPlan(request)
        }
        var original = try await LaunchRequest.safetensors("engine: mistralrs")
        original.adapters = [adapter]
        #expect(try LaunchPlan(original).argv.contains("sql=/adapters/sql"))
    }

    @Test func `adapters that are mixed anew for each token are mistral.rs's`() async throws {
        let settings = "xlora: {source: /adapters/x, order: /adapters/order.json}"
        let plan = try await LaunchPlan(request(.mistralrs, [], settings: settings))
        #expect(plan.argv.contains(["--xlora", "/adapters/x", "--xlora-order", "/adapters/order.json"]))
        #expect(plan.environment["HF_HUB_OFFLINE"] == "1")
        for engine in [EngineName.llamacpp, .vllm] {
            let request = try await request(engine, [], settings: settings)
            #expect(throws: LaunchRefusal.adaptersNotServed(engine, architecture: nil)) {
                try LaunchPlan(request)
            }
        }
        let hub = "xlora: {source: lamm-mit/x-lora, order: /adapters/order.json}"
        let fetched = try await LaunchPlan(request(.mistralrs, [], settings: hub))
        #expect(fetched.environment["HF_HUB_OFFLINE"] == nil)
    }

    // MARK: Any of them

    @Test(
        arguments: [
            (.llamacpp, "/adapters/peft"), (.vllm, "/adapters/a.gguf"), (.mistralrs, "/adapters/A.GGUF"),
        ] as [(EngineName, String)]
    ) func `an adapter in another engine's form is refused`(engine: EngineName, path: String) async throws {
        let request = try await request(
            engine,
            [LaunchAdapter(name: "a", path: path)],
            architecture: "qwen2"
        )
        #expect(throws: LaunchRefusal.adapterFormNotServed(engine, path: path)) { try LaunchPlan(request) }
    }

    @Test(arguments: [EngineName.vllm, .mistralrs])
    func `a rank above the limit is refused`(engine: EngineName) async throws {
        let adapter = LaunchAdapter(name: "a", path: "/adapters/a", rank: 64)
        let request = try await request(
            engine,
            [adapter],
            architecture: "qwen2",
            settings: "max_lora_rank: 32"
        )
        #expect(throws: LaunchRefusal.rankNotServed(engine, rank: 64, most: 32)) { try LaunchPlan(request) }
    }

    @Test(arguments: EngineName.allCases)
    func `an adapter that is declared and was not found is not left out`(engine: EngineName) async throws {
        let request = try await request(engine, [], settings: "lora: [{name: sql, source: o/sql}]")
        #expect(throws: LaunchRefusal.missingAdapter("sql")) { try LaunchPlan(request) }
    }

    @Test(arguments: [EngineName.vllm, .mistralrs])
    func `a strength that an engine cannot be told is said to come to nothing`(
        engine: EngineName
    ) async throws {
        let adapter = LaunchAdapter(name: "a", path: "/adapters/a", scale: 0.5)
        let plan = try await LaunchPlan(request(engine, [adapter], architecture: "qwen2"))
        #expect(plan.unused.map(\.name) == ["scale"])
    }
}
