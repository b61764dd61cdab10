import FoundationEssentials
import Operations
import Platform
import TestSupport
import Testing

/// What `why` reads of runs that were given up.
@Suite(.engines)
struct WhyKeptLogTests {
    private static let folder = "home/stacks/llamacpp/models/.stackctl/state/logs"

    private func kept(_ files: [String: String], _ reports: Reports = Reports()) async throws -> [GivenUpRun]
    {
        try await DockerHome.with { home in
            for (name, text) in files { try home.home.directory.write(text, to: "\(Self.folder)/\(name)") }
            return try await Why().run(in: home.workspace(), report: reports.reporter).keptLogs
        }
    }

    @Test func `the newest comes first, with what it says of its run and why that failed`() async throws {
        let facts = """
            # model: qwen2.5-coder:7b
            # format: gguf
            # quant: q4_k_m
            # exit: 1
            # oom: false
            # reason: it ended with status 1: before it answered
            error: invalid argument: --mlock
            # not: a fact

            """
        let logs = try await kept([
            "20261121T120000Z-qwen2.5-coder-7b.log": facts,
            "20261120T235959Z-old.log": "# model: old\n# exit: 137\n# oom: true\n",
        ])
        #expect(logs.map(\.model) == ["qwen2.5-coder:7b", "old"])
        let newest = try #require(logs.first)
        #expect(newest.path.hasSuffix("\(Self.folder)/20261121T120000Z-qwen2.5-coder-7b.log"))
        #expect(newest.at == Date(timeIntervalSince1970: 1_795_262_400))
        #expect((newest.format, newest.quant, newest.exitCode) == ("gguf", "q4_k_m", 1))
        #expect(newest.reason == "it ended with status 1: before it answered" && !newest.outOfMemory)
        #expect(newest.findings.map(\.id) == ["unknown-argument"])
        #expect(newest.findings.first?.fix.hasSuffix("`stackctl llamacpp use qwen2.5-coder:7b`") == true)
        #expect(newest.tail == ["error: invalid argument: --mlock", "# not: a fact"])
        #expect(logs[1].outOfMemory && logs[1].findings.first?.id == "out-of-memory" && logs[1].tail.isEmpty)
    }

    @Test func `only the newest few are read, and only logs`() async throws {
        var files = ["notes.txt": "x", ".20261121T120000Z-a.log.1.2": "x"]
        for day in 10..<20 { files["202611\(day)T120000Z-m.log"] = "# model: m\(day)\n" }
        #expect(try await kept(files).map(\.model) == ["m19", "m18", "m17", "m16", "m15"])
    }

    @Test func `a log without facts, without an end, or long is read as far as it goes`() async throws {
        let logs = try await kept([
            "20261121T120000Z-a.log": "", "20261122T120000Z-b.log": "# model: b",
            "20261123T990000Z-c.log": "no facts\n",
            "20261124T120000Z-d.log": "# model: d\n"
                + String(repeating: "filler, and more of it\n", count: 200_000)
                + "error: invalid argument: --x\n",
        ])
        #expect(logs.map(\.model) == ["d", nil, nil, nil])
        #expect(logs[0].findings.map(\.id) == ["unknown-argument"])
        #expect(logs[1].at == nil && logs[1].tail == ["no facts"])
        #expect(logs[3].findings.isEmpty && logs[3].tail.isEmpty)
    }

    @Test func `what is no file is reported and left out`() async throws {
        let reports = Reports()
        let logs = try await kept(
            ["20261121T120000Z-a.log": "# model: a\n", "20261122T120000Z-b.log/inner": "x"],
            reports
        )
        #expect(logs.map(\.model) == ["a"] && reports.warnings.count == 1)
    }
}
