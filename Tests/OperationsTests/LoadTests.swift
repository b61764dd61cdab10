import Catalog
import Docker
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// Models and adapters that come and go while the server runs.
@Suite(.engines)
struct LoadTests {
    // MARK: The router

    @Test func `a router's model is loaded and unloaded, and waited for`() async throws {
        let models = [StandInModel("a"), StandInModel("b", .unloaded)]
        try await StandInStack.with(.router, models: models) {
            $0.loadingTime = .milliseconds(400)
        } _: { stack in
            let plan = try await Load("b").plan(in: stack.workspace)
            #expect(plan.changed && plan.doneAfterMilliseconds == nil && plan.name == "b")
            #expect(stack.server.state.models[1].status == .unloaded)
            let loaded = try await stack.load("b")
            #expect(loaded.changed && loaded.kind == .model && loaded.stack == "llamacpp")
            #expect((loaded.doneAfterMilliseconds ?? 0) >= 400 && loaded.container == stack.home.name)
            #expect(stack.server.state.models[1].status == .loaded)
            #expect(try await !stack.load("b").changed)
            #expect(try await !Load("b").plan(in: stack.workspace).changed)
            #expect(try await stack.unload("b").changed)
            #expect(stack.server.state.models[1].status == .unloaded)
            #expect(try await !stack.unload("b").changed)
        }
    }

    @Test func `a router's model that does not come up is told with its status`() async throws {
        var broken = StandInModel("b", .unloaded)
        broken.failure = 1
        try await StandInStack.with(.router, models: [broken]) {
            $0.loadingTime = .milliseconds(100)
        } _: { stack in
            for _ in 0..<2 {
                let failure = await failure { try await stack.load("b") }
                #expect(failure?.kind == .notReady)
                #expect(
                    failure?.message.hasSuffix("could not load `b`: its process ended with status 1") == true
                )
            }
        }
    }

    @Test func `what is not loaded in time is told with how far it is`() async throws {
        try await StandInStack.with(.router, models: [StandInModel("b", .unloaded)]) {
            $0.loadingTime = .seconds(3600)
        } _: { stack in
            let failure = await failure { try await stack.load("b", timeout: .seconds(1)) }
            #expect(failure?.kind == .notReady)
            #expect(failure?.message == "`b` is not loaded after 1 s: it is loading")
        }
    }

    @Test func `a model that the router does not know is not found, and the nearest is named`() async throws {
        try await StandInStack.with(.router, models: [StandInModel("qwen-coder")]) { stack in
            let near = await failure { try await stack.load("qwen-codr") }
            #expect(near?.kind == .notFound && near?.hint == "did you mean `qwen-coder`?")
            let far = await failure { try await stack.load("x") }
            #expect(far?.kind == .notFound && far?.hint == "it knows `qwen-coder`")
        }
    }

    @Test func `a stored model is found by the path that the router starts it with`() async throws {
        let repository = StubRepository("org/tiny-GGUF", files: ["tiny-q8_0.gguf": try smallGGUF()])
        let path = "/models/org--tiny-GGUF/gguf/q8_0/tiny-q8_0.gguf"
        try await StandInStack.with(.router, models: [StandInModel("own", path: path, .unloaded)]) { stack in
            stack.home.home.hub.publish(repository)
            try await stack.home.home.pull("org/tiny-GGUF")
            let loaded = try await stack.load("org/tiny-GGUF")
            #expect(loaded.changed && loaded.name == "own")
        }
    }

    @Test func `llama.cpp's server of one model is said to need use`() async throws {
        try await StandInStack.with(.llamacpp) { stack in
            let load = await failure { try await stack.load("other") }
            #expect(
                load?.kind == .unsupported && load?.hint?.contains("`stackctl llamacpp use other`") == true
            )
            let unload = await failure { try await stack.unload("base") }
            #expect(unload?.kind == .unsupported && unload?.hint?.contains("stackctl llamacpp stop") == true)
        }
    }

    // MARK: mistral.rs

    @Test func `mistral.rs's model is reloaded, which its answer alone does not say`() async throws {
        let model = StandInModel("/models/m/gguf/q8_0", .unloaded)
        try await StandInStack.with(.mistralrs, models: [model]) {
            $0.loadingTime = .milliseconds(400)
        } _: { stack in
            let loaded = try await stack.load("/models/m/gguf/q8_0")
            #expect(loaded.changed && (loaded.doneAfterMilliseconds ?? 0) >= 400)
            #expect(stack.server.asked.contains("POST /v1/models/status"))
            #expect(try await stack.unload("/models/m/gguf/q8_0").changed)
            #expect(stack.server.state.models[0].status == .unloaded)
        }
    }

    @Test func `what mistral.rs cannot reload is not told as done`() async throws {
        var broken = StandInModel("/models/m", .unloaded)
        broken.failure = 1
        var stuck = StandInModel("/models/n")
        stuck.isReloadable = false
        try await StandInStack.with(.mistralrs, models: [broken, stuck]) { stack in
            let load = await failure { try await stack.load("/models/m") }
            #expect(load?.kind == .notReady && load?.message.contains("out of memory") == true)
            let unload = await failure { try await stack.unload("/models/n") }
            #expect(unload?.kind == .notReady && stack.server.state.models[1].status == .loaded)
        }
    }

    // MARK: Adapters

    @Test(arguments: [StandInServer.Engine.vllm, .mistralrs])
    func `an adapter of the stack's folder is loaded and unloaded`(engine: StandInServer.Engine) async throws
    {
        let prefix = engine == .vllm ? "VLLM" : "MISTRALRS"
        let variables: Variables = ["\(prefix)_ALLOW_RUNTIME_LORA_UPDATING=1"]
        try await StandInStack.with(engine, variables: variables) {
            $0.allowsAdapters = true
            $0.adapterPaths = ["/adapters/sql"]
        } _: { stack in
            try stack.addAdapter("sql")
            let plan = try await Load("sql").plan(in: stack.workspace)
            #expect(plan.changed && plan.kind == .adapter && stack.server.state.adapters.isEmpty)
            let loaded = try await stack.load("sql")
            #expect(loaded.changed && loaded.kind == .adapter && loaded.name == "sql")
            #expect(stack.server.state.adapters == ["sql": "/adapters/sql"])
            #expect(try await !stack.load("sql").changed)
            #expect(try await stack.unload("sql").changed)
            #expect(stack.server.state.adapters.isEmpty)
            #expect(try await !stack.unload("sql").changed)
        }
    }

    @Test(arguments: [StandInServer.Engine.vllm, .mistralrs])
    func `an adapter that a configuration declares is loaded by its name there`(
        engine: StandInServer.Engine
    ) async throws {
        let prefix = engine == .vllm ? "VLLM" : "MISTRALRS"
        let path = "/adapters/ada--sql-lora/safetensors/bf16"
        try await StandInStack.with(engine, variables: ["\(prefix)_ALLOW_RUNTIME_LORA_UPDATING=1"]) {
            $0.allowsAdapters = true
            $0.adapterPaths = [path]
        } _: { stack in
            let home = stack.home.home
            home.hub.publish(try AdapterRepository.peft("ada/sql-lora"))
            let config = "model: org/base\nlora: [{name: sql, source: ada/sql-lora}]\n"
            try home.directory.write(config, to: "home/config/models/base.yaml")
            // What is declared and not stored is nothing that a server could be given.
            #expect(await failure { try await stack.load("sql") }?.kind == .notFound)
            _ = try await AdapterPull(try home.reference("ada/sql-lora")).run(in: stack.workspace) { _ in }
            let loaded = try await stack.load("sql")
            #expect(loaded.changed && loaded.kind == .adapter && loaded.name == "sql")
            #expect(stack.server.state.adapters == ["sql": path])
            #expect(try await stack.unload("sql").changed)
        }
    }

    @Test(arguments: [StandInServer.Engine.vllm, .mistralrs], [nil, "0"])
    func `a server that was started without the variable is told with it`(
        engine: StandInServer.Engine,
        value: String?
    ) async throws {
        let name = (engine == .vllm ? "VLLM" : "MISTRALRS") + "_ALLOW_RUNTIME_LORA_UPDATING"
        try await StandInStack.with(engine, variables: Variables(value.map { ["\(name)=\($0)"] } ?? [])) {
            stack in
            try stack.addAdapter("sql")
            let failure = await failure { try await stack.load("sql") }
            #expect(failure?.kind == .unsupported && failure?.message.contains("`\(name)`") == true)
            #expect(failure?.hint?.contains("`- \(name)=1`") == true)
            #expect(failure?.hint?.contains("compose.yaml") == true)
        }
    }

    @Test(arguments: ["none", "..", ".", "a/b", "../adapters/sql", ".hidden", "", "no-config"])
    func `what is neither a model nor an adapter is not found, and nothing is sent`(name: String) async throws
    {
        try await StandInStack.with(.vllm) {
            $0.allowsAdapters = true
        } _: { stack in
            for adapter in ["sql", ".hidden", "a/b"] { try stack.addAdapter(adapter) }
            try stack.home.home.directory.write("x", to: "home/stacks/vllm/adapters/no-config/README.md")
            let failure = await failure { try await stack.load(name) }
            #expect(failure?.kind == .notFound && failure?.message.contains("adapter_config.json") == true)
            #expect(!stack.server.asked.contains { $0.hasPrefix("POST") })
        }
    }

    @Test func `vLLM's reason against an adapter is handed on`() async throws {
        try await StandInStack.with(.vllm, variables: ["VLLM_ALLOW_RUNTIME_LORA_UPDATING=true"]) {
            $0.allowsAdapters = true
        } _: { stack in
            try stack.addAdapter("sql")
            let lost = await failure { try await stack.load("sql") }
            #expect(
                lost?.kind == .notFound
                    && lost?.message.contains("No adapter found for /adapters/sql") == true
            )
            let words = #"{"error":{"message":"LoRA rank 64 is greater than max_lora_rank 16.","code":500}}"#
            stack.server.change { $0.replacements["/v1/load_lora_adapter"] = .json(words, status: 500) }
            let large = await failure { try await stack.load("sql") }
            #expect(large?.kind == .failed, "\(String(describing: large))")
            #expect(large?.message.contains("LoRA rank 64 is greater") == true)
        }
    }

    @Test func `vLLM's other model takes a restart, and its own is there`() async throws {
        let repository = StubRepository("org/tiny-GGUF", files: ["tiny-q8_0.gguf": try smallGGUF()])
        try await StandInStack.with(.vllm) { stack in
            stack.home.home.hub.publish(repository)
            try await stack.home.home.pull("org/tiny-GGUF", stack: "vllm") { $0.format = .gguf }
            let failure = await failure { try await stack.load("org/tiny-GGUF") }
            #expect(failure?.kind == .unsupported)
            #expect(failure?.hint?.contains("`stackctl vllm use org/tiny-GGUF`") == true)
            #expect(try await !stack.load("base").changed)
        }
    }

    // MARK: Keys and ways

    @Test(arguments: [StandInServer.Engine.vllm, .router])
    func `a server that wants a key gets the one of the container, or is not asked for more`(
        engine: StandInServer.Engine
    ) async throws {
        let name = engine == .vllm ? "VLLM_API_KEY" : "LLAMA_API_KEY"
        for value in ["secret", "wrong"] {
            try await StandInStack.with(engine, variables: ["\(name)=\(value)"]) {
                $0.key = "secret"
            } _: { stack in
                if value == "secret" {
                    let loaded = try await stack.load("base")
                    #expect(!loaded.changed)
                } else {
                    let failure = await failure { try await stack.load("base") }
                    #expect(failure?.kind == .refused && failure?.hint?.contains("`\(name)`") == true)
                    #expect(failure.map { "\($0)\($0.hint ?? "")".contains("wrong") } == false)
                }
            }
        }
    }

    /// Where all tests must run, not having it is a failure.
    private static let hasCurl = Environment.process["CI"] != nil || FileSystem.exists("/usr/bin/curl")

    @Test(.enabled(if: hasCurl, "no `curl` that the container could have"))
    func `where nothing listens at the published port, the container's own curl asks`() async throws {
        let name = #"it's "b" \ 模型"#
        let models = [StandInModel(#"it's \"b\" \\ 模型"#, .unloaded)]
        // The stand-in listens at the loopback address only, which the container shares.
        let yaml = "host: 127.0.0.9"
        try await StandInStack.with(.router, models: models, variables: ["LLAMA_API_KEY=k\"ey"], yaml: yaml) {
            $0.key = "k\"ey"
        } _: { stack in
            let failure = await failure { try await stack.load("x") }
            #expect(failure?.kind == .notFound, "\(String(describing: failure))")
            stack.server.change { $0.replacements["/models/load"] = .json(#"{"success":true}"#) }
            let late = await OperationsTests.failure { try await stack.load(name, timeout: .seconds(2)) }
            #expect(late?.kind == .notReady)
            let order = try #require(stack.server.requests.first { $0.method == "POST" })
            #expect(String(decoding: order.body, as: UTF8.self) == #"{"model":"it's \"b\" \\ 模型"}"#)
            #expect(order.headers["content-type"] == "application/json" && order.token == "k\"ey")
        }
    }

    @Test func `a server that answers nowhere is told, and a container that does not run`() async throws {
        try await StandInStack.with(.mistralrs, listens: false) { stack in
            let silent = await failure { try await stack.load("sql") }
            #expect(
                silent?.kind == .notReady
                    && silent?.message.contains("127.0.0.1:\(stack.server.port)") == true
            )
            try await stack.home.client.stop(stack.home.name)
            let stopped = await failure { try await stack.load("sql") }
            #expect(stopped?.kind == .conflict && stopped?.hint == "start it with `stackctl mistral start`")
            try await stack.home.client.remove(stack.home.name, forced: true)
            #expect(await failure { try await stack.load("sql") }?.kind == .notFound)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `an image without curl is no reason to fail with anything else`(kind: PrivateEngine.Kind)
        async throws
    {
        try await DockerHome.with(kind) { home in
            try await home.run("sleep 600")
            let failure = await failure { try await Load("x").run(in: home.workspace()) { _ in } }
            #expect(failure?.kind == .notReady)
            #expect(failure?.message.contains("nor inside `\(home.name)`") == true)
        }
    }

    @Test func `a container that ends meanwhile is told`() async throws {
        try await StandInStack.with(.router, models: [StandInModel("b", .unloaded)]) {
            $0.loadingTime = .seconds(3600)
        } _: { stack in
            let loading = Task { try await stack.load("b") }
            let isAsked = try await stack.server.waitUntilAsked("POST /models/load")
            #expect(isAsked)
            stack.server.close()
            try await stack.home.client.kill(stack.home.name, signal: "KILL")
            let failure = await failure { try await loading.value }
            #expect(failure?.kind == .notReady && failure?.message.contains("ended while") == true)
        }
    }

    @Test func `two changes at once are not made`() async throws {
        try await StandInStack.with(.router, models: [StandInModel("b", .unloaded)]) {
            $0.loadingTime = .seconds(3600)
        } _: { stack in
            let loading = Task { try await stack.load("b") }
            let isAsked = try await stack.server.waitUntilAsked("POST /models/load")
            #expect(isAsked)
            #expect(await failure { try await stack.unload("b") }?.kind == .conflict)
            stack.server.change { $0.models[0].status = .loaded }
            #expect(try await loading.value.changed)
        }
    }
}
