import Hub
import Platform
import TestSupport
import Testing
import Transport

/// A hub with one repository, and somebody who asks it.
private struct Visit {
    let hub: StubHub
    let client: HubClient

    init(_ access: StubRepository.Access = .open, token: String? = nil) throws {
        hub = try StubHub([
            StubRepository("org/model", files: ["model.gguf": .text("weights")], access: access)
        ])
        client = HubClient(hub.endpoint, token: token)
    }
}

struct RefusalTests {
    private func id() throws -> RepositoryID { try #require(RepositoryID("org/model")) }

    private func locate(_ path: String = "model.gguf", by client: HubClient) async throws -> HubError? {
        let content = StubContent.text("weights")
        let path = try #require(RelativePath(path))
        let file = RepositoryFile(path: path, size: ByteCount(content.size), content: .sha256(content.sha256))
        let revision = Revision(repository: try id(), commit: hubCommit)
        return await refusal { try await client.locate(file, at: revision) }
    }

    private var hubCommit: String {
        StubRepository("org/model", files: ["model.gguf": .text("weights")]).commit
    }

    @Test(arguments: [nil, StubHub.grantedToken])
    func `a missing repository is told as such, with a token or without`(token: String?) async throws {
        let hub = try StubHub()
        let words = await wordedRefusal {
            try await HubClient(hub.endpoint, token: token).revision("main", of: id())
        }
        #expect(words == "org/model: no such repository")
        #expect(hub.requests().map(\.status) == [token == nil ? 401 : 404])
    }

    @Test func `a private repository is one that does not exist`() async throws {
        for token in [nil, StubHub.notGrantedToken] {
            let visit = try Visit(.restricted, token: token)
            let words = await wordedRefusal { try await visit.client.revision("main", of: id()) }
            #expect(words == "org/model: no such repository")
        }
    }

    @Test func `a token that the hub does not know is invalid`() async throws {
        let visit = try Visit(.open, token: "hf_nobody")
        let failure = await refusal { try await visit.client.revision("main", of: id()) }
        guard case .invalidToken = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `a missing revision is told with its name`() async throws {
        let visit = try Visit()
        let words = await wordedRefusal { try await visit.client.revision("feature/x", of: id()) }
        #expect(words == "org/model: no revision feature/x")
    }

    @Test func `a missing file is told with its path`() async throws {
        let visit = try Visit()
        let failure = try await locate("a/missing.gguf", by: visit.client)
        #expect(failure.map { "\($0)" } == "org/model: no file a/missing.gguf")
    }

    @Test(arguments: [
        (nil, "Please log in."), (StubHub.notGrantedToken, "you are not in the authorized list."),
        (StubHub.scopelessToken, "fine-grained token settings"), ("hf_nobody", "Invalid credentials"),
    ])
    func `a gated file is refused in the hub's own words`(token: String?, words: String) async throws {
        let visit = try Visit(.gated, token: token)
        let failure = try await locate(by: visit.client)
        guard case .gated(let repository, let message) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(repository == (try id()))
        #expect(message.contains(words))
    }

    @Test func `a gated repository can be listed by anybody`() async throws {
        let visit = try Visit(.gated)
        let revision = try await visit.client.revision("main", of: id())
        #expect(try await visit.client.files(of: revision).files.count == 1)
    }

    @Test func `a closed repository is forbidden`() async throws {
        let visit = try Visit(.disabled)
        let failure = await refusal { try await visit.client.revision("main", of: id()) }
        guard case .forbidden(_, let message) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(message == "Access to this resource is disabled.")
    }

    @Test func `a quota that is used up for long is told at once`() async throws {
        let visit = try Visit()
        visit.hub.inject(StubFault(.hub, .rateLimited(seconds: 55)))
        let failure = await refusal { try await visit.client.revision("main", of: id()) }
        guard case .rateLimited(55) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(visit.hub.requests().count == 1)
    }

    @Test func `a quota that is open again soon is waited for`() async throws {
        let visit = try Visit()
        visit.hub.inject(StubFault(.hub, .rateLimited(seconds: 0, retryAfter: 3600)))
        #expect(try await visit.client.revision("main", of: id()).commit == hubCommit)
        #expect(visit.hub.requests().map(\.status) == [429, 200])
    }

    @Test(arguments: ["", "{", "[]", "<p>"])
    func `a refusal without a known code is told by its status`(text: String) async throws {
        let server = try StubServer { _ in StubResponse(418, text: text) }
        let words = await wordedRefusal { try await HubClient(server.url).revision("main", of: id()) }
        #expect(words == "status 418: \(text)")
    }

    @Test func `a refusal in a header field goes before one in the body`() async throws {
        let server = try StubServer { _ in
            .json(#"{"error":"in the body"}"#, status: 403, headers: ["X-Error-Message": "in the head"])
        }
        let words = await wordedRefusal { try await HubClient(server.url).revision("main", of: id()) }
        #expect(words == "org/model: in the head")
    }

    // MARK: Trouble

    @Test(arguments: [500, 502, 503, 504, 408])
    func `a passing failure is tried again`(status: Int) async throws {
        let visit = try Visit()
        visit.hub.inject(StubFault(.hub, .status(status)))
        #expect(try await visit.client.revision("main", of: id()).commit == hubCommit)
        #expect(visit.hub.requests().map(\.status) == [status, 200])
    }

    @Test func `a broken line is tried again`() async throws {
        let visit = try Visit()
        visit.hub.inject(StubFault(.hub, .dropAfter(10)))
        #expect(try await visit.client.revision("main", of: id()).commit == hubCommit)
    }

    @Test func `a failure that stays is told with the request's name at the hub`() async throws {
        let server = try StubServer { _ in StubResponse(503, headers: ["X-Request-Id": "Root=1-abc"]) }
        let failure = await refusal { try await HubClient(server.url).revision("main", of: id(), tries: 2) }
        guard case .server(503, "Root=1-abc") = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(server.requests.count == 2)
    }

    @Test func `a hub that is gone is unreachable`() async throws {
        // Below the ports that other tests' servers get: one of theirs could be used again.
        let client = HubClient("http://127.0.0.1:1")
        let failure = await refusal { try await client.revision("main", of: id(), tries: 2) }
        guard case .unreachable(host: "127.0.0.1", let reason) = failure, reason.isPassing else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `a web page in place of an answer is called one`() async throws {
        let visit = try Visit()
        visit.hub.inject(StubFault(.hub, .captivePortal))
        #expect(
            await wordedRefusal { try await visit.client.revision("main", of: id()) }.contains("web page")
        )
    }

    @Test(arguments: ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
    func `offline, nothing is asked`(variable: String) async throws {
        let visit = try Visit()
        let client = HubClient(environment: ["HF_ENDPOINT": visit.hub.endpoint, variable: "1"])
        #expect(await wordedRefusal { try await client.revision("main", of: id()) } == "offline")
        #expect(try await locate(by: client).map { "\($0)" } == "offline")
        #expect(visit.hub.requests().isEmpty)
    }

    @Test(arguments: ["", "hub.example", "ftp://hub.example", "https://user:secret@hub.example"])
    func `an endpoint that is no address is not asked`(endpoint: String) async throws {
        let client = HubClient(endpoint: endpoint, token: nil)
        let failure = await refusal { try await client.revision("main", of: id()) }
        guard case .refusedAddress = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `a question can be cancelled while it waits`() async throws {
        let visit = try Visit()
        visit.hub.inject(StubFault(.hub, .delay(.seconds(3600))))
        let task = Task { await refusal { try await visit.client.revision("main", of: id()) } }
        #expect(try await visit.hub.waitUntil(.hub) { !$0.isEmpty })
        task.cancel()
        guard case .cancelled = await task.value else {
            Issue.record("the question was answered")
            return
        }
    }

    @Test func `the environment's hub is the real one unless it names another`() {
        #expect(HubClient(environment: [:]).endpoint == "https://huggingface.co")
        #expect(
            HubClient(environment: ["HF_ENDPOINT": "http://mirror:8080/"]).endpoint == "http://mirror:8080"
        )
    }
}
