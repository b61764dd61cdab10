import Catalog
import Engines
import Platform
import SystemPackage
import Testing

/// What signatures tell of runs; the logs are those of the engines.
struct DiagnosisTests {
    private func diagnose(_ run: EngineRun, model: String? = "mine:7b") throws -> Diagnosis {
        let table = try SignatureTable.load(home: nil)
        return Diagnosis(of: run, by: table.signatures, stack: "s", model: model)
    }

    private func own(_ text: String) throws -> [Signature] {
        try SignatureTable.load(Array(text.utf8), file: "s.yaml").signatures
    }

    private static let missingTensor = """
        0.00.002.972 I srv    load_model: loading model '/models/gamma/gguf/f32/gamma.gguf'
        0.00.015.681 E llama_model_load: error loading model: check_tensor_dims: tensor 'blk.1.ffn_down.weight' not found
        0.00.015.711 E llama_model_load_from_file_impl: failed to load model
        0.00.015.738 E cmn  common_init_: failed to load model '/models/gamma/gguf/f32/gamma.gguf'
        0.00.015.765 E srv    load_model: failed to load model, '/models/gamma/gguf/f32/gamma.gguf'
        0.00.016.177 E srv  llama_server: exiting due to model loading error

        """
    private static let engineCore = """
        (EngineCore_DP0 pid=1094) ERROR 11-21 12:00:03 [core.py:708] EngineCore failed to start.
        (EngineCore_DP0 pid=1094) ERROR 11-21 12:00:03 [core.py:708] ValueError: To serve at least one request with the \
        model's max seq len (262144), (24.0 GiB KV cache is needed, which is larger than the available KV cache memory \
        (3.18 GiB). Based on the available memory, the estimated maximum model length is 34736. Try increasing \
        `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.
        (APIServer pid=1) Traceback (most recent call last):
        (APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
        """

    @Test func `what is special is told before what is general, with the lines that show it`() throws {
        let run = EngineRun(.llamacpp, exitCode: 1, log: RunLog(Array(Self.missingTensor.utf8)))
        let findings = try diagnose(run).findings
        #expect(findings.map(\.signature) == ["llamacpp-tensor-missing", "llamacpp-load-failed"])
        let first = try #require(findings.first)
        #expect(first.isCertain && first.cause.contains("lacks the tensor `blk.1.ffn_down.weight`"))
        #expect(first.evidence.map(\.source) == [.log] && first.evidence.map(\.lineFromEnd) == [5])
        #expect(first.evidence.first?.text.contains("check_tensor_dims") == true)
    }

    @Test func `the fix names the stack and the model`() throws {
        let run = EngineRun(.vllm, exitCode: 1, log: RunLog(Array(Self.engineCore.utf8)))
        let finding = try #require(try diagnose(run).findings.first)
        #expect(
            finding.signature == "vllm-context-too-long"
                && finding.cause.contains("one request of 262144 tokens")
        )
        #expect(finding.fix.hasSuffix("then `stackctl s use mine:7b`"))
        #expect(try diagnose(run, model: nil).findings.first?.fix.hasSuffix("`stackctl s use MODEL`") == true)
    }

    @Test func `another engine's words mean nothing`() throws {
        let run = EngineRun(.mistralrs, exitCode: 1, log: RunLog(Array(Self.engineCore.utf8)))
        #expect(try diagnose(run).findings.isEmpty)
    }

    @Test func `what Docker refuses is told from its words alone`() throws {
        var run = EngineRun(.llamacpp, exitCode: 128, log: RunLog(Array(Self.missingTensor.utf8)))
        run.refusal = #"could not select device driver "nvidia" with capabilities: [[gpu]]"#
        let diagnosis = try diagnose(run)
        #expect(diagnosis.findings.map(\.signature) == ["gpu-runtime-missing"] && diagnosis.tail.isEmpty)
        #expect(diagnosis.findings.first?.evidence.first?.source == .refusal)
        #expect(diagnosis.findings.first?.isCertain == true)
    }

    @Test func `a run that the kernel killed is told so before all that it wrote`() throws {
        var run = EngineRun(.llamacpp, exitCode: 137, log: RunLog(Array("error loading model: x\n".utf8)))
        #expect(try diagnose(run).findings.map(\.signature) == ["llamacpp-load-failed", "killed"])
        run.wasOutOfMemory = true
        let finding = try #require(try diagnose(run).findings.first)
        #expect(finding.signature == "out-of-memory" && finding.isCertain && finding.evidence.isEmpty)
    }

    @Test(arguments: [(132, "illegal-instruction"), (135, "bus-error"), (139, "crashed"), (137, "killed")])
    func `a signal alone is a guess`(status: Int, signature: String) throws {
        let finding = try #require(try diagnose(EngineRun(.vllm, exitCode: status)).findings.first)
        #expect(finding.signature == signature && !finding.isCertain)
    }

    @Test(arguments: [nil, 0, 143])
    func `of a run that goes on, or was stopped, nothing is certain`(status: Int?) throws {
        let log = RunLog(Array(Self.missingTensor.utf8))
        let run = EngineRun(.llamacpp, isRunning: status == nil, exitCode: status, log: log)
        #expect(try diagnose(run).findings.allSatisfy { !$0.isCertain })
        #expect(try diagnose(run).findings.first?.signature == "llamacpp-tensor-missing")
    }

    @Test func `a container that waits for a model says so with its last words, which is certain`() throws {
        let script = LaunchScript.idle(stack: "s").split(separator: "\n").map(String.init)
        let told = try #require(script.first { $0.hasPrefix("echo '") })
        let words = told.dropFirst("echo '".count).prefix { $0 != "'" }
        let run = EngineRun(.llamacpp, isRunning: true, log: RunLog(Array(words.utf8)))
        let finding = try #require(try diagnose(run, model: nil).findings.first)
        #expect(finding.signature == "nothing-to-launch" && finding.isCertain)
        #expect(finding.fix == "`stackctl s use MODEL`")
    }

    @Test func `the health check counts while the engine runs`() throws {
        let words = #"OCI runtime exec failed: exec: "curl": executable file not found in $PATH: unknown"#
        var run = EngineRun(.mistralrs, isRunning: true, health: RunLog(Array(words.utf8)))
        let finding = try #require(try diagnose(run).findings.first)
        #expect(finding.signature == "health-program-missing" && finding.evidence.first?.source == .health)
        run.isRunning = false
        #expect(try diagnose(run).findings.isEmpty)
    }

    @Test func `unknown stays unknown, with the end of the log`() throws {
        let text = (1...50).map { "line \($0)\n" }.joined() + "\n"
        let diagnosis = try diagnose(EngineRun(.vllm, exitCode: 42, log: RunLog(Array(text.utf8))))
        #expect(diagnosis.findings.isEmpty && diagnosis.tail == (31...50).map { "line \($0)" })
    }

    @Test func `a start that went well shows none of the signatures`() throws {
        let log = RunLog(try FileSystem.read(fixture("llama-server-b11434.log")))
        #expect(log.lines.count > 20)
        #expect(try diagnose(EngineRun(.llamacpp, exitCode: 1, log: log)).findings.isEmpty)
    }

    @Test func `the last lines are shown, each words once, and long ones are cut`() throws {
        let signatures = try own("signatures: [{id: a, match: 'number *', cause: 'c {1}', fix: f}]")
        let long = String(repeating: "x", count: 1000)
        let text = "number 1\nnumber 2\nnumber 2\nnumber 3\n\(long)number \(long)\n\n"
        let run = EngineRun(.vllm, exitCode: 1, log: RunLog(Array(text.utf8)))
        let diagnosis = Diagnosis(of: run, by: signatures, stack: "s", model: nil)
        let finding = try #require(diagnosis.findings.first)
        #expect(finding.evidence.map(\.lineFromEnd) == [4, 3, 2])
        let twice = "1.0 E tokenizer of number 7\n1.1 E tokenizer of number 7\n"
        let again = EngineRun(.vllm, exitCode: 1, log: RunLog(Array(twice.utf8)))
        let evidence = Diagnosis(of: again, by: signatures, stack: "s", model: nil).findings.first?.evidence
        #expect(evidence?.map(\.lineFromEnd) == [1])
        #expect(finding.evidence.map(\.text.count) == [8, 8, 400] && finding.cause.count < 410)
        #expect(diagnosis.tail.allSatisfy { $0.count <= 400 })
    }

    @Test func `foreign bytes come into no sentence`() throws {
        let line = "error: invalid argument: --a\u{1B}[2J\u{202E}b\u{7}{stack}\r\n"
        let finding = try #require(
            try diagnose(EngineRun(.llamacpp, exitCode: 1, log: RunLog(Array(line.utf8)))).findings.first
        )
        #expect(finding.cause == "the engine in the image does not know the argument --ab{stack}")
    }

    @Test func `a whole log of lines that match nothing is read in no time`() throws {
        let line = String(repeating: "failed error invalid GGUF (", count: 19) + "\n"
        let log = RunLog(Array(String(repeating: line, count: 2 * RunLog.mostLines).utf8))
        let run = EngineRun(.vllm, exitCode: 1, log: log)
        let time = try ContinuousClock().measure { _ = try diagnose(run) }
        #expect(time < .seconds(10))
    }

    private func fixture(_ name: String) -> FilePath {
        FilePath(#filePath).removingLastComponent().appending("Fixtures").appending(name)
    }
}

struct ExitStatusTests {
    @Test(arguments: [
        (0, "ended with status 0"), (1, "ended with status 1"),
        (127, "did not find its command (status 127)"),
        (126, "could not execute its command (status 126)"), (137, "was killed (SIGKILL, status 137)"),
        (139, "crashed (SIGSEGV, status 139)"), (132, "crashed (SIGILL, status 132)"),
        (143, "was stopped (SIGTERM, status 143)"), (129, "was ended by a signal (SIGHUP, status 129)"),
        (200, "ended with status 200"),
    ])
    func `a status is told in words`(status: Int, words: String) {
        #expect(EngineRun.words(forStatus: status) == words)
    }
}
