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
        let message = token == nil ? "Invalid username or password." : "Repository not found"
        let status = token == nil ? 401 : 404
        #expect(
            words == "org/model: no such repository (status \(status), request Root=1-stub-0: \(message))"
        )
        #expect(hub.requests().map(\.status) == [status])
    }

    @Test func `a private repository is one that does not exist`() async throws {
        for token in [nil, StubHub.notGrantedToken] {
            let visit = try Visit(.restricted, token: token)
            let words = await wordedRefusal { try await visit.client.revision("main", of: id()) }
            #expect(words.hasPrefix("org/model: no such repository (status 40"))
        }
    }

    @Test(arguments: [StubRepository.Access.open, .restricted, .gated, .disabled])
    func `a token that the hub does not know is invalid, whatever it is shown for`(
        access: StubRepository.Access
    ) async throws {
        let visit = try Visit(access, token: "hf_nobody")
        for failure in [
            await refusal { try await visit.client.revision("main", of: id()) },
            try await locate(by: visit.client),
        ] {
            guard case .invalidToken(let answer) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(answer.status == 401)
            #expect(!"\(answer)".contains("hf_nobody"))
        }
    }

    @Test func `a missing revision is told with its name`() async throws {
        let visit = try Visit()
        let words = await wordedRefusal { try await visit.client.revision("feature/x", of: id()) }
        #expect(words.hasPrefix("org/model: no revision feature/x (status 404, request Root=1-stub-0"))
    }

    @Test func `a missing file is told with its path`() async throws {
        let visit = try Visit()
        let failure = try await locate("a/missing.gguf", by: visit.client)
        #expect(failure.map { "\($0)" }?.hasPrefix("org/model: no file a/missing.gguf (status 404") == true)
    }

    @Test(arguments: [
        (nil, 401, "Please log in."), (StubHub.notGrantedToken, 403, "you are not in the authorized list."),
    ])
    func `a gated file is refused in the hub's own words`(token: String?, status: Int, words: String)
        async throws
    {
        let visit = try Visit(.gated, token: token)
        let failure = try await locate(by: visit.client)
        guard case .gated(let repository, let answer) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(repository == (try id()))
        #expect(answer.status == status)
        #expect(answer.message.contains(words))
    }

    @Test(arguments: ["GatedRepo", nil])
    func `a token that was made for less is told from a user to whom nothing was granted`(code: String?)
        async throws
    {
        let words = "Please enable access to public gated repositories in your fine-grained token settings"
        let server = try StubServer { _ in
            var headers: StubHeaders = ["X-Error-Message": words]
            headers["X-Error-Code"] = code
            return StubResponse(403, headers: headers)
        }
        let client = HubClient(server.url, token: StubHub.scopelessToken)
        guard case .lacksScope(_, let answer) = try await locate(by: client) else {
            Issue.record("something else was understood")
            return
        }
        #expect(answer.message == words)
    }

    @Test func `a repository whose name reads like the hub's words changes nothing`() async throws {
        let server = try StubServer { _ in
            let words = "Access to model org/fine-grained-token is restricted"
            return StubResponse(403, headers: ["X-Error-Code": "GatedRepo", "X-Error-Message": words])
        }
        guard case .gated = try await locate(by: HubClient(server.url, token: "hf_x")) else {
            Issue.record("something else was understood")
            return
        }
    }

    @Test func `a gated repository can be listed by anybody`() async throws {
        let visit = try Visit(.gated)
        let revision = try await visit.client.revision("main", of: id())
        #expect(try await visit.client.files(of: revision).files.count == 1)
    }

    @Test func `a closed repository is told as such`() async throws {
        let visit = try Visit(.disabled)
        let failure = await refusal { try await visit.client.revision("main", of: id()) }
        guard case .disabled(_, let answer) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(answer.message == "Access to this resource is disabled.")
    }

    @Test(arguments: [410, 451])
    func `a repository that the law took away is closed too`(status: Int) async throws {
        let server = try StubServer { _ in StubResponse(status) }
        guard case .disabled = await refusal({ try await HubClient(server.url).revision("main", of: id()) })
        else {
            Issue.record("something else was understood")
            return
        }
    }

    @Test(arguments: ["", "{", "[]", "<p>"])
    func `a refusal without a known code is told by its status`(text: String) async throws {
        let server = try StubServer { _ in StubResponse(418, text: text) }
        let words = await wordedRefusal { try await HubClient(server.url).revision("main", of: id()) }
        #expect(words == (text.isEmpty ? "status 418" : "status 418: \(text)"))
    }

    @Test func `a refusal in a header field goes before one in the body`() async throws {
        let server = try StubServer { _ in
            .json(#"{"error":"in the body"}"#, status: 403, headers: ["X-Error-Message": "in the head"])
        }
        let words = await wordedRefusal { try await HubClient(server.url).revision("main", of: id()) }
        #expect(words == "org/model: forbidden (status 403: in the head)")
    }

    @Test(arguments: [
        (#"{"error":"one\n two"}"#, "one two"), (#"{"error":["one","two"]}"#, "one; two"), ("plain", "plain"),
        ("{\"error\":7}", "{\"error\":7}"),
        (String(repeating: "x", count: 5000), String(repeating: "x", count: 300) + "…"),
    ])
    func `the hub's words are one line of bearable length`(text: String, words: String) async throws {
        let server = try StubServer { _ in StubResponse(403, text: text) }
        let failure = await refusal { try await HubClient(server.url).revision("main", of: id()) }
        guard case .forbidden(_, let answer) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(answer.message == words)
    }

    @Test(arguments: ["X-Request-Id", "x-amzn-trace-id", "X-Amz-Cf-Id"])
    func `the request's name at the hub is told, wherever it is`(field: String) async throws {
        let server = try StubServer { _ in StubResponse(404, headers: [field: "Root=1-abc"]) }
        let words = await wordedRefusal { try await HubClient(server.url).revision("main", of: id()) }
        #expect(words == "org/model: no such repository (status 404, request Root=1-abc)")
    }

    // MARK: Trouble

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
