import Glibc
import Platform
import TestSupport
import Testing

/// What a script reads with `--progress json`.
struct ProgressStreamTests {
    private func slowHome() throws -> CommandLineHome {
        let home = try CommandLineHome(
            StubRepository("org/big", files: ["m-Q4_K_M.gguf": try largeGGUF(mebibytes: 8)])
        )
        home.hub.inject(StubFault(.cdn, .throttle(bytesPerSecond: 6_000_000), times: .max))
        return home
    }

    private func lines(_ errors: String) throws -> [AnyJSON] {
        try errors.split(separator: "\n").map { try AnyJSON(String($0)) }
    }

    private func phases(_ scope: String, _ lines: [AnyJSON]) -> [String] {
        lines.filter { $0["scope"] == .string(scope) }.reduce(into: []) { phases, line in
            if case .string(let phase)? = line["phase"], phases.last != phase { phases.append(phase) }
        }
    }

    @Test func `a pull goes through its phases to the end, and again without a byte`() async throws {
        let home = try slowHome()
        let first = try await home.run("pull", "org/big", "--progress", "json", "--quiet")
        #expect(first.status == 0)
        let lines = try lines(first.errors)
        #expect(phases("item", lines) == ["queued", "downloading", "verifying", "done"])
        let total = phases("total", lines)
        #expect(total.filter { $0 != "verifying" } == ["resolving", "downloading", "storing", "done"])
        #expect(lines.contains { $0["secondsLeft"] != nil || $0["bytesPerSecond"] != nil })
        let last = try #require(lines.last)
        #expect(last["phase"] == .string("done") && last["scope"] == .string("total"))
        #expect(last["doneBytes"] == last["totalBytes"])

        let again = try await home.run("pull", "org/big", "--progress=json")
        let told = try self.lines(again.errors)
        #expect(phases("total", told) == ["resolving", "done"])
        #expect(phases("item", told) == ["queued", "done"])
        #expect(told.last?["doneBytes"] == last["doneBytes"])
    }

    @Test func `an interrupted pull ends with its phase and the reason`() async throws {
        let home = try slowHome()
        home.hub.inject(StubFault(.cdn, .stallAfter(4_000_000)))
        let run = try home.start(["pull", "org/big", "--progress", "json"])
        #expect(try await run.waitUntil { _ in home.received >= 4_000_000 })
        run.send(SIGINT)
        let result = try await run.finish()
        #expect(result.status == 130)
        let lines = try lines(result.errors)
        #expect(phases("total", lines).last == "interrupted")
        #expect(lines.last?["event"] == .string("error"))
        #expect(lines.last?["status"] == .number(130))
        #expect(lines.last?.keys.contains("hint") == true)

        home.hub.clearFaults()
        let rest = try self.lines(try await home.run("pull", "org/big", "--progress", "json").errors)
        #expect(phases("total", rest).last == "done")
    }

    @Test(arguments: [
        ["pull", "org/nothing"], ["verify", "org/nothing"], ["pull", "org/nothing", "--dry-run"],
    ])
    func `a failure is a line too`(_ arguments: [String]) async throws {
        let home = try CommandLineHome(tinyRepository())
        let result = try await home.start(arguments + ["--progress", "json"]).finish()
        #expect(result.status == 2)
        let lines = try lines(result.errors)
        #expect(lines.last?["event"] == .string("error"))
        #expect(lines.last?["status"] == .number(2))
    }

    @Test func `what is verified is told as such`() async throws {
        let home = try CommandLineHome(tinyRepository())
        try await home.run("pull", "org/tiny-GGUF")
        let lines = try lines(try await home.run("verify", "--progress", "json").errors)
        #expect(phases("total", lines) == ["verifying", "done"])
        #expect(phases("item", lines) == ["queued", "verifying", "done"])
    }
}
