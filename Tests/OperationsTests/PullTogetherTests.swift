import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing
import Transfer

/// Several pulls of one model, and pulls that are broken off.
struct PullTogetherTests {
    private static let mebibytes = 8

    private func home() throws -> (home: TestHome, content: StubContent) {
        let content = try largeGGUF(mebibytes: Self.mebibytes)
        return (try TestHome(StubRepository("org/big", files: ["m-Q4_K_M.gguf": content])), content)
    }

    @Test func `two pulls at once: one downloads, the other waits and finds it there`() async throws {
        let (home, content) = try home()
        let (first, second) = (Reports(), Reports())
        // Both begin while a third one holds the model.
        var lock: FileLock? = try await ModelStore(volume: home.volume()).lock(model: "org/big") {}
        async let one = home.pull("org/big", reports: first)
        async let two = home.pull("org/big", reports: second)
        for reports in [first, second] {
            let words = "waiting for another stackctl that pulls org/big"
            #expect(try await reports.waitUntil { $0.stages.contains(words) })
        }
        #expect(lock != nil && home.hub.requests(.cdn).isEmpty)
        lock = nil
        let outcomes = [try await one, try await two]
        #expect(outcomes.count(where: \.wasThere) == 1)
        #expect(home.hub.bytesServed(.cdn) == content.size)
        #expect(try home.read("org--big/gguf/q4_k_m/m-Q4_K_M.gguf") == content.all)
        #expect(try home.partials().isEmpty)
    }

    @Test func `two names for one content at once: its bytes come once`() async throws {
        let (home, content) = try home()
        let (first, second) = (Reports(), Reports())
        let purpose = Partial.Purpose(model: "x", format: "gguf", quant: nil, path: "x", sizeBytes: 0)
        let store = ModelStore(volume: home.volume())
        var lock: FileLock? = try await store.openPartial(content.sha256, for: purpose) {}.lock
        async let one = home.pull("org/big", reports: first)
        async let two = home.pull("org/big", reports: second) { $0.name = "other" }
        for reports in [first, second] {
            let words = "waiting for another stackctl that downloads m-Q4_K_M.gguf"
            #expect(try await reports.waitUntil { $0.stages.contains(words) })
        }
        #expect(lock != nil)
        lock = nil
        _ = [try await one, try await two]
        #expect(try home.read("org--big/gguf/q4_k_m/m-Q4_K_M.gguf") == content.all)
        #expect(try home.read("other/gguf/q4_k_m/m-Q4_K_M.gguf") == content.all)
        #expect(home.hub.bytesServed(.cdn) == content.size)
        #expect(try home.partials().isEmpty)
    }

    @Test func `a pull that is cancelled keeps what has arrived, says how to go on, and the next one does`()
        async throws
    {
        let (home, content) = try home()
        home.hub.inject(StubFault(.cdn, .stallAfter(5_000_000)))
        let reports = Reports()
        let pull = Task { try await home.failedPull("org/big:q4_k_m", reports: reports) }
        #expect(try await reports.waitUntil { $0.mostBytes >= 5_000_000 })
        pull.cancel()
        let failure = try await pull.value
        #expect(failure.kind == .cancelled)
        #expect(
            failure.hint
                == "what has arrived is kept: `stackctl llamacpp pull org/big:q4_k_m` goes on from there"
        )
        #expect(try home.visibleFiles().isEmpty)
        let partial = try #require(try home.partials().first)
        #expect(TransferEngine.received(in: partial.directory) == 5_000_000)
        #expect(partial.purpose?.model == "org/big")

        home.hub.forgetRequests()
        let second = Reports()
        try await home.pull("org/big:q4_k_m", reports: second)
        #expect(second.notes.contains("m-Q4_K_M.gguf: 5.0 MB are here from an earlier run"))
        #expect(home.hub.bytesServed(.cdn) == content.size - 5_000_000)
        #expect(try home.read("org--big/gguf/q4_k_m/m-Q4_K_M.gguf") == content.all)
        #expect(try home.partials().isEmpty)
    }

    @Test func `a pull that waits for another one can be cancelled`() async throws {
        let (home, _) = try home()
        home.hub.inject(StubFault(.cdn, .stallAfter(1_000_000)))
        let (first, second) = (Reports(), Reports())
        let one = Task { try await home.failedPull("org/big", reports: first) }
        #expect(try await first.waitUntil { $0.mostBytes > 0 })
        let two = Task { try await home.failedPull("org/big", reports: second) }
        #expect(try await second.waitUntil { !$0.stages.filter { $0.hasPrefix("waiting") }.isEmpty })
        two.cancel()
        #expect(try await two.value.kind == .cancelled)
        one.cancel()
        #expect(try await one.value.kind == .cancelled)
    }

    @Test func `what was kept and then spoilt on the disk is noticed and fetched again`() async throws {
        let (home, content) = try home()
        home.hub.inject(StubFault(.cdn, .stallAfter(2_000_000)))
        let reports = Reports()
        let pull = Task { try await home.failedPull("org/big", reports: reports) }
        #expect(try await reports.waitUntil { $0.mostBytes >= 2_000_000 })
        pull.cancel()
        _ = try await pull.value
        let partial = try #require(try home.partials().first)
        try File(partial.directory.appending("data"), .update).write([0xFF, 0xFE].span.bytes, at: 1_000_000)

        let second = Reports()
        try await home.pull("org/big", reports: second)
        #expect(second.warnings.count == 1)
        #expect(try home.read("org--big/gguf/q4_k_m/m-Q4_K_M.gguf") == content.all)
    }

    @Test func `nothing is visible while a model is under way`() async throws {
        let (home, _) = try home()
        home.hub.inject(StubFault(.cdn, .stallAfter(1_000_000)))
        let reports = Reports()
        let pull = Task { try await home.failedPull("org/big", reports: reports) }
        #expect(try await reports.waitUntil { $0.mostBytes >= 1_000_000 })
        #expect(try home.visibleFiles().isEmpty)
        let lines = try await Listing().run(in: home.workspace()) { _ in }
        #expect(lines.map(\.state) == [.partial])
        pull.cancel()
        _ = try await pull.value
    }
}
