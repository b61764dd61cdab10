import Hub
import Platform
import TestSupport
import Testing

struct RepositoryTests {
    private let id = RepositoryID("org/model")

    @Test func `a branch is resolved to its commit by one question`() async throws {
        let id = try #require(id)
        let repository = StubRepository("org/model", files: ["config.json": .text("{}")])
        let hub = try StubHub([repository])
        let revision = try await HubClient(hub.endpoint).revision("main", of: id)
        #expect(revision == Revision(repository: id, commit: repository.commit))
        #expect(hub.requests().map(\.request.target) == ["/api/models/org/model/revision/main"])
        #expect(hub.tokensSeen == [nil])
    }

    @Test func `a revision with slashes is one part of the address`() async throws {
        var repository = StubRepository("org/model", files: [:])
        repository.setRevision("refs/pr/1", files: ["a.txt": .text("proposed")])
        let hub = try StubHub([repository])
        let revision = try await HubClient(hub.endpoint).revision("refs/pr/1", of: try #require(id))
        #expect(revision.commit == repository.revisions["refs/pr/1"]?.commit)
        #expect(hub.requests().map(\.request.path) == ["/api/models/org/model/revision/refs%2Fpr%2F1"])
    }

    @Test func `an endpoint may end in a slash`() async throws {
        let repository = StubRepository("org/model", files: [:])
        let hub = try StubHub([repository])
        _ = try await HubClient("\(hub.endpoint)/").revision("main", of: try #require(id))
        #expect(hub.requests().map(\.request.target) == ["/api/models/org/model/revision/main"])
    }

    @Test func `a renamed repository is found under its new name, and the token goes along`() async throws {
        let repository = StubRepository("org/model", files: [:], access: .restricted)
        let hub = try StubHub([repository])
        hub.settings.renamed = ["old/name": "org/model"]
        let client = HubClient(hub.endpoint, token: StubHub.grantedToken)
        let revision = try await client.revision("main", of: try #require(RepositoryID("old/name")))
        #expect(revision.repository == id)
        #expect(hub.tokensSeen == [StubHub.grantedToken, StubHub.grantedToken])
    }

    @Test(arguments: [
        "{}", #"{"id":"org/model"}"#, #"{"id":"org/model","sha":null}"#, #"{"id":"org/model","sha":"main"}"#,
        #"{"id":"org/model","sha":"../../etc"}"#, "[]", "", "null",
    ])
    func `an answer without a commit is unexpected`(text: String) async throws {
        let server = try StubServer { _ in .json(text) }
        let id = try #require(id)
        let failure = await refusal { try await HubClient(server.url).revision("main", of: id) }
        guard case .unexpected = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    // MARK: Branches and tags

    @Test func `branches and tags are listed by one question`() async throws {
        var repository = StubRepository("org/model", files: [:], access: .restricted)
        for name in ["v1.0", "refs/pr/1", "dev"] { repository.setRevision(name, files: [:]) }
        let hub = try StubHub([repository])
        let client = HubClient(hub.endpoint, token: StubHub.grantedToken)
        let names = try await client.references(of: try #require(id))
        #expect(names == ["dev", "main", "refs/pr/1", "v1.0"])
        #expect(hub.requests().map(\.request.target) == ["/api/models/org/model/refs"])
        #expect(hub.tokensSeen == [StubHub.grantedToken])
    }

    @Test(arguments: ["{}", "[]", "", #"{"branches":[{"ref":"x"}]}"#])
    func `an answer without branches is unexpected`(text: String) async throws {
        let server = try StubServer { _ in .json(text) }
        let id = try #require(id)
        guard case .unexpected = await refusal({ try await HubClient(server.url).references(of: id) }) else {
            Issue.record("something was understood")
            return
        }
    }

    // MARK: Files

    @Test func `a file has the hash that the hub declares for its kind of storage`() async throws {
        let weights = StubContent.generated(size: 5000)
        let config = StubContent.text("hello\n")
        let repository = StubRepository("org/model", files: ["w/model.gguf": weights, "config.json": config])
        let hub = try StubHub([repository])
        let client = HubClient(hub.endpoint)
        let (files, refused) = try await client.files(of: client.revision("main", of: try #require(id)))
        let git = try #require(Digest(.sha1, hex: "ce013625030ba8dba906f756967f9e9ca394464a"))
        #expect(
            files == [
                RepositoryFile(
                    path: try #require(RelativePath("config.json")),
                    size: 6,
                    content: .gitBlob(git)
                ),
                RepositoryFile(
                    path: try #require(RelativePath("w/model.gguf")),
                    size: 5000,
                    content: .sha256(weights.sha256)
                ),
            ]
        )
        #expect(refused.isEmpty)
    }

    @Test(arguments: [1, 2, 3, 100])
    func `all pages of a list are read, each with the token`(pageSize: Int) async throws {
        let names = (0..<7).map { "file-\($0).gguf" }
        let files = Dictionary(uniqueKeysWithValues: names.map { ($0, StubContent.text($0)) })
        let hub = try StubHub([StubRepository("org/model", files: files, access: .restricted)])
        hub.settings.pageSize = pageSize
        let client = HubClient(hub.endpoint, token: StubHub.grantedToken)
        let revision = try await client.revision("main", of: try #require(id))
        hub.forgetRequests()
        #expect(try await client.files(of: revision).files.map(\.path.string) == names)
        #expect(
            hub.tokensSeen == Array(repeating: StubHub.grantedToken, count: (7 + pageSize - 1) / pageSize)
        )
    }

    @Test func `unsafe paths are named and not taken`() async throws {
        let unsafe = [
            "../../etc/passwd", "/abs", "a\\b", "C:/x", "a//b", "./a", "a/.", "a/../b", "..", "a\nb",
            "a\u{0}b",
            "a\u{1b}[2Jb", "a\u{7f}b", "a/", String(repeating: "x", count: 300), "",
        ]
        var files = Dictionary(uniqueKeysWithValues: unsafe.map { ($0, StubContent.text($0)) })
        files["good.gguf"] = .text("good")
        let hub = try StubHub([StubRepository("org/model", files: files)])
        let client = HubClient(hub.endpoint)
        let answer = try await client.files(of: client.revision("main", of: try #require(id)))
        #expect(answer.files.map(\.path.string) == ["good.gguf"])
        #expect(answer.refused.sorted() == unsafe.sorted())
    }

    private static let git = String(repeating: "a", count: 40)
    private static let large = String(repeating: "b", count: 64)

    @Test(arguments: [
        #""oid":"\#(git.dropLast())","size":1"#, #""oid":"x","size":1"#, #""size":1"#, #""oid":"\#(git)""#,
        #""oid":"\#(git)","size":-1"#, #""oid":"\#(git)","size":1,"lfs":{"oid":"x","size":1}"#,
        #""oid":"\#(git)","size":1,"lfs":{"oid":"\#(large)","size":-5}"#,
    ])
    func `a file without a usable size and hash stops the list`(fields: String) async throws {
        let server = try StubServer { _ in .json(#"[{"type":"file","path":"a.gguf",\#(fields)}]"#) }
        let revision = Revision(repository: try #require(id), commit: String(repeating: "0", count: 40))
        let words = await wordedRefusal { try await HubClient(server.url).files(of: revision) }
        #expect(words == "the hub states no usable size and hash of a.gguf")
    }

    @Test func `a next page at another origin is refused, and nothing goes there`() async throws {
        let elsewhere = try StubServer { _ in .json("[]") }
        let server = try StubServer { _ in
            .json("[]", headers: ["Link": "<\(elsewhere.url)/next?cursor=secret>; rel=\"next\""])
        }
        let revision = Revision(repository: try #require(id), commit: String(repeating: "0", count: 40))
        let client = HubClient(server.url, token: StubHub.grantedToken)
        let failure = await refusal { try await client.files(of: revision) }
        guard case .refusedAddress(let address) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(address == "\(elsewhere.url)/next")
        #expect(elsewhere.requests.isEmpty)
    }

    @Test func `a list of files at the real hub is not continued from a mirror`() async throws {
        let server = try StubServer { _ in
            .json("[]", headers: ["Link": "<https://huggingface.co/api/next>; rel=\"next\""])
        }
        let revision = Revision(repository: try #require(id), commit: String(repeating: "0", count: 40))
        let words = await wordedRefusal { try await HubClient(server.url).files(of: revision) }
        #expect(words == "may not ask https://huggingface.co/api/next")
    }

    @Test func `a next page may be named by its path`() async throws {
        let server = try StubServer { request in
            guard request.query["cursor"] == nil else { return .json("[]") }
            return .json("[]", headers: ["Link": "</tree>; rel=\"prev\", </next?cursor=2>; rel=\"next\""])
        }
        let revision = Revision(repository: try #require(id), commit: String(repeating: "0", count: 40))
        #expect(try await HubClient(server.url).files(of: revision).files.isEmpty)
        #expect(server.requests.last?.request.target == "/next?cursor=2")
    }

    @Test func `a list that does not end is left`() async throws {
        let server = try StubServer { request in
            .json("[]", headers: ["Link": "</next?cursor=\(request.number)>; rel=\"next\""])
        }
        let revision = Revision(repository: try #require(id), commit: String(repeating: "0", count: 40))
        let words = await wordedRefusal { try await HubClient(server.url).files(of: revision) }
        #expect(words == "the list of files does not end")
        #expect(server.requests.count == 1000)
    }
}
