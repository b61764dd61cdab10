import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// Pulls that are killed, interrupted or run twice, as processes.
struct InterruptionTests {
    @Test func `Ctrl-C: 130, the partial is kept, and the printed line goes on from there`() async throws {
        let content = try largeGGUF(mebibytes: 8)
        let home = try CommandLineHome(StubRepository("org/big", files: ["m-Q4_K_M.gguf": content]))
        home.hub.inject(StubFault(.cdn, .stallAfter(5_000_000)))
        let arguments = ["--home", home.home.string, "llamacpp", "pull", "org/big", "--exclude", "a name"]
        let run = try home.start(arguments, environment: ["STACKCTL_HOME": "/nonexistent"])
        #expect(try await run.waitUntil { _ in home.received >= 5_000_000 })
        run.send(SIGINT)
        let result = try await run.finish()
        #expect(result.ending == .exited(130))
        #expect(result.output == "")
        #expect(result.errors.contains("error: interrupted\n\nhint: what has arrived is kept: `stackctl "))
        #expect(home.received == 5_000_000)
        let listed = try await home.run("ls")
        #expect(listed.output.contains("partial"))

        home.hub.forgetRequests()
        let line = try #require(result.errors.split(separator: "`").first { $0.hasPrefix("stackctl ") })
        let resumed = try await home.shell("unset STACKCTL_HOME; \(line)")
        #expect(resumed.status == 0, "\(line)\n\(resumed.errors)")
        #expect(home.hub.bytesServed(.cdn) == content.size - 5_000_000)
        #expect(try home.read("org--big/gguf/q4_k_m/m-Q4_K_M.gguf") == content.all)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `a second signal ends it too, and what has arrived is still kept`(signal: Int32) async throws {
        let home = try CommandLineHome(
            StubRepository("org/big", files: ["m-Q4_K_M.gguf": try largeGGUF(mebibytes: 4)])
        )
        home.hub.inject(StubFault(.cdn, .stallAfter(1_000_000)))
        let run = try home.start(["pull", "org/big"])
        #expect(try await run.waitUntil { _ in home.received >= 1_000_000 })
        run.send(signal)
        run.send(signal)
        let result = try await run.finish()
        #expect([.exited(130), .killed(by: signal)].contains(result.ending))
        #expect(home.received == 1_000_000)
        #expect(try await home.run("pull", "org/big").status == 0)
    }

    @Test func `two processes that pull one model: one downloads, the other finds it there`() async throws {
        let content = try largeGGUF(mebibytes: 8)
        let home = try CommandLineHome(StubRepository("org/big", files: ["m-Q4_K_M.gguf": content]))
        let locks = home.volume().pushing(".stackctl/locks")
        try FileSystem.createDirectory(locks)
        // Both begin while a third one holds the model.
        var lock = try FileLock.attempt(locks.appending("org--big.lock"))
        let runs = [try home.start(["pull", "org/big"]), try home.start(["pull", "org/big"])]
        for run in runs {
            #expect(try await run.waitUntil { $0.errors.contains("waiting for another stackctl") })
        }
        #expect(lock != nil && home.hub.requests(.cdn).isEmpty)
        lock = nil
        let results = [try await runs[0].finish(), try await runs[1].finish()]
        #expect(results.map(\.status) == [0, 0])
        #expect(results.count { $0.output.contains("pulled") } == 1)
        #expect(results.count { $0.output.contains("is there") } == 1)
        #expect(home.hub.bytesServed(.cdn) == content.size)
        #expect(try home.read("org--big/gguf/q4_k_m/m-Q4_K_M.gguf") == content.all)
    }

    @Test func `the reader of stdout is gone: it ends quietly`() async throws {
        let home = try CommandLineHome()
        let result = try await home.shell("stackctl catalog ls --json | head -c 1")
        #expect(result.errors == "")
        #expect(result.status == 0)
        // The left side writes when the right side has closed its end for sure.
        let gone = try await home.shell(
            """
            cd "$HOME/../work"
            (until test -e gone; do :; done; stackctl version; echo $? >status) | { exec <&-; touch gone; }
            cat status
            """
        )
        #expect(gone.errors == "")
        #expect(gone.output == "141\n")
    }
}
