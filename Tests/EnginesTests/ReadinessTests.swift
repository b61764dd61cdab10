import Catalog
import Engines
import Testing

/// What the engines' answers mean for whether they can answer.
struct ReadinessTests {
    private func answer(_ status: Int, _ body: String = "") -> ServerAnswer {
        ServerAnswer(status, Array(body.utf8))
    }

    /// One that has come as far as the question for models.
    private func asked(_ engine: EngineName, _ model: String? = nil) -> Readiness {
        var readiness = Readiness(engine, health: "/health", model: model)
        #expect(readiness.judge(answer(200)) == .next)
        return readiness
    }

    /// One that has come as far as the completion.
    private func completing(_ engine: EngineName, _ model: String? = nil, _ list: String) -> Readiness {
        var readiness = asked(engine, model)
        #expect(readiness.judge(answer(200, list)) == .next)
        #expect(readiness.step == .completion)
        return readiness
    }

    private func judge(_ readiness: Readiness, _ answer: ServerAnswer?) -> Readiness.Verdict {
        var readiness = readiness
        return readiness.judge(answer)
    }

    private func body(_ readiness: Readiness) -> String {
        String(decoding: readiness.question.body ?? [], as: UTF8.self)
    }

    private static let one = #"{"object":"list","data":[{"id":"m"}]}"#

    // MARK: Health

    @Test(arguments: EngineName.allCases)
    func `a server is asked for its health, its models and one token`(engine: EngineName) {
        var readiness = Readiness(engine, health: "/healthz", model: nil)
        #expect(readiness.question == ServerQuestion("/healthz"))
        #expect(readiness.judge(answer(200, "OK")) == .next)
        #expect(readiness.question == ServerQuestion("/v1/models"))
        #expect(readiness.judge(answer(200, Self.one)) == .next)
        #expect(readiness.question.path == "/v1/completions")
        let name = engine == .mistralrs ? "default" : "m"
        #expect(body(readiness) == #"{"max_tokens":1,"model":"\#(name)","prompt":"1","temperature":0}"#)
        #expect(readiness.judge(answer(200)) == .ready(remark: nil))
    }

    @Test(
        arguments: [
            (nil, "nothing answers yet"), (204, "it answers 204"), (404, "it answers 404"),
            (500, "it answers 500"), (503, "it answers 503"),
        ] as [(Int?, String)]
    )
    func `a server that is not healthy is not ready yet`(status: Int?, words: String) {
        let readiness = Readiness(.vllm, health: "/health", model: "m")
        #expect(judge(readiness, status.map { answer($0) }) == .notYet(words))
    }

    @Test func `the reason that a server gives is told, as the engines give it`() {
        let readiness = Readiness(.llamacpp, health: "/health", model: "m")
        let loading = #"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#
        #expect(judge(readiness, answer(503, loading)) == .notYet("it answers 503: Loading model"))
        for document in [#"{"error":"away"}"#, #"{"message":"away"}"#, #"{"detail":"away"}"#] {
            #expect(judge(readiness, answer(503, document)) == .notYet("it answers 503: away"))
        }
        for document in [
            #"{"error":[1]}"#, #"{"error":{"message":7}}"#, #"{"error":""}"#, "[]", "7", "\"away\"",
        ] {
            #expect(judge(readiness, answer(503, document)) == .notYet("it answers 503"))
        }
    }

    // MARK: Models

    @Test(arguments: EngineName.allCases)
    func `a server whose models are a secret is ready, with a remark`(engine: EngineName) {
        for status in [401, 403] {
            guard case .ready(let remark?) = judge(asked(engine, "m"), answer(status)) else {
                Issue.record("\(engine) is not ready at \(status)")
                continue
            }
            #expect(remark.contains("API key"))
        }
    }

    @Test func `a server without a list is asked for a token all the same`() {
        for status in [404, 405] {
            var readiness = asked(.vllm, "m")
            #expect(readiness.judge(answer(status)) == .next && readiness.step == .completion)
            #expect(body(readiness).contains(#""model":"m""#))
        }
    }

    @Test func `a model is found by its name and by its aliases, and asked by its name`() {
        let list = #"{"data":[{"id":"other"},{"id":"m","aliases":["a","b"]}]}"#
        for name in ["m", "a", "b"] {
            #expect(body(completing(.llamacpp, name, list)).contains(#""model":"m""#))
        }
    }

    @Test(arguments: [EngineName.llamacpp, .vllm])
    func `a server that serves another model never serves this one`(engine: EngineName) {
        let list = #"{"data":[{"id":"a"},{"id":"b"}]}"#
        #expect(judge(asked(engine, "m"), answer(200, list)) == .never("the server serves `a`, `b`, not `m`"))
        #expect(
            judge(asked(engine, "m"), answer(200, #"{"data":[]}"#))
                == .never("the server serves nothing, not `m`")
        )
        #expect(judge(asked(engine), answer(200, #"{"data":[]}"#)) == .never("the server has no model"))
    }

    @Test func `mistral.rs is asked by its own name whatever the path is called`() {
        let list = #"{"data":[{"id":"default"},{"id":"/models/m/gguf/q4","status":"loaded"}]}"#
        for name in ["/models/m/gguf/q4", "/elsewhere", nil] {
            #expect(body(completing(.mistralrs, name, list)).contains(#""model":"default""#))
        }
    }

    @Test(arguments: ["unloaded", "reloading"])
    func `mistral.rs is not ready while its model is not there`(state: String) {
        let list = #"{"data":[{"id":"default"},{"id":"/models/m","status":"\#(state)"}]}"#
        for name in [nil, "/models/m"] {
            #expect(judge(asked(.mistralrs, name), answer(200, list)) == .notYet("the model is \(state)"))
        }
    }

    @Test func `a router is not ready for a model that it has not loaded`() {
        func list(_ status: String) -> ServerAnswer {
            answer(
                200,
                #"{"data":[{"id":"other","status":{"value":"loaded"}},{"id":"m","status":{\#(status)}}]}"#
            )
        }
        for state in ["unloaded", "loading", "downloading"] {
            #expect(
                judge(asked(.llamacpp, "m"), list(#""value":"\#(state)""#))
                    == .notYet("the model is \(state)")
            )
        }
        let failed = #""value":"unloaded","failed":true,"exit_code":1"#
        #expect(
            judge(asked(.llamacpp, "m"), list(failed))
                == .never("its process for the model ended with status 1")
        )
        for state in ["loaded", "sleeping"] {
            #expect(judge(asked(.llamacpp, "m"), list(#""value":"\#(state)""#)) == .next)
        }
    }

    @Test func `a router that is to serve anything is asked for what it has loaded, or is ready to load`() {
        let idle =
            #"{"data":[{"id":"a","status":{"value":"unloaded"}},{"id":"b","status":{"value":"unloaded"}}]}"#
        guard case .ready(let remark?) = judge(asked(.llamacpp), answer(200, idle)) else {
            Issue.record("a router without a loaded model is not ready")
            return
        }
        #expect(remark.contains("no model is loaded yet"))
        let one =
            #"{"data":[{"id":"a","status":{"value":"unloaded"}},{"id":"b","status":{"value":"loaded"}}]}"#
        #expect(body(completing(.llamacpp, nil, one)).contains(#""model":"b""#))
    }

    // MARK: Completion

    @Test(
        arguments: [
            (401, nil), (403, nil), (429, "it answers 429"), (500, "it answers 500"), (502, "it answers 502"),
            (503, "it answers 503"),
        ] as [(Int, String?)]
    )
    func `a token that is not given now may be given later`(status: Int, words: String?) {
        let verdict = judge(completing(.vllm, "m", Self.one), answer(status))
        if let words { #expect(verdict == .notYet(words)) } else { #expect(verdict.isReady) }
    }

    @Test func `vLLM is not ready while its engine is dead, be it healthy or not`() {
        var readiness = completing(.vllm, "m", Self.one)
        let dead =
            #"{"error":{"message":"EngineCore encountered an issue.","type":"InternalServerError","code":500}}"#
        #expect(
            readiness.judge(answer(500, dead)) == .notYet("it answers 500: EngineCore encountered an issue.")
        )
        #expect(
            judge(Readiness(.vllm, health: "/health", model: "m"), answer(503)) == .notYet("it answers 503")
        )
    }

    @Test(arguments: [400, 404, 405, 422, 501])
    func `a model that completes nothing may embed`(status: Int) {
        var readiness = completing(.vllm, "m", Self.one)
        #expect(readiness.judge(answer(status, #"{"message":"no text"}"#)) == .next)
        #expect(readiness.question.path == "/v1/embeddings")
        #expect(body(readiness) == #"{"input":"1","model":"m"}"#)
        #expect(judge(readiness, answer(200)) == .ready(remark: nil))
        #expect(judge(readiness, answer(400)) == .never("it answers \(status): no text"))
        #expect(judge(readiness, answer(501)) == .never("it answers \(status): no text"))
        #expect(judge(readiness, answer(503)) == .notYet("it answers 503"))
        #expect(judge(readiness, answer(500)) == .notYet("it answers 500"))
        #expect(judge(readiness, nil) == .notYet("nothing answers yet"))
    }

    // MARK: Foreign bytes

    @Test(arguments: [
        "", "ok", "null", "[]", "{}", #"{"data":7}"#, #"{"data":[7]}"#, #"{"data":[{"id":7}]}"#,
        #"{"data":[{"id":"m","status":7}]}"#, #"{"data":[{"id":"m","status":{"value":7}}]}"#, "\u{0}",
        "<html><body>It works!</body></html>", #"{"data":[{"id":"m"}]"#,
    ])
    func `what lists no models is no inference server`(body: String) {
        let words = "what answers at `/v1/models` is no inference server"
        for engine in EngineName.allCases {
            #expect(judge(asked(engine, "m"), answer(200, body)) == .never(words))
        }
    }

    @Test func `bytes that are no text, and texts without end, do no harm`() {
        let readiness = asked(.vllm, "m")
        #expect(judge(readiness, ServerAnswer(500, [0xFF, 0xFE, 0x00])) == .notYet("it answers 500"))
        #expect(judge(readiness, ServerAnswer(200, [0xFF, 0xFE, 0x00])).isReady == false)
        let nested = String(repeating: "[", count: 500_000)
        #expect(judge(readiness, answer(200, nested)).isReady == false)
        #expect(judge(readiness, answer(500, nested)) == .notYet("it answers 500"))
        let long = String(repeating: "long ", count: 200_000)
        guard case .notYet(let words) = judge(readiness, answer(500, #"{"error":"\#(long)"}"#)) else {
            Issue.record("a long reason is no reason")
            return
        }
        #expect(words.count < 300 && words.hasSuffix("…"))
        let names = (0..<10_000).map { #"{"id":"model \#($0)"}"# }.joined(separator: ",")
        guard case .never(let others) = judge(readiness, answer(200, #"{"data":[\#(names)]}"#)) else {
            Issue.record("many models hold the one")
            return
        }
        #expect(others.count < 300)
    }

    @Test func `nothing of a reason is left that a terminal would obey`() {
        let readiness = Readiness(.vllm, health: "/health", model: "m")
        let reason = #"{"error":{"message":"a\u001b[31mb\u0007\r\n\tc\u202ed"}}"#
        #expect(judge(readiness, answer(500, reason)) == .notYet("it answers 500: ab cd"))
        let name = #"{"data":[{"id":"x\u001b]0;t\u0007\ny"}]}"#
        #expect(judge(asked(.vllm, "m"), answer(200, name)) == .never("the server serves `x y`, not `m`"))
        let state = #"{"data":[{"id":"m","status":"a\nb\u001b[2J"}]}"#
        #expect(judge(asked(.vllm, "m"), answer(200, state)) == .notYet("the model is a b"))
    }

    @Test(arguments: [#"m"m"#, "m\\", "m\nm", "模型", "m\u{0}"])
    func `any name is asked for as it is`(name: String) throws {
        var readiness = asked(.vllm, name)
        #expect(readiness.judge(answer(404)) == .next)
        let text = body(readiness)
        #expect(!text.contains("\n") && !text.contains("\u{0}"))
        #expect(
            text.hasPrefix(#"{"max_tokens":1,"model":""#)
                && text.hasSuffix(#"","prompt":"1","temperature":0}"#)
        )
    }
}
