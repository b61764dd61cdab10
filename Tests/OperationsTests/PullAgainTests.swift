import Formats
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// Pulls of what is there already, in this stack or another.
struct PullAgainTests {
    private func tiny(_ number: UInt32 = 0) throws -> StubRepository {
        StubRepository(
            "org/tiny-GGUF",
            files: ["tiny-Q4_K_M.gguf": try smallGGUF(number), "tiny-Q8_0.gguf": try smallGGUF(1)]
        )
    }

    @Test(arguments: [
        "org/tiny-GGUF", "org/tiny-GGUF:q4_k_m", "org/tiny-GGUF:q4", "https://hf.co/org/tiny-GGUF",
    ])
    func `a second pull asks one question and finds it there`(model: String) async throws {
        let home = try TestHome(tiny())
        try await home.pull("org/tiny-GGUF")
        home.hub.forgetRequests()
        let again = try await home.pull(model)
        #expect(again.wasThere)
        #expect(home.hub.requests().count == 1)
    }

    @Test func `a second pull of a file or with patterns asks one question too`() async throws {
        let home = try TestHome(tiny())
        try await home.pull("org/tiny-GGUF/tiny-Q8_0.gguf")
        home.hub.forgetRequests()
        #expect(try await home.pull("org/tiny-GGUF/tiny-Q8_0.gguf").wasThere)
        #expect(home.hub.requests().count == 1)
        try await home.pull("org/tiny-GGUF") { $0.include = ["*q8*"] }
        home.hub.forgetRequests()
        #expect(try await home.pull("org/tiny-GGUF") { $0.include = ["*q8*"] }.wasThere)
        #expect(home.hub.requests().count == 1)
    }

    @Test func `a pull of a commit that is there asks nothing`() async throws {
        let home = try TestHome(tiny())
        let commit = try #require(try await home.pull("org/tiny-GGUF").revision)
        home.hub.forgetRequests()
        #expect(try await home.pull("org/tiny-GGUF@\(commit)").wasThere)
        #expect(home.hub.requests().isEmpty)
    }

    @Test func `with the hub down it is still there, and a note says so`() async throws {
        let home = try TestHome(tiny())
        try await home.pull("org/tiny-GGUF")
        home.hub.stop()
        let reports = Reports()
        #expect(try await home.pull("org/tiny-GGUF", reports: reports).wasThere)
        #expect(reports.notes.count == 1)
        #expect(
            reports.notes.first?.contains("what is stored is from \(try tiny().commit.prefix(8))") == true
        )
    }

    @Test(arguments: [StubRepository.Access.restricted, .disabled])
    func `a repository that was closed takes nothing away from what is stored`(
        access: StubRepository.Access
    ) async throws {
        let home = try TestHome(tiny())
        try await home.pull("org/tiny-GGUF")
        var closed = try tiny()
        closed.access = access
        home.hub.publish(closed)
        let reports = Reports()
        #expect(try await home.pull("org/tiny-GGUF", reports: reports).wasThere)
        #expect(reports.notes.count == 1)
        #expect([.notFound, .refused].contains(try await home.failedPull("org/tiny-GGUF:q8_0").kind))
        #expect([.notFound, .refused].contains(try await home.failedPull("org/tiny-GGUF@v2").kind))
    }

    @Test(arguments: [429, 500, 503])
    func `a hub that answers with trouble blocks no model that is there`(status: Int) async throws {
        let home = try TestHome(tiny())
        try await home.pull("org/tiny-GGUF")
        home.hub.inject(StubFault(.hub, .status(status), times: .max))
        home.hub.forgetRequests()
        #expect(try await home.pull("org/tiny-GGUF").wasThere)
        #expect(home.hub.requests().count == 1)
    }

    @Test func `offline no question is asked, by option or by environment`() async throws {
        let home = try TestHome(tiny())
        let failure = try await home.failedPull("org/tiny-GGUF") { $0.isOffline = true }
        #expect(failure.kind == .unavailable)
        #expect(failure.hint?.contains("`--offline`") == true)
        try await home.pull("org/tiny-GGUF")
        home.hub.forgetRequests()
        #expect(try await home.pull("org/tiny-GGUF") { $0.isOffline = true }.wasThere)
        #expect(try await home.pull("org/tiny-GGUF", environment: ["HF_HUB_OFFLINE": "1"]).wasThere)
        #expect(home.hub.requests().isEmpty)
    }

    @Test func `a branch that moved brings the new commit, and only what changed is fetched`() async throws {
        func files(_ last: UInt16) throws -> [String: StubContent] {
            [
                "m-Q4_K_M-00001-of-00002.gguf": .bytes(try GGUFBuilder.tiny(shard: (0, 2))),
                "m-Q4_K_M-00002-of-00002.gguf": .bytes(
                    try GGUFBuilder.tiny(shard: (1, 2), extra: [("tag", .uint16(last))])
                ),
            ]
        }
        let home = try TestHome(StubRepository("org/split", files: try files(1)))
        let first = try await home.pull("org/split")
        let changed = try files(2)
        home.hub.publish(StubRepository("org/split", files: changed))
        home.hub.forgetRequests()
        let second = try await home.pull("org/split")
        #expect(!second.wasThere)
        #expect(second.revision != first.revision)
        let asked = home.hub.requests(.hub).map(\.request.target).filter { $0.contains("/resolve/") }
        #expect(asked.count == 1)
        #expect(home.hub.bytesServed(.cdn) == changed["m-Q4_K_M-00002-of-00002.gguf"]?.size)
        for (name, content) in changed {
            #expect(try home.read("org--split/gguf/q4_k_m/\(name)") == content.all)
        }
        let checked = try await Verify([]).run(in: home.workspace()) { _ in }
        #expect(checked.map(\.state) == [.ok, .ok])
    }

    @Test func `by force all is fetched again`() async throws {
        let home = try TestHome(tiny())
        try await home.pull("org/tiny-GGUF")
        home.hub.forgetRequests()
        #expect(try await !home.pull("org/tiny-GGUF") { $0.force = true }.wasThere)
        #expect(home.hub.bytesServed(.cdn) == (try smallGGUF().size))
    }

    @Test func `a content that another stack has is linked and not fetched`() async throws {
        let home = try TestHome(tiny())
        try await home.pull("org/tiny-GGUF")
        home.hub.forgetRequests()
        try await home.pull("org/tiny-GGUF", stack: "mistral")
        #expect(home.hub.requests(.cdn).isEmpty)
        let file = "org--tiny-GGUF/gguf/q4_k_m/tiny-Q4_K_M.gguf"
        let (one, other) = (try home.status(file), try home.status(file, stack: "mistral"))
        #expect((one.inode, one.device) == (other.inode, other.device))
        #expect(other.linkCount == 2)

        let removal = Remove([try home.reference("org/tiny-GGUF")], isForced: true)
        try removal.run(await removal.plan(in: home.workspace()) { _ in })
        #expect(try home.read(file, stack: "mistral") == smallGGUF().all)
    }

    @Test func `a copy that was spoilt is not linked`() async throws {
        let home = try TestHome(tiny())
        try await home.pull("org/tiny-GGUF")
        let file = "org--tiny-GGUF/gguf/q4_k_m/tiny-Q4_K_M.gguf"
        try File(home.volume().pushing(FilePath(file)), .update).write([0xAA].span.bytes, at: 2000)
        try await home.pull("org/tiny-GGUF", stack: "mistral")
        #expect(try home.read(file, stack: "mistral") == smallGGUF().all)
    }
}
