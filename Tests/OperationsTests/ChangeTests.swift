import Docker
import Operations
import Platform
import Store
import TestSupport
import Testing

/// Changes of what a stack serves, and what is told of those that fail.
@Suite(.engines)
struct ChangeTests {
    private static let refusal =
        "E llama_model_load: error loading model: unknown model architecture: 'newarch'"
    private static let bad =
        "case $name in bad) echo \"\(refusal)\" >&2; exit 1 ;; esac"

    // MARK: What is read of it afterwards

    @Test func `once a change was taken back, the log is that of what is served again`() async throws {
        try await ServingHome.with(["good": ["q8_0"], "bad": ["q8_0"]]) { stack in
            try stack.behave(Self.bad)
            try await stack.use("good")
            let failed = await failure { try await stack.use("bad") }
            #expect(failed?.kind == .notReady && failed?.message.contains("`good` is served again") == true)
            try await stack.stop()
            let diagnosis = try await stack.why()
            #expect(diagnosis.findings.isEmpty && diagnosis.model == "good", "\(diagnosis)")
            #expect(diagnosis.tail.count == 1 && diagnosis.tail[0].contains("--alias good"))
            #expect(diagnosis.next == "`stackctl llamacpp start`")
            // What was given up has its own log, without a line of what was served before it.
            let kept = try #require(diagnosis.keptLogs.first)
            #expect(kept.findings.map(\.id).prefix(1) == ["llamacpp-unknown-architecture"])
            #expect(kept.tail.count == 2 && kept.tail.contains { $0.contains("--alias bad") }, "\(kept.tail)")
        }
    }

    @Test func `of a stack whose first model did not come up, the reason for that is told`() async throws {
        try await ServingHome.with(["bad": ["q8_0"]]) { stack in
            try stack.behave(Self.bad)
            let reports = Reports()
            let failed = await failure { try await stack.use("bad", reports) }
            #expect(failed?.message.hasSuffix("no model was served before, and none is now") == true)
            #expect(reports.stages.contains("no model was served before: `\(stack.home.name)` waits for one"))
            #expect(try stack.script.contains("no model is in use"))
            #expect(try stack.state.active == nil && stack.state.attempt == nil)
            let diagnosis = try await stack.why()
            #expect(!diagnosis.ready && diagnosis.state == "running" && diagnosis.model == "bad")
            #expect(diagnosis.findings.first?.id == "llamacpp-unknown-architecture")
            #expect(diagnosis.next == diagnosis.findings.first?.fix && diagnosis.next == failed?.hint)
        }
    }

    // MARK: The way back

    @Test func `what answered before has all the time that it needs to come back`() async throws {
        try await ServingHome.with(["good": ["q8_0"], "bad": ["q8_0"]]) { stack in
            try await stack.use("good")
            try stack.behave("case $name in good) sleep 2 ;; bad) exit 1 ;; esac")
            let failed = await failure { try await stack.use("bad", timeout: .seconds(1)) }
            #expect(failed?.message.contains("`good` is served again") == true, "\(failed?.message ?? "")")
            #expect(try stack.state.active?.model == "good" && stack.state.attempt == nil)
        }
    }

    @Test func `an obstacle to both ways is told once, by its cause`() async throws {
        try await ServingHome.with(["good": ["q8_0"], "other": ["q8_0"]]) { stack in
            try await stack.use("good")
            // The folder that the container sees is none any more.
            let programs = stack.home.home.directory.appending("programs")
            try FileSystem.rename(programs, to: stack.home.home.directory.appending("moved"))
            try FileSystem.write([], to: programs)
            let reports = Reports()
            let failed = await failure { try await stack.use("other", reports) }
            let cause = "a path on the left of `volumes` in compose.yaml is missing or of the wrong kind"
            #expect(failed?.kind == .notReady)
            #expect(failed?.message.hasPrefix("`\(stack.home.name)` could not be started: \(cause)") == true)
            let end = "; `good`, which answered before, fails for the same reason"
            #expect(failed?.message.hasSuffix(end) == true, "\(failed?.message ?? "")")
            #expect(failed?.hint?.hasPrefix("correct that path in compose.yaml") == true)
            #expect(reports.warnings.count == 1 && reports.warnings[0].contains(cause))
            #expect(!(reports.warnings + reports.notes).contains { $0.contains("Are you trying to mount") })
            // What Docker said is kept, and read again.
            let kept = try #require(try await stack.why().keptLogs.first)
            #expect(kept.model == "other" && kept.findings.first?.id == "mount-kind")
        }
    }

    @Test func `a launch that answered before and does not now is left in place`() async throws {
        try await ServingHome.with(["good": ["q8_0"], "other": ["q8_0"]]) { stack in
            try await stack.use("other")
            try await stack.use("good")
            try await stack.stop()
            try stack.behave("case $name in good) exit 3 ;; esac")
            let failed = await failure { try await stack.use("good") }
            #expect(
                failed?.message.hasSuffix("answered with the same command before, and is left in place")
                    == true
            )
            #expect(failed?.hint?.hasSuffix("`stackctl llamacpp rollback` goes back to `other`") == true)
            #expect(try stack.state.active?.model == "good" && stack.state.attempt == nil)
            #expect(try stack.state.previous?.model == "other" && stack.script.contains("--alias good"))
            try stack.behave("")
            #expect(try await stack.use("good").changed)
        }
    }

    // MARK: Several quantizations

    @Test func `of a model that is stored in several quantizations, the one that is meant is named`()
        async throws
    {
        try await ServingHome.with(["good": ["q4_k_m", "q8_0"], "bad": ["q8_0"]]) { stack in
            try stack.behave(Self.bad)
            let used = try await stack.use("good-q8_0")
            #expect(used.quant == "q8_0")
            let status = try #require(try await stack.status())
            #expect(status.model == "good" && status.quant == "q8_0" && status.reference == "good-q8_0")
            #expect(status.pending == nil)
            let reports = Reports()
            let failed = await failure { try await stack.use("bad", reports) }
            #expect(failed?.message.hasSuffix("`good-q8_0` is served again") == true)
            #expect(reports.stages.contains("going back to `good-q8_0`"))
            let other = try await stack.use("good-q4_k_m")
            #expect(other.previous == "good" && other.previousQuant == "q8_0")
            #expect(try await stack.why().reference == "good-q4_k_m")
        }
    }

    // MARK: Broken off

    @Test func `of a change that was broken off, the status tells how to go on`() async throws {
        try await ServingHome.with(["good": ["q8_0"], "slow": ["q8_0"]]) { stack in
            try stack.behave("case $name in slow) sleep 600 & wait ;; esac")
            try await stack.use("good")
            let change = Task { await failure { try await stack.use("slow") } }
            let end = ContinuousClock.now + .seconds(30)
            while try stack.state.attempt == nil, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(10))
            }
            let during = Reports()
            #expect(try await stack.status(during)?.pending == "slow")
            #expect(during.notes == ["llamacpp: another stackctl is about to serve `slow`"])
            change.cancel()
            #expect(await change.value?.kind == .cancelled)
            let after = Reports()
            #expect(try await stack.status(after)?.pending == "slow")
            #expect(after.notes.first?.contains("`stackctl llamacpp use slow` goes on") == true)
            _ = try await Rollback().run(in: stack.workspace) { _ in }
            let last = Reports()
            #expect(try await stack.status(last)?.pending == nil && last.notes.isEmpty)
        }
    }
}
