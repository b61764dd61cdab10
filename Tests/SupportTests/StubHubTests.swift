import Platform
import TestSupport
import Testing

@Suite struct StubHubTests {
    static let large = StubContent.generated(size: 300_000, seed: 1)
    static let repository = StubRepository(
        "org/name",
        files: ["config.json": .text("{}"), "sub/model.gguf": large, "../evil": .text("x")]
    )

    private func get(
        _ hub: StubHub,
        _ path: String,
        _ method: String = "GET",
        headers: StubHeaders = [:]
    ) throws -> RawHTTP.Response {
        try RawHTTP.request(method, path.hasPrefix("http") ? path : hub.endpoint + path, headers: headers)
    }

    private func address(_ hub: StubHub, token: String? = nil) throws -> String {
        let headers = StubHeaders(token.map { [("Authorization", "Bearer \($0)")] } ?? [])
        let response = try get(hub, "/org/name/resolve/main/sub/model.gguf", "HEAD", headers: headers)
        #expect(response.status == 302)
        #expect(response.headers["x-linked-etag"] == "\"\(Self.large.sha256.hex)\"")
        #expect(response.headers["x-linked-size"] == "300000")
        #expect(response.headers["x-repo-commit"] == Self.repository.commit)
        return try #require(response.headers["location"])
    }

    @Test func `a revision names its commit and its files`() throws {
        let hub = try StubHub([Self.repository])
        let text = try get(hub, "/api/models/org/name/revision/main").text
        #expect(text.contains("\"sha\":\"\(Self.repository.commit)\""))
        #expect(text.contains("\"private\":false"))
        #expect(text.contains("\"rfilename\":\"../evil\""))
        let missing = try get(hub, "/api/models/org/name/revision/refs%2Fpr%2F9")
        #expect(missing.status == 404)
        #expect(missing.headers["x-error-code"] == "RevisionNotFound")
        #expect(missing.headers["x-error-message"] == "Invalid rev id: refs/pr/9")
    }

    @Test func `a list comes in pages that lead to each other`() throws {
        let hub = try StubHub([Self.repository])
        hub.settings.pageSize = 2
        var next: String? = "/api/models/org/name/tree/\(Self.repository.commit)?recursive=true&expand=false"
        var text = ""
        var pages = 0
        while let page = next {
            let response = try get(hub, page)
            text += response.text
            pages += 1
            next = response.headers["link"].flatMap {
                $0.split(separator: ">").first?.dropFirst().description
            }
        }
        #expect(pages == 3)
        #expect(
            text.contains(
                "\"lfs\":{\"oid\":\"\(Self.large.sha256.hex)\",\"pointerSize\":131,\"size\":300000}"
            )
        )
        #expect(text.contains("\"path\":\"../evil\""))
        #expect(
            try get(hub, "/api/models/org/name/tree/main/nowhere").headers["x-error-code"] == "EntryNotFound"
        )
    }

    @Test func `a small file is behind a relative redirect`() throws {
        let hub = try StubHub([Self.repository])
        let first = try get(hub, "/org/name/resolve/main/config.json")
        #expect(first.status == 307)
        let location = try #require(first.headers["location"])
        #expect(
            location.hasPrefix("/api/resolve-cache/models/org/name/\(Self.repository.commit)/config.json?")
        )
        let second = try get(hub, location)
        #expect(second.text == "{}")
        #expect(second.headers["etag"] == "\"\(StubContent.text("{}").gitBlob.hex)\"")
        #expect(second.headers["x-repo-commit"] == Self.repository.commit)
    }

    @Test func `a large file is at the CDN, by ranges, until its address is too old`() throws {
        let hub = try StubHub([Self.repository])
        let url = try address(hub)
        let response = try get(hub, url, headers: ["Range": "bytes=1000-1999"])
        #expect(response.status == 206)
        #expect(response.headers["content-range"] == "bytes 1000-1999/300000")
        #expect(response.headers["etag"] != "\"\(Self.large.sha256.hex)\"")
        #expect(response.body == Self.large.read(at: 1000, count: 1000))
        #expect(try get(hub, url, headers: ["Range": "bytes=300000-"]).status == 416)
        #expect(try get(hub, url).body == Self.large.all)
        #expect(hub.bytesServed(.cdn) == 301_000)
        hub.expireAddresses()
        #expect(try get(hub, url).status == 403)
        #expect(try get(hub, address(hub)).status == 200)
    }

    @Test func `the token's way to the CDN is noticed`() throws {
        let hub = try StubHub([Self.repository])
        let url = try address(hub, token: StubHub.grantedToken)
        _ = try get(hub, url)
        #expect(!hub.tokenSeenAtCDN)
        _ = try get(hub, url, headers: ["Authorization": "Bearer \(StubHub.grantedToken)"])
        #expect(hub.tokenSeenAtCDN)
    }

    @Test(
        arguments: [
            ("gated", "HEAD", nil, 401, "GatedRepo"), ("gated", "HEAD", "hf_unknown", 401, "GatedRepo"),
            ("gated", "HEAD", StubHub.notGrantedToken, 403, "GatedRepo"),
            ("gated", "HEAD", StubHub.scopelessToken, 403, "GatedRepo"),
            ("gated", "HEAD", StubHub.grantedToken, 307, nil), ("hidden", "HEAD", nil, 401, nil),
            ("hidden", "HEAD", StubHub.notGrantedToken, 404, "RepoNotFound"),
            ("hidden", "HEAD", StubHub.grantedToken, 307, nil), ("nowhere", "HEAD", nil, 401, nil),
            ("nowhere", "HEAD", StubHub.grantedToken, 404, "RepoNotFound"), ("closed", "HEAD", nil, 403, nil),
        ] as [(String, String, String?, Int, String?)]
    )
    func `access is refused in the hub's words`(
        name: String,
        method: String,
        token: String?,
        status: Int,
        code: String?
    ) throws {
        let files: [String: StubContent] = ["a.txt": .text("a")]
        let hub = try StubHub([
            StubRepository("org/gated", files: files, access: .gated),
            StubRepository("org/hidden", files: files, access: .restricted),
            StubRepository("org/closed", files: files, access: .disabled),
        ])
        let headers = StubHeaders(token.map { [("Authorization", "Bearer \($0)")] } ?? [])
        let response = try get(hub, "/org/\(name)/resolve/main/a.txt", method, headers: headers)
        #expect(response.status == status)
        #expect(response.headers["x-error-code"] == code)
    }

    @Test func `a renamed repository redirects and a changed one keeps its commits`() throws {
        let hub = try StubHub([Self.repository])
        hub.settings.renamed = ["old/name": "org/name"]
        let moved = try get(hub, "/api/models/old/name/revision/main?x=1")
        #expect(moved.status == 307)
        #expect(moved.headers["location"] == "/api/models/org/name/revision/main?x=1")
        hub.publish(StubRepository("org/name", files: ["new.txt": .text("n")]))
        #expect(try get(hub, "/org/name/resolve/main/config.json").headers["x-error-code"] == "EntryNotFound")
        #expect(try get(hub, "/org/name/resolve/\(Self.repository.commit)/config.json").status == 307)
    }

    @Test func `a quota that is used up is told`() throws {
        let hub = try StubHub([Self.repository])
        hub.settings.quota = 1
        let first = try get(hub, "/api/models/org/name")
        #expect(first.headers["ratelimit"]?.hasPrefix("\"api\";r=0;t=") == true)
        let second = try get(hub, "/api/models/org/name")
        #expect(second.status == 429)
        #expect(second.headers["ratelimit"]?.contains("r=0") == true)
    }

    @Test func `faults befall the requests that they are meant for, as often as they are`() throws {
        let hub = try StubHub([Self.repository])
        let url = try address(hub)
        hub.inject(StubFault(.cdn, .status(503), path: "model.gguf", skipping: 1, times: 2))
        #expect(try (0..<4).map { _ in try get(hub, url).status } == [200, 503, 503, 200])
        hub.inject(StubFault(.cdn, .corruptByte(at: 150_000)))
        #expect(
            try get(hub, url, headers: ["Range": "bytes=0-99"]).body == Self.large.read(at: 0, count: 100)
        )
        let corrupt = try get(hub, url, headers: ["Range": "bytes=149999-150001"]).body
        #expect(corrupt[1] == Self.large.read(at: 150_000, count: 1)[0] ^ 0xFF)
        #expect(try get(hub, url).body == Self.large.all)
        #expect(hub.pendingFaults.isEmpty)
    }

    @Test(
        arguments: [
            (.ignoreRange, 200, nil, 300_000), (.wrongContentRange, 206, "bytes 11-110/300000", 100),
            (.wrongTotal, 206, "bytes 10-109/300001", 100), (.missingContentRange, 206, nil, 100),
            (.shortBody(by: 1), 206, "bytes 10-109/300000", 99),
            (.dropAfter(5), 206, "bytes 10-109/300000", 5),
            (.withoutLength, 206, "bytes 10-109/300000", 100), (.captivePortal, 200, nil, 68),
            (.expiredURL, 403, nil, 110), (.garbage, 0, nil, 20), (.rateLimited(seconds: 3), 429, nil, 24),
        ] as [(StubFault.Kind, Int, String?, Int)]
    )
    func `a fault spoils an answer as it says`(
        kind: StubFault.Kind,
        status: Int,
        contentRange: String?,
        count: Int
    ) throws {
        let hub = try StubHub([Self.repository])
        let url = try address(hub)
        hub.inject(StubFault(.cdn, kind))
        let response = try get(hub, url, headers: ["Range": "bytes=10-109"])
        #expect(response.status == status)
        #expect(response.headers["content-range"] == contentRange)
        #expect(response.body.count == count)
    }
}
