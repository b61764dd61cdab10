import Platform
import SystemPackage
import TestSupport
import Testing
import Transport

struct ExchangeTests {
    @Test func `an exchange brings status, head and body`() async throws {
        let server = try StubServer { _ in
            StubResponse(404, headers: ["X-Error-Code": "EntryNotFound"], text: "not here")
        }
        let response = try await HTTPClient.shared.fetch(HTTPRequest(.get, "\(server.url)/a/b?c=d"))
        #expect(response.head.status == 404)
        #expect(response.head["x-error-code"] == "EntryNotFound")
        #expect(response.head["X-ERROR-CODE"] == "EntryNotFound")
        #expect(response.head["x-other"] == nil)
        #expect(response.head.contentLength == 8)
        #expect(response.body == Array("not here".utf8))
        let request = try #require(server.requests.first?.request)
        #expect(request.method == "GET")
        #expect(request.target == "/a/b?c=d")
        #expect(request.headers["user-agent"] == "stackctl")
    }

    @Test func `a question for the head brings no body`() async throws {
        let server = try StubServer { _ in StubResponse(content: .generated(size: 1_000_000)) }
        let response = try await HTTPClient.shared.fetch(HTTPRequest(.head, server.url))
        #expect(response.head.contentLength == 1_000_000)
        #expect(response.body.isEmpty)
        #expect(server.requests.map(\.request.method) == ["HEAD"])
    }

    @Test(arguments: [StubResponse.Framing.length, .chunked, .close], [0, 1, 4_000_000])
    func `a body ends as its head says`(framing: StubResponse.Framing, size: Int64) async throws {
        let content = StubContent.generated(size: size)
        let server = try StubServer { _ in
            var response = StubResponse(content: content)
            response.framing = framing
            return response
        }
        #expect(try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url)).body == content.all)
    }

    @Test func `a body is handed on in pieces, in order, after the head`() async throws {
        let content = StubContent.generated(size: 4_000_000)
        let server = try StubServer { _ in StubResponse(content: content) }
        let log = Log()
        let head = try await HTTPClient.shared.stream(HTTPRequest(.get, server.url)) { head in
            log.note("head \(head.status)")
        } onBody: { bytes in
            log.append(bytes)
        }
        #expect(head.status == 200)
        #expect(log.notes == ["head 200"])
        #expect(log.bytes == content.all)
        #expect(log.pieces > 1)
    }

    @Test(arguments: [0, 1, 999])
    func `a body over the limit is refused`(limit: Int64) async throws {
        let server = try StubServer { _ in StubResponse(content: .generated(size: 1000)) }
        let failure = await transportError {
            try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url), limit: ByteCount(limit))
        }
        guard case .tooLarge = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.isPassing == false)
    }

    @Test func `a body of exactly the limit is kept`() async throws {
        let server = try StubServer { _ in StubResponse(content: .generated(size: 1000)) }
        #expect(
            try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url), limit: 1000).body.count == 1000
        )
    }

    @Test(arguments: [HTTPRequest.Method.post, .put], [0, 11, 300_000])
    func `a body is sent as it is`(method: HTTPRequest.Method, size: Int64) async throws {
        let server = try StubServer { StubResponse(content: .bytes($0.body)) }
        let body = StubContent.generated(size: size).all
        let request = HTTPRequest(
            method,
            server.url,
            headers: [("Content-Type", "application/json")],
            body: body
        )
        #expect(try await HTTPClient.shared.fetch(request).body == body)
        let sent = try #require(server.requests.first?.request)
        #expect(sent.method == method.rawValue)
        #expect(sent.headers["content-type"] == "application/json")
        #expect(sent.headers["content-length"] == "\(size)")
        #expect(sent.headers["expect"] == nil)
    }

    @Test func `a post without a body says that it has none`() async throws {
        let server = try StubServer { _ in StubResponse(204) }
        #expect(try await HTTPClient.shared.fetch(HTTPRequest(.post, server.url)).head.status == 204)
        #expect(server.requests.first?.request.headers["content-length"] == "0")
    }

    @Test func `a resource can be deleted`() async throws {
        let server = try StubServer { StubResponse(text: $0.method) }
        #expect(
            try await HTTPClient.shared.fetch(HTTPRequest(.delete, server.url)).body == Array("DELETE".utf8)
        )
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `a redirect is an answer like any other`(status: Int) async throws {
        let server = try StubServer { _ in StubResponse(status, headers: ["Location": "/elsewhere"]) }
        let response = try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url))
        #expect(response.head.status == status)
        #expect(response.head["location"] == "/elsewhere")
        #expect(server.requests.count == 1)
    }

    @Test func `a server on a Unix socket is asked like any other`() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.appending("engine.sock")
        let server = try StubServer(socket: path) { StubResponse(text: $0.target) }
        let request = HTTPRequest(.get, "http://docker/v1.41/info", unixSocket: path)
        #expect(try await HTTPClient.shared.fetch(request).body == Array("/v1.41/info".utf8))
        #expect(server.requests.count == 1)
    }

    @Test func `two servers on Unix sockets are not mistaken for each other`() async throws {
        let folder = try TemporaryDirectory()
        let servers = try (0..<2).map { index in
            try StubServer(socket: folder.appending("\(index).sock")) { _ in StubResponse(text: "\(index)") }
        }
        for index in [0, 1, 0, 1] {
            let request = HTTPRequest(.get, "http://docker/", unixSocket: servers[index].socketPath)
            #expect(try await HTTPClient.shared.fetch(request).body == Array("\(index)".utf8))
        }
    }

    // MARK: Connections

    @Test func `one request after the other shares a connection`() async throws {
        let server = try StubServer { StubResponse(text: $0.target) }
        for index in 0..<20 {
            let response = try await HTTPClient.shared.fetch(HTTPRequest(.get, "\(server.url)/\(index)"))
            #expect(response.body == Array("/\(index)".utf8))
        }
        #expect(server.requests.count == 20)
        // Other tests use the same pool, which may drop a connection of this one.
        #expect(server.connectionCount < 10)
    }

    @Test func `a hundred requests at once bring each its own answer`() async throws {
        let server = try StubServer {
            StubResponse(content: .generated(size: 10_000, seed: UInt64($0.segments[0]) ?? 0))
        }
        let bodies = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for index in 0..<100 {
                group.addTask {
                    (
                        index,
                        try await HTTPClient.shared.fetch(HTTPRequest(.get, "\(server.url)/\(index)")).body
                    )
                }
            }
            return try await group.reduce(into: [Int: [UInt8]]()) { $0[$1.0] = $1.1 }
        }
        #expect(bodies.count == 100)
        for (index, body) in bodies {
            #expect(body == StubContent.generated(size: 10_000, seed: UInt64(index)).all)
        }
    }

    @Test func `a connection that the server closed is replaced`() async throws {
        let server = try StubServer { _ in
            var response = StubResponse(text: "bye")
            response.framing = .close
            return response
        }
        for _ in 0..<3 {
            #expect(
                try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url)).body == Array("bye".utf8)
            )
        }
        #expect(server.connectionCount == 3)
    }
}
