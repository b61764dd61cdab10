import Hub
import Platform
import TestSupport
import Testing

/// A hub with one large and one small file, and a client that may have them.
private struct TwoFiles {
    static let large = StubContent.generated(size: 5000)
    static let small = StubContent.text("hello\n")

    let hub: StubHub
    let client: HubClient
    let revision: Revision

    init(token: String? = StubHub.grantedToken) throws {
        let repository = StubRepository(
            "org/model",
            files: ["dir with space/ä#?.gguf": Self.large, "config.json": Self.small]
        )
        hub = try StubHub([repository])
        client = HubClient(hub.endpoint, token: token)
        revision = Revision(repository: try #require(RepositoryID("org/model")), commit: repository.commit)
    }

    var largeFile: RepositoryFile {
        get throws {
            let path = try #require(RelativePath("dir with space/ä#?.gguf"))
            return RepositoryFile(path: path, size: 5000, content: .sha256(Self.large.sha256))
        }
    }

    var smallFile: RepositoryFile {
        get throws {
            let path = try #require(RelativePath("config.json"))
            return RepositoryFile(path: path, size: 6, content: .gitBlob(Self.small.gitBlob))
        }
    }
}

struct LocateTests {
    @Test func `a large file is at another origin, which does not get the token`() async throws {
        let files = try TwoFiles()
        let location = try await files.client.locate(files.largeFile, at: files.revision)
        #expect(location.headers.isEmpty)
        #expect(!location.url.hasPrefix(files.hub.endpoint))
        let answer = try RawHTTP.request("GET", location.url)
        #expect(answer.body == TwoFiles.large.all)
        let asked = files.hub.requests(.hub).map(\.request)
        #expect(asked.map(\.method) == ["HEAD"])
        #expect(asked.map(\.token) == [StubHub.grantedToken])
        #expect(
            asked.first?.path
                == "/org/model/resolve/\(files.revision.commit)/dir%20with%20space/%C3%A4%23%3F.gguf"
        )
        #expect(!files.hub.tokenSeenAtCDN)
    }

    @Test func `a small file is at the hub itself, behind a redirect that keeps the token`() async throws {
        let files = try TwoFiles()
        let location = try await files.client.locate(files.smallFile, at: files.revision)
        #expect(location.url.hasPrefix("\(files.hub.endpoint)/api/resolve-cache/"))
        #expect(
            location.headers.map { "\($0.name): \($0.value)" } == [
                "Authorization: Bearer \(StubHub.grantedToken)"
            ]
        )
        #expect(files.hub.tokensSeen == [StubHub.grantedToken, StubHub.grantedToken])
        #expect(try RawHTTP.request("GET", location.url).body == TwoFiles.small.all)
    }

    @Test func `without a token none is sent`() async throws {
        let files = try TwoFiles(token: nil)
        let location = try await files.client.locate(files.smallFile, at: files.revision)
        #expect(location.headers.isEmpty)
        #expect(files.hub.tokensSeen == [nil, nil])
    }

    @Test func `a hub that sends large files itself gets the token for them`() async throws {
        let files = try TwoFiles()
        files.hub.settings.usesCDN = false
        let location = try await files.client.locate(files.largeFile, at: files.revision)
        #expect(location.url.hasPrefix(files.hub.endpoint))
        #expect(location.headers.count == 1)
    }

    @Test func `another hash than the list's is refused`() async throws {
        let files = try TwoFiles()
        let other = StubContent.text("other").sha256.hex
        files.hub.inject(StubFault(.hub, .changedETag(other), method: "HEAD"))
        let words = await wordedRefusal { try await files.client.locate(files.largeFile, at: files.revision) }
        #expect(words == "the hub names two hashes of dir with space/ä#?.gguf")
    }

    @Test func `another hash of a small file is refused too`() async throws {
        let files = try TwoFiles()
        files.hub.settings.redirectsSmallFiles = false
        files.hub.inject(StubFault(.hub, .changedETag(StubContent.text("other").gitBlob.hex), method: "HEAD"))
        let words = await wordedRefusal { try await files.client.locate(files.smallFile, at: files.revision) }
        #expect(words == "the hub names two hashes of config.json")
    }

    @Test(arguments: [0, 4999, 5001])
    func `another size than the list's is refused`(size: Int64) async throws {
        let files = try TwoFiles()
        files.hub.inject(StubFault(.hub, .changedSize(size), method: "HEAD"))
        let words = await wordedRefusal { try await files.client.locate(files.largeFile, at: files.revision) }
        #expect(words == "the hub names two sizes of dir with space/ä#?.gguf")
    }

    @Test(arguments: ["\"%\"", "W/\"%\"", "%"])
    func `a hash may be written as any tag is`(form: String) async throws {
        let digest = TwoFiles.large.sha256.hex
        let tag = form.split(separator: "%", omittingEmptySubsequences: false).joined(separator: digest)
        let server = try StubServer { _ in StubResponse(headers: ["ETag": tag, "Content-Length": "5000"]) }
        let files = try TwoFiles()
        let location = try await HubClient(server.url).locate(files.largeFile, at: files.revision)
        #expect(location.url.hasPrefix(server.url))
    }

    @Test(arguments: ["//evil/x", "ftp://evil/x", "file:///etc/passwd", "x", "http://user:pw@evil/x", ""])
    func `a redirect to what is no address is unexpected`(location: String) async throws {
        let server = try StubServer { _ in StubResponse(302, headers: ["Location": location]) }
        let files = try TwoFiles()
        let client = HubClient(server.url, token: StubHub.grantedToken)
        let words = await wordedRefusal { try await client.locate(files.largeFile, at: files.revision) }
        #expect(words == "the hub redirects to no address")
    }

    @Test func `a redirect in a circle is left`() async throws {
        let server = try StubServer { _ in StubResponse(307, headers: ["Location": "/again"]) }
        let files = try TwoFiles()
        let words = await wordedRefusal {
            try await HubClient(server.url).locate(files.largeFile, at: files.revision)
        }
        #expect(words == "the hub redirects in a circle")
        #expect(server.requests.count == 11)
    }

    @Test func `a question of the interface is not taken to another origin`() async throws {
        let elsewhere = try StubServer { _ in .json("{}") }
        let server = try StubServer { _ in StubResponse(307, headers: ["Location": "\(elsewhere.url)/api"]) }
        let client = HubClient(server.url, token: StubHub.grantedToken)
        let id = try #require(RepositoryID("org/model"))
        let failure = await refusal { try await client.revision("main", of: id) }
        guard case .unexpected = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(elsewhere.requests.isEmpty)
    }

    // MARK: Without a question

    @Test func `an address needs no question, and has the token with it`() async throws {
        let files = try TwoFiles()
        let address = try files.client.address(of: files.smallFile, at: files.revision)
        #expect(address.url == "\(files.hub.endpoint)/org/model/resolve/\(files.revision.commit)/config.json")
        #expect(address.headers.map(\.value) == ["Bearer \(StubHub.grantedToken)"])
        #expect(files.hub.requests().isEmpty)
        let stranger = try TwoFiles(token: nil)
        #expect(try stranger.client.address(of: stranger.smallFile, at: stranger.revision).headers.isEmpty)
        #expect("\(address)" == "(address)")
    }

    @Test func `an address that is followed leads to what locate finds`() async throws {
        let files = try TwoFiles()
        for file in [try files.smallFile, try files.largeFile] {
            let address = files.client.address(of: file, at: files.revision)
            let answer = try RawHTTP.request(
                "GET",
                address.url,
                headers: StubHeaders(address.headers.map { ($0.name, $0.value) })
            )
            let location = try #require(answer.headers["location"])
            let followed = try files.client.redirected(from: address.url, to: location)
            let located = try await files.client.locate(file, at: files.revision)
            #expect(followed.headers.map(\.value) == located.headers.map(\.value))
            #expect(try RawHTTP.request("GET", followed.url).body.count == Int(file.size.bytes))
        }
        #expect(!files.hub.tokenSeenAtCDN)
    }

    private static let real = "https://huggingface.co"

    @Test(arguments: [
        ("\(real)/a/b", "/api/x?y", "\(real)/api/x?y", true),
        ("\(real)/a", "https://hf.co/x", "https://hf.co/x", true),
        ("\(real)/a", "https://cdn.hf.co/x?Signature=s", "https://cdn.hf.co/x?Signature=s", false),
        ("\(real)/a", "https://huggingface.co:8443/x", "https://huggingface.co:8443/x", false),
        ("\(real)/a", "https://huggingface.co.evil/x", "https://huggingface.co.evil/x", false),
        // Whoever is not trusted does not come by the token through a way back.
        ("https://cdn.hf.co/a", "https://huggingface.co/x", "https://huggingface.co/x", false),
        ("https://cdn.hf.co/a", "/x", "https://cdn.hf.co/x", false),
    ])
    func `a redirect keeps the token inside the hub and loses it elsewhere`(
        source: String,
        location: String,
        target: String,
        keepsToken: Bool
    ) throws {
        let client = HubClient(Self.real, token: StubHub.grantedToken)
        let followed = try client.redirected(from: source, to: location)
        #expect(followed.url == target)
        #expect(followed.headers.map(\.name) == (keepsToken ? ["Authorization"] : []))
    }

    @Test(arguments: [
        ("\(real)/a", "http://huggingface.co/x"), ("\(real)/a", "http://127.0.0.1/x"),
        ("https://cdn.hf.co/a", "http://cdn.hf.co/x"), ("\(real)/a", "//evil/x"),
        ("\(real)/a", "ftp://evil/x"),
        ("\(real)/a", "https://user:pw@evil/x"), ("\(real)/a", "x"), ("\(real)/a", ""), ("hub", "/x"),
        ("hub", "https://huggingface.co/x"),
    ])
    func `a redirect out of TLS, or to what is no address, is not followed`(source: String, location: String)
    {
        let client = HubClient(Self.real, token: StubHub.grantedToken)
        let failure = #expect(throws: HubError.self) { try client.redirected(from: source, to: location) }
        guard case .unexpected = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }
}
