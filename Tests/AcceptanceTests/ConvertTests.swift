import Formats
import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// `convert`, as a process.
struct ConvertTests {
    private static let warning = "warning: this tokenizer is none that is known"

    /// The sample's files in the working directory of the runs.
    private func home() throws -> (CommandLineHome, work: FilePath) {
        let home = try CommandLineHome()
        let work = home.directory.appending("work")
        try SampleModel.write(below: work)
        return (home, work)
    }

    @Test func `a line for each target on stdout, the rest on stderr`() async throws {
        let (home, _) = try home()
        let folder = "./\(SampleModel.repository)"
        let result = try await home.run(
            "convert",
            folder,
            "--quant",
            "q4,Q8-0",
            "--quant",
            "f16",
            "--pre",
            "llama-bpe"
        )
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 3)
        #expect(
            lines[0].hasPrefix(
                "tiny-llama gguf q4_k_m converted: 118 kB of 289 kB (safetensors bf16), 6.31 bits per weight, in "
            )
        )
        #expect(
            lines[1].hasPrefix(
                "tiny-llama gguf q8_0 converted: 157 kB of 289 kB (safetensors bf16), 8.55 bits per weight, in "
            )
        )
        #expect(
            lines[2].hasPrefix(
                "tiny-llama gguf f16 converted: 288 kB of 289 kB (safetensors bf16), 16.04 bits per weight, in "
            )
        )
        #expect(lines.allSatisfy { $0.hasSuffix("/s)") })
        #expect(!result.errors.contains(Self.warning))
        #expect(result.errors.contains("converting tiny-llama to q4_k_m\n"))

        let known = try await home.run("convert", folder, "--quant", "q8", "--pre", "llama-bpe", "--json")
        let made = try AnyJSON(known.output).elements
        #expect(made.map { $0["wasThere"] } == [.bool(true)])
        #expect(made[0]["sourceBytes"] == .number(289_097) && made[0]["quant"] == .string("q8_0"))
        let shown = try await home.run("show", "tiny-llama", "--quant", "q8_0")
        #expect(
            shown.output.contains(
                "converted from    safetensors bf16 --pre llama-bpe, 289 kB, by the engine native\n"
            )
        )
        #expect(try await home.run("verify").status == 0)
        let unknown = try await home.run("convert", folder, "--quant", "q5", "--quiet")
        #expect(unknown.status == 0 && unknown.output == "")
        #expect(unknown.errors == "")
        let again = try await home.run("convert", folder, "--quant", "q5_0", "--progress", "none")
        #expect(again.errors.hasPrefix(Self.warning))
    }

    @Test func `a dry run is a table or a document, and changes nothing`() async throws {
        let (home, _) = try home()
        let folder = "./\(SampleModel.repository)"
        let table = try await home.run("convert", folder, "-n")
        #expect(table.status == 0)
        #expect(table.output.contains("\nbf16   288 kB "))
        #expect(table.output.contains("\n288 kB needed, "))
        let plan = try AnyJSON(
            try await home.run("convert", folder, "-n", "--json", "--quant", "q4_k_m").output
        )
        #expect(plan["fits"] == .bool(true) && plan["neededBytes"] == .number(118_112))
        #expect(plan["targets"]?.elements.first?["sizeBytes"] == .number(118_112))
        #expect(plan["source"]?["missingBytes"] == .number(0))
        #expect(!FileSystem.exists(home.volume()))
    }

    @Test func `each failure has its status and says what to type`() async throws {
        let (home, work) = try home()
        let gguf = "./\(SampleModel.ggufRepository)"
        let cases: [(arguments: [String], status: Int32, says: String)] = [
            (["\(gguf)/tiny-llama-f16.gguf"], 64, "hint: add `--quant`"),
            (["\(gguf)/tiny-llama-f16.gguf", "--quant", "none"], 64, "`none` is no quantization"),
            (["\(gguf)/tiny-llama-f16.gguf", "--quant", "q4,"], 64, "`` is no quantization"),
            (["\(gguf)/tiny-llama-f16.gguf", "--quant", "f16", "--pure"], 64, "say how to quantize"),
            (["\(gguf)/tiny-llama-f16.gguf", "--quant", "q8", "--tensor-type", "x"], 64, "REGEX=TYPE"),
            (["\(gguf)/tiny-llama-f16.gguf", "--quant", "q8", "--engine", "other"], 64, "--engine"),
            (["./\(SampleModel.repository)", "--pre", "llama-bqe"], 64, "`--pre` takes `llama-bpe`"),
            (
                ["./\(SampleModel.repository)", "--quant", "q8,q4", "--output", "x.gguf"], 64,
                "takes a folder"
            ),
            (["./\(SampleModel.repository)", "--pre", ""], 64, "`qwen2`"),
            (
                ["\(gguf)/tiny-llama-f16.gguf", "--quant", "q8", "--tensor-type", "attn_x=q4_0"], 4,
                "`attn_x`"
            ),
            (["\(gguf)/tiny-llama-q8_0.gguf", "--quant", "q4"], 8, "--allow-requantize"),
            (["\(gguf)/tiny-llama-f16.gguf", "--quant", "iq3_s"], 8, "cannot be made iq3_s"),
            (["\(gguf)/tiny-llama-f16.gguf", "--quant", "iq2_xs"], 8, "hint: add `--imatrix FILE`"),
            (
                ["\(gguf)/tiny-llama-f16.gguf", "--to", "uqff", "--quant", "q4k"], 8,
                "no image of it is known"
            ),
            (
                ["\(gguf)/tiny-llama-f16.gguf", "--to", "uqff", "--quant", "q4k", "--pure"], 64,
                "about a GGUF"
            ),
            (["\(gguf)/tiny-llama-f16.gguf", "--to", "uqff", "--output", "x"], 64, "a uqff is a folder"),
            (["./absent", "--quant", "q4"], 2, "there is nothing at"),
            (["qwen2.5-codr:7b", "--quant", "q4"], 2, "did you mean"),
            (
                ["\(gguf)/tiny-llama-f16.gguf", "--quant", "q8", "--output", "there"], 3,
                "hint: add `--force`"
            ),
            (["\(gguf)/tiny-llama-f16.gguf", "--quant", "q8", "--imatrix", "there"], 4, "there: "),
        ]
        try home.directory.write("mine", to: "work/there")
        for (arguments, status, says) in cases {
            let result = try await home.start(["convert"] + arguments).finish()
            #expect(result.ending == .exited(status), "\(arguments): \(result.errors)")
            #expect(result.output == "" && result.errors.contains(says), "\(arguments): \(result.errors)")
        }
        let config = #"{"architectures":["MambaForCausalLM"]}"#
        try FileSystem.write(Array(config.utf8), to: work.appending("\(SampleModel.repository)/config.json"))
        let unknown = try await home.run("convert", "./\(SampleModel.repository)")
        #expect(
            unknown.status == 8 && unknown.errors.contains("architecture MambaForCausalLM"),
            "\(unknown.errors)"
        )
        #expect(!FileSystem.exists(home.volume()))
    }

    /// A run that takes a while, when its weights are being written.
    private func longRun(_ home: CommandLineHome) async throws -> BinaryRun {
        try emptyGGUF(mebibytes: 1024, at: home.directory.appending("work/big.gguf"))
        let run = try home.start(["convert", "./big.gguf", "--quant", "q4_k_m", "--threads", "1"])
        let isWriting = try await run.waitUntil { run in
            run.errors.contains("converting big to q4_k_m") && home.received > 0
        }
        #expect(isWriting)
        return run
    }

    @Test func `Ctrl-C: 130, and nothing is left of it`() async throws {
        let home = try CommandLineHome()
        let run = try await longRun(home)
        run.send(SIGINT)
        let result = try await run.finish()
        #expect(result.ending == .exited(130) && result.output == "")
        #expect(result.errors.contains("error: interrupted\n"))
        #expect(home.received == 0)
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `two at once: one converts, the other waits and finds it there`() async throws {
        let home = try CommandLineHome()
        try emptyGGUF(mebibytes: 32, at: home.directory.appending("work/big.gguf"))
        let locks = home.volume().pushing(".stackctl/locks")
        try FileSystem.createDirectory(locks)
        // Both begin while a third one holds the model.
        var lock = try FileLock.attempt(locks.appending("big.lock"))
        let arguments = ["convert", "./big.gguf", "--quant", "q8_0"]
        let runs = [try home.start(arguments), try home.start(arguments)]
        for run in runs {
            #expect(try await run.waitUntil { $0.errors.contains("waiting for another stackctl") })
        }
        #expect(lock != nil && home.received == 0)
        lock = nil
        let results = [try await runs[0].finish(), try await runs[1].finish()]
        #expect(results.map(\.status) == [0, 0])
        #expect(results.count { $0.output.contains("converted: ") } == 1)
        #expect(results.count { $0.output.contains("is there: ") } == 1)
    }

    @Test func `killed, it leaves a partial that is listed, begun again and removed`() async throws {
        let home = try CommandLineHome()
        let run = try await longRun(home)
        run.send(SIGKILL)
        #expect(try await run.finish().ending == .killed(by: SIGKILL))
        #expect(try home.visibleFiles().isEmpty)
        let listed = try AnyJSON(try await home.run("ls", "--json").output).elements
        #expect(listed.map { $0["state"] } == [.string("partial")])
        #expect(listed.map { $0["model"] } == [.string("big")])
        let removed = try await home.run("rm", "big", "--yes")
        #expect(removed.status == 0 && home.received == 0, "\(removed.errors)")

        let again = try await longRun(home)
        again.send(SIGKILL)
        _ = try await again.finish()
        try emptyGGUF(mebibytes: 8, at: home.directory.appending("work/big.gguf"))
        #expect(try await home.run("convert", "./big.gguf", "--quant", "q4_k_m").status == 0)
        #expect(home.received == 0)
        #expect(
            try home.visibleFiles().sorted() == [
                "big/gguf/q4_k_m/big-q4_k_m.gguf", "big/gguf/q4_k_m/manifest.json",
            ]
        )
    }

    @Test(.enabled("`scripts/llama-server` has not been run") { await TestProgram.llamaServer.isExpected() })
    func `llama-server says the same with what was converted as with the original`() async throws {
        let (home, work) = try home()
        let converted = work.appending("converted.gguf")
        let result = try await home.run(
            "convert",
            "./\(SampleModel.repository)",
            "--quant",
            "f16",
            "--output",
            converted.string
        )
        #expect(result.status == 0, "\(result.errors)")
        let original = work.appending("\(SampleModel.ggufRepository)/tiny-llama-f16.gguf")
        let expected = try await tokens(of: original)
        #expect(expected.count == 24)
        #expect(try await tokens(of: converted) == expected)
    }

    /// What the real server says after a text, when it takes the most likely token each time.
    private func tokens(of model: FilePath) async throws -> [AnyJSON] {
        let port = try freePort()
        let server = try BinaryRun(
            try await TestProgram.llamaServer.path(),
            ["-m", model.string, "--port", "\(port)", "-c", "512", "--no-warmup", "-t", "2"],
            environment: [:]
        )
        defer { server.send(SIGKILL) }
        let question =
            #"{"prompt":"Once upon a time","n_predict":24,"temperature":0,"return_tokens":true,"ignore_eos":true}"#
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            let answer = try? await onOwnThread {
                try RawHTTP(port: port, timeout: .seconds(30)).send(
                    "POST",
                    "/completion",
                    headers: ["Content-Type": "application/json", "Connection": "close"],
                    body: Array(question.utf8)
                )
            }
            if let answer, answer.status == 200 { return try AnyJSON(answer.text)["tokens"]?.elements ?? [] }
            try await Task.sleep(for: .milliseconds(50))
        }
        return []
    }
}
