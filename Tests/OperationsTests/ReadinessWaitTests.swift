import Docker
import Operations
import Platform
import TestSupport
import Testing

/// When a server is held for ready, by servers that start, answer and refuse as the engines do.
@Suite(.engines)
struct ReadinessWaitTests {
    // MARK: Start

    @Test(arguments: [StandInServer.Engine.vllm, .mistralrs])
    func `a server whose port is closed while it loads is waited for, and has completed a token`(
        engine: StandInServer.Engine
    ) async throws {
        try await StandInStack.with(engine, listens: false) { stack in
            #expect(try await stack.status()?.ready == false)
            let opening = stack.server.listen(after: .milliseconds(700))
            let done = try await stack.restart()
            try await opening.value
            #expect(done.ready == true && (done.readyAfterMilliseconds ?? 0) >= 500)
            #expect(stack.server.asked == ["GET /health", "GET /v1/models", "POST /v1/completions"])
            #expect(try await stack.status()?.ready == true)
            // A look at it computes nothing.
            #expect(stack.server.asked.filter { $0.hasPrefix("POST") }.count == 1)
        }
    }

    @Test func `llama.cpp's server that says it is loading is waited for`() async throws {
        let model = StandInModel("base", .loading(until: .now + .seconds(3600)))
        try await StandInStack.with(.llamacpp, models: [model]) { stack in
            let before = try await stack.status()
            #expect(before?.ready == false)
            let restarting = Task { try await stack.restart() }
            let isAsked = try await stack.server.waitUntilAsked("GET /health", times: 4)
            #expect(isAsked)
            stack.server.change { $0.models[0].status = .loaded }
            #expect(try await restarting.value.ready == true)
            #expect(stack.server.asked.last == "POST /v1/completions")
        }
    }

    @Test func `a router that has loaded nothing yet is ready, and is not made to load anything`()
        async throws
    {
        try await StandInStack.with(.router, models: [StandInModel("a", .unloaded)]) { stack in
            let done = try await stack.restart()
            #expect(done.ready == true)
            let status = try await stack.status()
            #expect(status?.ready == true)
            #expect(!stack.server.asked.contains { $0.hasPrefix("POST") })
        }
    }

    @Test func `a router that has loaded a model is asked for a token of that one`() async throws {
        let models = [StandInModel("a", .unloaded), StandInModel("b"), StandInModel("c", .failed(1))]
        try await StandInStack.with(.router, models: models) { stack in
            let done = try await stack.restart()
            #expect(done.ready == true)
            let question = try #require(stack.server.requests.last)
            #expect(question.path == "/v1/completions")
            #expect(String(decoding: question.body, as: UTF8.self).contains(#""model":"b""#))
        }
    }

    @Test func `a model that only embeds is ready when it has`() async throws {
        try await StandInStack.with(.vllm) {
            $0.completes = false
        } _: { stack in
            let done = try await stack.restart()
            #expect(done.ready == true)
            #expect(stack.server.asked.suffix(2) == ["POST /v1/completions", "POST /v1/embeddings"])
        }
    }

    // MARK: Keys

    @Test(arguments: [StandInServer.Engine.vllm, .llamacpp, .router])
    func `the key of the container's environment is sent`(engine: StandInServer.Engine) async throws {
        let name = engine == .vllm ? "VLLM_API_KEY" : "LLAMA_API_KEY"
        let value = engine == .vllm ? "se=cret" : "se=cret,other"
        try await StandInStack.with(engine, variables: ["OTHER=x", "\(name)=\(value)"]) {
            $0.key = "se=cret"
        } _: { stack in
            let done = try await stack.restart()
            #expect(done.ready == true)
            #expect(stack.server.asked.last == "POST /v1/completions")
            #expect(stack.server.requests.allSatisfy { $0.token == "se=cret" })
        }
    }

    @Test(arguments: [StandInServer.Engine.vllm, .llamacpp])
    func `a server whose key is not known is ready as far as can be told`(engine: StandInServer.Engine)
        async throws
    {
        try await StandInStack.with(engine) {
            $0.key = "secret"
        } _: { stack in
            let done = try await stack.restart()
            #expect(done.ready == true)
            #expect(stack.server.asked == ["GET /health", "GET /v1/models"])
        }
    }

    // MARK: Servers that lie

    @Test(arguments: [true, false])
    func `vLLM's server without its engine is not ready, whatever it says of its health`(hasNoticed: Bool)
        async throws
    {
        try await StandInStack.with(.vllm) {
            $0.isEngineDead = true
            $0.hasNoticed = hasNoticed
        } _: { stack in
            let failure = await failure { try await stack.restart(.seconds(1)) }
            #expect(failure?.kind == .notReady)
            let words = hasNoticed ? "it answers 503" : "it answers 500: EngineCore encountered an issue"
            #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
        }
    }

    @Test func `mistral.rs's server that is healthy without its model is not ready`() async throws {
        try await StandInStack.with(.mistralrs, models: [StandInModel("/models/m", .unloaded)]) { stack in
            let failure = await failure { try await stack.restart(.seconds(1)) }
            #expect(failure?.kind == .notReady && failure?.message.contains("the model is unloaded") == true)
            let before = try await stack.status()
            stack.server.change { $0.models[0].status = .loaded }
            let after = try await stack.status()
            #expect(before?.ready == false && after?.ready == true)
        }
    }

    @Test func `what answers with something else at the port is not waited for`() async throws {
        try await StandInStack.with(.vllm) {
            $0.replacements["/v1/models"] = StubResponse(200, text: "<html>hello", type: "text/html")
        } _: { stack in
            let failure = await failure { try await stack.restart() }
            #expect(failure?.kind == .notReady)
            #expect(failure?.message.contains("is no inference server") == true, "\(failure?.message ?? "")")
        }
    }

    @Test func `a server that answers without end is not ready, and not listened to`() async throws {
        try await StandInStack.with(.vllm) {
            $0.replacements["/v1/models"] = StubResponse(200, content: .generated(size: 1 << 40, seed: 1))
        } _: { stack in
            let began = ContinuousClock.now
            let failure = await failure { try await stack.restart(.seconds(1)) }
            #expect(failure?.kind == .notReady && ContinuousClock.now - began < .seconds(30))
        }
    }

    @Test func `a server that is busy is asked again`() async throws {
        try await StandInStack.with(.vllm) {
            $0.replacements["/v1/completions"] = .json(#"{"message":"too much to do"}"#, status: 503)
        } _: { stack in
            let asking = Task { try await stack.restart() }
            let isAsked = try await stack.server.waitUntilAsked("POST /v1/completions", times: 3)
            #expect(isAsked)
            stack.server.change { $0.replacements = [:] }
            #expect(try await asking.value.ready == true)
        }
    }
}
