import Hub
import Platform
import Synchronization
import TestSupport
import Testing
import Transport

private let repository = StubRepository("org/model", files: ["model.gguf": .text("weights")])

private func id() throws -> RepositoryID { try #require(RepositoryID("org/model")) }

/// What was told of waits.
private final class Waits: Sendable {
    private let told = Mutex<[(host: String, seconds: Int)]>([])
    var all: [(host: String, seconds: Int)] { told.withLock { $0 } }
    func note(_ host: String, _ seconds: Int) { told.withLock { $0.append((host, seconds)) } }
}

private func client(of hub: StubHub, _ waits: Waits) -> HubClient {
    HubClient(endpoint: hub.endpoint, token: nil, onWait: waits.note)
}

/// How long a question waits, and what it waits for.
struct PatienceTests {
    // MARK: A quota

    @Test func `a quota that is open again soon is waited for`() async throws {
        let hub = try StubHub([repository])
        hub.inject(StubFault(.hub, .rateLimited(seconds: 1)))
        let revision = try await client(of: hub, Waits()).revision("main", of: id())
        #expect(revision.commit == repository.commit)
        let asked = hub.requests()
        #expect(asked.map(\.status) == [429, 200])
        #expect(asked[1].begun - asked[0].begun >= .seconds(2))
    }

    @Test func `many questions wait for one quota, which is told once, and can be cancelled`() async throws {
        let hub = try StubHub([repository])
        // As many as come before the first answer are refused, and wait as the others do.
        hub.inject(StubFault(.hub, .rateLimited(seconds: 300), times: .max))
        let waits = Waits()
        let (client, id) = (client(of: hub, waits), try id())
        let questions = (0..<8).map { _ in
            Task { await refusal { try await client.revision("main", of: id) } }
        }
        while waits.all.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        try await Task.sleep(for: .milliseconds(200))
        for question in questions { question.cancel() }
        for question in questions {
            guard case .cancelled = await question.value else {
                Issue.record("a question was answered")
                return
            }
        }
        #expect(waits.all.map(\.host) == ["127.0.0.1"])
        #expect((1...301).contains(waits.all[0].seconds))
    }

    @Test func `each refusal for the quota is a try`() async throws {
        let hub = try StubHub([repository])
        hub.inject(StubFault(.hub, .rateLimited(seconds: 0), times: .max))
        let failure = await refusal {
            try await client(of: hub, Waits()).revision("main", of: id(), tries: 3)
        }
        guard case .rateLimited(1) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(hub.requests().count == 3)
        #expect(failure?.isPassing == true)
    }

    @Test func `a quota that is used up for longer than a window is told at once`() async throws {
        let hub = try StubHub([repository])
        hub.inject(StubFault(.hub, .rateLimited(seconds: 20, retryAfter: 900)))
        let waits = Waits()
        for _ in 0..<2 {
            let failure = await refusal { try await client(of: hub, waits).revision("main", of: id()) }
            guard case .rateLimited(800...901) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
        }
        #expect(hub.requests().count == 1)
        #expect(waits.all.isEmpty)
    }

    @Test func `who asks once does not wait for a quota`() async throws {
        let hub = try StubHub([repository])
        hub.inject(StubFault(.hub, .rateLimited(seconds: 300)))
        let waits = Waits()
        for _ in 0..<2 {
            let failure = await refusal {
                try await client(of: hub, waits).revision("main", of: id(), tries: 1)
            }
            guard case .rateLimited(250...301) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
        }
        #expect(hub.requests().count == 1)
        #expect(waits.all.isEmpty)
    }

    // MARK: Trouble that passes

    @Test(arguments: [500, 502, 503, 504, 408])
    func `a passing failure is tried again`(status: Int) async throws {
        let hub = try StubHub([repository])
        hub.inject(StubFault(.hub, .status(status)))
        #expect(
            try await HubClient(hub.endpoint).revision("main", of: id()).commit == repository.commit
        )
        #expect(hub.requests().map(\.status) == [status, 200])
    }

    @Test func `a broken line is tried again`() async throws {
        let hub = try StubHub([repository])
        hub.inject(StubFault(.hub, .dropAfter(10)))
        #expect(
            try await HubClient(hub.endpoint).revision("main", of: id()).commit == repository.commit
        )
    }

    @Test func `a failure that stays is told with the request's name at the hub`() async throws {
        let server = try StubServer { _ in StubResponse(503, headers: ["X-Request-Id": "Root=1-abc"]) }
        let failure = await refusal { try await HubClient(server.url).revision("main", of: id()) }
        guard case .server(503, "Root=1-abc") = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.isPassing == true)
        // Four, but fewer where this test gets its turn late.
        #expect((2...4).contains(server.requests.count))
    }

    @Test func `a question about where a file is may be put once`() async throws {
        let server = try StubServer { _ in StubResponse(503) }
        let content = StubContent.text("weights")
        let file = RepositoryFile(
            path: try #require(RelativePath("model.gguf")),
            size: 7,
            content: .sha256(content.sha256)
        )
        let revision = Revision(repository: try id(), commit: repository.commit)
        let failure = await refusal { try await HubClient(server.url).locate(file, at: revision, tries: 1) }
        #expect(failure?.isPassing == true)
        #expect(server.requests.count == 1)
    }

    @Test func `what does not pass is not taken for passing`() async throws {
        let server = try StubServer { _ in StubResponse(404) }
        let missing = await refusal { try await HubClient(server.url).revision("main", of: id()) }
        #expect(missing?.isPassing == false)
        #expect(HubError.offline.isPassing == false)
        #expect(HubError.unreachable(host: "hub", .untrusted("")).isPassing == false)
        #expect(HubError.unreachable(host: "hub", .untrusted("")).isUntrusted)
        #expect(!HubError.unreachable(host: "hub", .timedOut).isUntrusted)
    }
}
