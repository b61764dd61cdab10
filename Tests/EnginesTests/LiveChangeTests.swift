import Catalog
import Engines
import Testing

/// What the engines' answers mean for a model or an adapter that is to be loaded or let go of.
struct LiveChangeTests {
    typealias Subject = LiveChange.Subject

    func answer(_ status: Int, _ body: String = "") -> ServerAnswer {
        ServerAnswer(status, Array(body.utf8))
    }

    /// Asks with a change; each answer stands behind the question that is expected then.
    func play(
        _ change: inout LiveChange,
        _ script: [(question: String, answer: ServerAnswer)],
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> LiveChange.Verdict {
        var verdict = LiveChange.Verdict.next
        for (expected, answer) in script {
            let body = change.question.body.map { " " + String(decoding: $0, as: UTF8.self) } ?? ""
            #expect(change.question.path + body == expected, sourceLocation: sourceLocation)
            verdict = change.judge(answer)
        }
        return verdict
    }

    func play(
        _ engine: EngineName,
        _ action: LiveChange.Action,
        _ subject: LiveChange.Subject,
        allowsAdapters: Bool = true,
        _ script: [(question: String, answer: ServerAnswer)],
        sourceLocation: SourceLocation = #_sourceLocation
    ) -> LiveChange.Verdict {
        var change = LiveChange(engine, action, subject, allowsAdapters: allowsAdapters)
        return play(&change, script, sourceLocation: sourceLocation)
    }

    // MARK: llama.cpp

    private var role: (String, ServerAnswer) { ("/props", answer(200, #"{"role":"router"}"#)) }

    private func routed(_ statuses: String...) -> ServerAnswer {
        let entries = statuses.enumerated().map { index, status in
            let words =
                status == "failed"
                ? #""value":"unloaded","failed":true,"exit_code":1"# : #""value":"\#(status)""#
            return
                #"{"id":"m\#(index)","aliases":["a\#(index)"],"status":{\#(words),"args":["-m","/models/x\#(index)/w.gguf"]}}"#
        }
        return answer(200, #"{"data":[\#(entries.joined(separator: ","))]}"#)
    }

    @Test func `a router is told to load, and done when it lists the model as loaded`() {
        let verdict = play(
            .llamacpp,
            .load,
            Subject("m0"),
            [
                role, ("/models", routed("unloaded", "loaded")),
                (#"/models/load {"model":"m0"}"#, answer(200)),
                ("/models", routed("loading")), ("/models", routed("loading")), ("/models", routed("loaded")),
            ]
        )
        #expect(verdict == .done(changed: true))
    }

    @Test func `a router is told to unload, and done when it lists the model as unloaded`() {
        for state in ["loaded", "sleeping", "loading"] {
            let verdict = play(
                .llamacpp,
                .unload,
                Subject("m0"),
                [
                    role, ("/models", routed(state)), (#"/models/unload {"model":"m0"}"#, answer(200)),
                    ("/models", routed(state)), ("/models", routed("unloaded")),
                ]
            )
            #expect(verdict == .done(changed: true))
        }
    }

    @Test func `a router's model that is as it should be is left so`() {
        for state in ["loaded", "sleeping"] {
            #expect(
                play(.llamacpp, .load, Subject("m0"), [role, ("/models", routed(state))])
                    == .done(changed: false)
            )
        }
        for state in ["unloaded", "failed"] {
            #expect(
                play(.llamacpp, .unload, Subject("m0"), [role, ("/models", routed(state))])
                    == .done(changed: false)
            )
        }
    }

    @Test func `a router's model that is being loaded is waited for`() {
        let verdict = play(
            .llamacpp,
            .load,
            Subject("m0"),
            [role, ("/models", routed("loading")), ("/models", routed("loading"))]
        )
        #expect(verdict == .notYet("it is loading"))
    }

    @Test func `a router's model is found by an alias and by where it is`() {
        for subject in [Subject("a1"), Subject("x", modelPaths: ["/models/y", "/models/x1"])] {
            var change = LiveChange(.llamacpp, .load, subject)
            let verdict = play(&change, [role, ("/models", routed("loaded", "unloaded"))])
            #expect(verdict == .next && change.isOrder && change.id == "m1")
        }
    }

    @Test func `a router that does not know a model looks at the disk before it says so`() {
        var change = LiveChange(.llamacpp, .load, Subject("m1"))
        #expect(play(&change, [role, ("/models", routed("loaded"))]) == .next)
        #expect(!change.isOrder && change.question.path == "/models?reload=1")
        #expect(play(&change, [("/models?reload=1", routed("loaded", "unloaded"))]) == .next)
        #expect(change.isOrder)
        let unknown = play(
            .llamacpp,
            .load,
            Subject("m7"),
            [role, ("/models", routed("loaded")), ("/models?reload=1", routed("loaded", "unloaded"))]
        )
        #expect(unknown == .refused(.unknown(["m0", "m1"])))
    }

    @Test func `a router's model whose process ends is told with its status`() {
        let verdict = play(
            .llamacpp,
            .load,
            Subject("m0"),
            [
                role, ("/models", routed("failed")), (#"/models/load {"model":"m0"}"#, answer(200)),
                ("/models", routed("loading")), ("/models", routed("failed")),
            ]
        )
        #expect(verdict == .refused(.failed("its process ended with status 1")))
    }

    @Test func `a router's model that somebody unloads meanwhile is not waited for without end`() {
        var change = LiveChange(.llamacpp, .load, Subject("m0"))
        _ = play(
            &change,
            [role, ("/models", routed("unloaded")), (#"/models/load {"model":"m0"}"#, answer(200))]
        )
        var looks = 0
        while change.judge(routed("unloaded")) == .notYet("it is unloaded") { looks += 1 }
        #expect((5..<100).contains(looks))
        #expect(change.judge(routed("unloaded")) == .refused(.failed("it is unloaded")))
        #expect(change.judge(routed("loaded")) == .done(changed: true))
    }

    @Test func `a router that was told the same by somebody else is looked at again, a few times`() {
        let late = answer(400, #"{"error":{"message":"model is already running"}}"#)
        var change = LiveChange(.llamacpp, .load, Subject("m0"))
        let again = play(
            &change,
            [
                role, ("/models", routed("unloaded")), (#"/models/load {"model":"m0"}"#, late),
                ("/models", routed("loaded")),
            ]
        )
        #expect(again == .done(changed: false))
        var stubborn = LiveChange(.llamacpp, .load, Subject("m0"))
        var verdict = play(&stubborn, [role])
        var questions = 0
        while verdict == .next, questions < 100 {
            verdict = stubborn.judge(stubborn.isOrder ? late : routed("unloaded"))
            questions += 1
        }
        #expect(verdict == .refused(.refuses(status: 400, "it answers 400: model is already running")))
    }

    @Test(arguments: [
        (200, #"{"default_generation_settings":{},"model_path":"/models/x.gguf"}"#), (503, ""), (404, ""),
        (200, "no"),
        (200, #"{"role":"other"}"#), (200, #"{"role":7}"#),
    ])
    func `llama.cpp's server of one model needs a restart`(status: Int, body: String) {
        for action in LiveChange.Action.allCases {
            #expect(
                play(.llamacpp, action, Subject("m0"), [("/props", answer(status, body))])
                    == .refused(.needsRestart)
            )
        }
    }

    // MARK: mistral.rs

    private func listed(_ models: [String: String]) -> ServerAnswer {
        let entries = models.sorted { $0.key < $1.key }.map {
            #",{"id":"\#($0.key)","status":"\#($0.value)"}"#
        }
        let adapter = #",{"id":"/models/m::sql","parent":"/models/m"}"#
        return answer(200, #"{"data":[{"id":"default"}\#(entries.joined())\#(adapter)]}"#)
    }

    private func told(_ status: String, _ error: String = "") -> ServerAnswer {
        answer(200, #"{"model_id":"/models/m","status":"\#(status)"\#(error)}"#)
    }

    @Test func `mistral.rs is told to reload, and its word is heeded, not its status`() {
        let reload = #"/v1/models/reload {"model_id":"/models/m"}"#
        let status = #"/v1/models/status {"model_id":"/models/m"}"#
        let list = ("/v1/models", listed(["/models/m": "unloaded", "/models/n": "loaded"]))
        func verdict(_ answers: (String, ServerAnswer)...) -> LiveChange.Verdict {
            play(.mistralrs, .load, Subject("/models/m"), [list] + answers)
        }
        #expect(verdict((reload, told("loaded"))) == .done(changed: true))
        #expect(verdict((reload, told("reloading"))) == .notYet("it is reloading"))
        #expect(
            verdict((reload, told("reloading")), (status, told("reloading")), (status, told("loaded")))
                == .done(changed: true)
        )
        #expect(verdict((reload, told("not_found"))) == .refused(.unknown([])))
        #expect(
            verdict((reload, told("internal_error", #","error":"out of\nmemory""#)))
                == .refused(.failed("out of memory"))
        )
        #expect(verdict((reload, told("unloaded"))) == .notYet("it is unloaded"))
        #expect(verdict((reload, answer(200, "{}"))) == .refused(.unlike))
        #expect(verdict((reload, answer(500))) == .refused(.refuses(status: 500, "it answers 500")))
    }

    @Test func `mistral.rs is told to unload, unless it could not load it again`() {
        let unload = #"/v1/models/unload {"model_id":"/models/m"}"#
        let list = ("/v1/models", listed(["/models/m": "loaded"]))
        // A stored model's folder is its name there.
        let subject = Subject("m", modelPaths: ["/models/m"])
        #expect(
            play(.mistralrs, .unload, subject, [list, (unload, told("unloaded"))]) == .done(changed: true)
        )
        let stuck = play(.mistralrs, .unload, subject, [list, (unload, told("no_loader_config"))])
        #expect(stuck == .refused(.failed("it was started without what it would load it again by")))
    }

    @Test func `mistral.rs's model that is as it should be is left so`() {
        func verdict(_ action: LiveChange.Action, _ state: String) -> LiveChange.Verdict {
            play(.mistralrs, action, Subject("/models/m"), [("/v1/models", listed(["/models/m": state]))])
        }
        #expect(verdict(.load, "loaded") == .done(changed: false))
        #expect(verdict(.unload, "unloaded") == .done(changed: false))
        #expect(verdict(.load, "reloading") == .next)
        #expect(verdict(.unload, "reloading") == .notYet("it is loading"))
    }

    @Test func `mistral.rs's second name for its model is none to load`() {
        let verdict = play(
            .mistralrs,
            .load,
            Subject("default"),
            [("/v1/models", listed(["/models/m": "loaded"]))]
        )
        #expect(verdict == .refused(.unknown(["/models/m"])))
    }

    @Test func `mistral.rs loads an adapter, unless it has`() {
        let subject = Subject("sql", adapterPath: "/adapters/sql")
        let list = ("/v1/models", listed(["/models/m": "loaded"]))
        func adapters(_ names: String...) -> (String, ServerAnswer) {
            let entries = names.map { #"{"id":"\#($0)"}"# }.joined(separator: ",")
            return ("/v1/lora_adapters", answer(200, #"{"data":[\#(entries)]}"#))
        }
        let load = #"/v1/load_lora_adapter {"lora_name":"sql","lora_path":"/adapters/sql"}"#
        var change = LiveChange(.mistralrs, .load, subject, allowsAdapters: true)
        #expect(
            play(&change, [list, adapters("style"), (load, answer(200, #"{"id":"sql"}"#))])
                == .done(changed: true)
        )
        #expect(change.kind == .adapter && change.id == "sql")
        #expect(play(.mistralrs, .load, subject, [list, adapters("sql")]) == .done(changed: false))
        #expect(play(.mistralrs, .unload, subject, [list, adapters()]) == .done(changed: false))
        let unload = #"/v1/unload_lora_adapter {"lora_name":"sql"}"#
        #expect(
            play(.mistralrs, .unload, Subject("sql"), [list, adapters("sql"), (unload, answer(200))])
                == .done(changed: true)
        )
        #expect(
            play(.mistralrs, .unload, Subject("sql"), [list, adapters("a", "b")])
                == .refused(.unknown(["a", "b"]))
        )
        let older = ("/v1/lora_adapters", answer(404))
        #expect(play(.mistralrs, .load, subject, [list, older, (load, answer(200))]) == .done(changed: true))
    }

    @Test func `mistral.rs's reasons against an adapter are handed on`() {
        let subject = Subject("sql", adapterPath: "/adapters/sql")
        let list = ("/v1/models", listed(["/models/m": "loaded"]))
        let none = ("/v1/lora_adapters", answer(200, #"{"data":[]}"#))
        let load = #"/v1/load_lora_adapter {"lora_name":"sql","lora_path":"/adapters/sql"}"#
        let body = #"{"error":{"message":"no","code":"x"}}"#
        #expect(
            play(.mistralrs, .load, subject, [list, ("/v1/lora_adapters", answer(409, body))])
                == .refused(.refuses(status: 409, "it answers 409: no"))
        )
        for status in [400, 403, 409, 413, 422, 500, 503] {
            #expect(
                play(.mistralrs, .load, subject, [list, none, (load, answer(status, body))])
                    == .refused(.refuses(status: status, "it answers \(status): no"))
            )
        }
        #expect(
            play(.mistralrs, .load, subject, [list, none, (load, answer(429, body))])
                == .notYet("it answers 429: no")
        )
        for status in [404, 405] {
            #expect(
                play(.mistralrs, .load, subject, allowsAdapters: false, [list, none, (load, answer(status))])
                    == .refused(.notAllowed(variable: "MISTRALRS_ALLOW_RUNTIME_LORA_UPDATING"))
            )
        }
    }

    // MARK: All

    @Test(arguments: EngineName.allCases)
    func `a key that is not known, and a server in trouble, are told as that`(engine: EngineName) {
        for action in LiveChange.Action.allCases {
            var change = LiveChange(engine, action, Subject("m"))
            #expect(change.judge(answer(401)) == .refused(.noKey))
            #expect(change.judge(nil) == .notYet("nothing answers"))
            #expect(change.judge(answer(429)) == .notYet("it answers 429"))
            if engine == .llamacpp { #expect(change.judge(answer(200, #"{"role":"router"}"#)) == .next) }
            #expect(change.judge(answer(500)) == .notYet("it answers 500"))
            #expect(change.judge(answer(403)) == .refused(.refuses(status: 403, "it answers 403")))
        }
    }

    @Test(arguments: EngineName.allCases, ["", "null", "[]", "{}", #"{"data":[{"id":7}]}"#, "<html>"])
    func `what lists no models is no server of the engine`(engine: EngineName, body: String) {
        var change = LiveChange(engine, .load, Subject("m"))
        if engine == .llamacpp { _ = change.judge(answer(200, #"{"role":"router"}"#)) }
        #expect(change.judge(answer(200, body)) == .refused(.unlike))
    }

    @Test(arguments: [#"m"m"#, "m\\", "m\nm", "模型"])
    func `any name is sent as it is`(name: String) {
        let list = ("/v1/models", answer(200, served))
        var change = LiveChange(
            .vllm,
            .load,
            Subject(name, adapterPath: "/adapters/\(name)"),
            allowsAdapters: true
        )
        #expect(play(&change, [list]) == .next)
        let body = String(decoding: change.question.body ?? [], as: UTF8.self)
        #expect(body.hasPrefix(#"{"lora_name":""#) && !body.contains("\n") && body.hasSuffix(#""}"#))
    }
}
