import ArgumentParser
import Console
import FoundationEssentials
import Platform
import TestSupport
import Testing

@testable import Commands
@testable import Engines
@testable import Operations

/// How the reason why a stack does not serve looks to a person.
struct WhyViewTests {
    private func reason(_ text: String? = nil, isCertain: Bool = true, _ source: Diagnosis.Source = .log)
        -> Reason
    {
        Reason(
            Diagnosis.Finding(
                signature: "gpu-out-of-memory",
                cause: text ?? "the GPU's memory does not hold the model with its context",
                fix: text ?? "take a smaller quantization, then `stackctl llamacpp use MODEL`",
                isCertain: isCertain,
                evidence: [
                    .init(source: source, lineFromEnd: 12, text: text ?? "cudaMalloc failed: out of memory")
                ]
            )
        )
    }

    private func kept(_ text: String? = nil, _ findings: [Reason] = []) -> GivenUpRun {
        GivenUpRun(
            path: text ?? "/srv/log",
            at: Date(timeIntervalSinceNow: -7300),
            model: text ?? "a:7b",
            format: nil,
            quant: nil,
            exitCode: 1,
            outOfMemory: false,
            reason: text ?? "it did not answer within 10 m",
            findings: findings,
            tail: []
        )
    }

    private func diagnosis(
        _ state: String = "exited",
        ready: Bool = false,
        findings: [Reason] = [],
        exit: Int? = 1,
        refusal: String? = nil,
        next: String? = "`stackctl llamacpp start`",
        tail: [String] = [],
        kept: [GivenUpRun] = [],
        foreign: String? = nil
    ) -> StackDiagnosis {
        StackDiagnosis(
            stack: "llamacpp",
            container: foreign ?? "c",
            state: state,
            health: state == "running" ? foreign ?? "starting" : nil,
            ready: ready,
            answer: state == "running" && !ready ? foreign ?? "nothing answers yet" : nil,
            model: foreign ?? "a:7b",
            startedAt: Date(timeIntervalSinceNow: -65),
            finishedAt: exit == nil ? nil : Date(timeIntervalSinceNow: -185),
            restarts: 3,
            exitCode: exit,
            ending: exit.map { "ended with status \($0)" },
            outOfMemory: false,
            refusal: refusal,
            findings: findings,
            next: next,
            tail: tail,
            keptLogs: kept
        )
    }

    private func text(_ diagnosis: StackDiagnosis) -> String {
        WhyView.text(diagnosis, for: terminal(columns: 80))
    }

    @Test func `a known reason is told with its lines and what to type`() {
        let reason = reason()
        #expect(
            text(diagnosis(findings: [reason, self.reason("other")], next: reason.fix)) == """
                llamacpp: `c` ended with status 1, 3 m 5 s ago, after 3 restarts

                the GPU's memory does not hold the model with its context

                  in its log, 12 lines from the end:
                  cudaMalloc failed: out of memory

                fix: take a smaller quantization, then `stackctl llamacpp use MODEL`

                """
        )
    }

    @Test func `the next smaller model is told after the fix`() {
        let smaller = SmallerModel(
            model: "a:7b",
            quant: "q4_0",
            sizeBytes: 4_000_000_000,
            savedBytes: 600_000_000,
            stored: false,
            verdict: "cpu",
            command: "stackctl llamacpp use a:7b-q4_0"
        )
        var failed = diagnosis(findings: [reason()], next: "`do`")
        failed.smaller = smaller
        let line = " or: `stackctl llamacpp use a:7b-q4_0` takes 600 MB less and fits by the arithmetic\n"
        #expect(text(failed).hasSuffix("\nfix: `do`\n\(line)"))
        var serving = diagnosis("running", ready: true, exit: nil, next: nil, kept: [kept(nil, [reason()])])
        serving.smaller = smaller
        #expect(text(serving).contains("MODEL`\n\(line)its log: "))
    }

    @Test func `what is a guess is called one, and Docker's words are called its words`() {
        let shown = text(diagnosis(findings: [reason(isCertain: false, .refusal)], refusal: "words"))
        #expect(shown.hasPrefix("llamacpp: `c` cannot be started, after 3 restarts\n"))
        #expect(shown.contains("\nit may be that the GPU's memory") && shown.contains("\n  Docker says:\n"))
    }

    @Test func `an unknown reason is told with the end of the log`() {
        let shown = text(diagnosis(tail: (1...30).map { "line \($0)" }))
        #expect(
            shown.contains("\n  the end of its log:\n  line 21\n") && shown.contains("  line 30\n\nfix: ")
        )
        #expect(text(diagnosis()).contains("\nit has written nothing\n"))
        #expect(text(diagnosis(refusal: "no such thing")).contains("\nDocker says: no such thing\n"))
    }

    @Test func `a stack that serves is one line, and the run that was given up before it some more`() {
        let serving = diagnosis("running", ready: true, exit: nil, next: nil)
        #expect(text(serving) == "llamacpp: `c` serves, `a:7b` for 1 m 5 s\n")
        let after = diagnosis("running", ready: true, exit: nil, next: nil, kept: [kept()])
        #expect(
            text(after).hasSuffix(
                """

                the last run that was given up of `a:7b`, 2 h 1 m ago: it did not answer within 10 m
                its log: /srv/log

                """
            )
        )
        let known = diagnosis("running", ready: true, exit: nil, next: nil, kept: [kept(nil, [reason()])])
        #expect(
            text(known).contains(" ago: the GPU's memory") && text(known).contains("\nfix: take a smaller")
        )
    }

    @Test func `what has no container, was never started or loads is said to`() {
        #expect(text(diagnosis("absent", exit: nil)).hasPrefix("llamacpp: it has no container `c`\n\nfix: "))
        #expect(text(diagnosis("created", exit: nil)).hasPrefix("llamacpp: `c` is created\n"))
        let loading = text(diagnosis("running", exit: nil))
        #expect(
            loading.hasPrefix(
                "llamacpp: `c` runs for 1 m 5 s and is not ready, starting: nothing answers yet\n"
            )
        )
    }

    @Test func `words from outside cannot command the terminal`() {
        let evil = "evil\u{1B}]0;x\u{7}\u{202E}\r"
        for state in ["running", "exited", "created", "absent"] {
            for ready in [true, false] {
                let shown = text(
                    diagnosis(
                        state,
                        ready: ready,
                        findings: ready ? [] : [reason(evil)],
                        refusal: evil,
                        next: evil,
                        tail: [evil],
                        kept: [kept(evil, [reason(evil)])],
                        foreign: evil
                    )
                )
                #expect(
                    shown.unicodeScalars.allSatisfy { $0 == "\n" || ($0.value >= 0x20 && $0 != "\u{202E}") }
                )
            }
        }
    }

    @Test(arguments: [("why", true), ("why --json", true), ("why x", false), ("why --tail 3", false)])
    func `the verb is understood`(typed: String, isRight: Bool) {
        #expect(
            (try? Stackctl.parseAsRoot(typed.split(separator: " ").map(String.init))) is WhyShow == isRight
        )
    }
}
