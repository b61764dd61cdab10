import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// The shipped stack with the real server.
@Suite(.llamaServer, .serialized)
struct LlamaStackTests {
    @Test func `a model is used without a container, and every verb tells of it`() async throws {
        try await LlamaStackHome.with { stack in
            let used = try await stack.run("use", "alpha")
            #expect(
                used.status == 0 && used.output.contains("llamacpp: alpha gguf f16 answers"),
                "\(used.errors)"
            )
            #expect(try await stack.firstWord() == "alpha")

            let told = try await stack.run("llamacpp", "status", "--json")
            let status = try AnyJSON(told.output).elements.first
            #expect(status?["state"] == .string("running") && status?["ready"] == .bool(true))
            #expect(status?["model"] == .string("alpha") && status?["restarts"] == .number(0))
            let health = try await stack.run(
                "exec",
                "--",
                "curl",
                "-fsS",
                "http://localhost:\(stack.port)/health"
            )
            #expect(health.status == 0 && health.output.contains(#""status":"ok""#), "\(health.errors)")
            #expect(try await stack.run("why").status == 0)

            let follower = try stack.start(["logs", "-f"])
            let isHeard = try await follower.waitUntil(timeout: .seconds(30)) { run in
                (run.output + run.errors).contains("model loaded")
            }
            #expect(isHeard, "\(follower.output)\(follower.errors)")
            let answers = LlamaAnswers(stack)
            #expect(try await stack.run("restart", "--wait", "--timeout", "60s").status == 0)
            #expect(try await stack.firstWord() == "alpha")
            let (models, silence) = try await answers.finish()
            #expect(models == ["alpha"])
            print("a restart, without an answer for \(silence)")
            follower.send(SIGINT)
            _ = try await follower.finish(timeout: .seconds(30))
        }
    }

    @Test func `a model takes the place of another, and a rollback goes back and forth`() async throws {
        try await LlamaStackHome.with { stack in
            // The container that nobody has told yet what to serve.
            #expect(try await stack.run("up").status == 0)
            #expect(try await stack.word() == nil)
            #expect(try await stack.run("use", "alpha").status == 0)
            let answers = LlamaAnswers(stack)
            let used = try await stack.run("use", "beta", "--json")
            #expect(try await stack.firstWord() == "beta")
            let (models, silence) = try await answers.finish()
            #expect(models == ["alpha", "beta"])
            let outcome = try AnyJSON(used.output)
            #expect(outcome["previous"] == .string("alpha") && outcome["changed"] == .bool(true))
            let after = try #require(outcome["readyAfterMilliseconds"]?.number)
            print("`use`: \(used.duration), ready after \(after) ms, without an answer for \(silence)")

            let again = try await stack.run("use", "beta")
            #expect(again.status == 0 && again.output.contains("is served already"))
            for word in ["alpha", "beta"] {
                #expect(try await stack.run("rollback").status == 0)
                #expect(try await stack.firstWord() == word)
            }
        }
    }

    @Test func `a model that the server refuses is taken back, and the reason is told`() async throws {
        try await LlamaStackHome.with { stack in
            #expect(try await stack.run("use", "beta").status == 0)
            let answers = LlamaAnswers(stack)
            let refused = try await stack.run("use", SpeakingModel.broken.word)
            #expect(
                refused.status == 9 && refused.errors.contains("`beta` is served again"),
                "\(refused.errors)"
            )
            #expect(try await stack.firstWord() == "beta")
            let (models, silence) = try await answers.finish()
            #expect(models == ["beta"])
            print("`use` of a broken model: \(refused.duration), without an answer for \(silence)")

            let why = try AnyJSON(try await stack.run("why", "--json").output)
            #expect(why["ready"] == .bool(true) && why["model"] == .string("beta"))
            let kept = try #require(why["keptLogs"]?.elements.first)
            #expect(kept["model"] == .string(SpeakingModel.broken.word) && kept["exitCode"] == .number(1))
            let finding = kept["findings"]?.elements.first
            #expect(finding?["id"] == .string("llamacpp-tensor-missing"))
            #expect(finding?["cause"]?.text?.contains("`blk.1.ffn_down.weight`") == true)

            #expect(try await stack.run("use", SpeakingModel.broken.word, "--no-rollback").status == 9)
            #expect(try await stack.word() == nil)
            #expect(try await stack.run("rollback").status == 0)
            #expect(try await stack.firstWord() == "beta")
        }
    }

    @Test func `the model is served again when the engine is there again`() async throws {
        try await LlamaStackHome.with { stack in
            #expect(try await stack.run("use", "alpha").status == 0)
            #expect(try await stack.run("use", "beta").status == 0)
            try await stack.engine.stop()
            #expect(try await stack.word() == nil)
            #expect(try await stack.run("use", "alpha").status == 6)
            try await stack.engine.start()
            #expect(try await stack.firstWord() == "beta")
            #expect(try await stack.run("use", "alpha").status == 0)
            #expect(try await stack.firstWord() == "alpha")
        }
    }
}

extension AnyJSON {
    fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
    fileprivate var number: Double? { if case .number(let number) = self { number } else { nil } }
}
