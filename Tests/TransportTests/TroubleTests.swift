import SystemPackage
import TestSupport
import Testing
import Transport

struct TroubleTests {
    /// Why a server that answers so cannot be understood.
    private func failure(_ answer: StubResponse, stallTimeout: Duration = .seconds(30)) async throws
        -> TransportError?
    {
        let server = try StubServer { _ in answer }
        return await transportError {
            try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url, stallTimeout: stallTimeout))
        }
    }

    private func troubled(_ change: (inout StubResponse) -> Void) -> StubResponse {
        var response = StubResponse(content: .generated(size: 100_000))
        change(&response)
        return response
    }

    @Test(arguments: [0, 1, 50_000, 99_999], [false, true])
    func `a body that ends early is a broken line`(after bytes: Int64, byReset: Bool) async throws {
        let failure = try await failure(
            troubled { response in
                response.trouble.dropAfter = bytes
                response.trouble.resets = byReset
            }
        )
        guard case .broken = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.isPassing == true)
    }

    @Test func `chunks that end early are a broken line`() async throws {
        let failure = try await failure(
            troubled { response in
                response.framing = .chunked
                response.trouble.dropAfter = 50_000
            }
        )
        guard case .broken = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test(arguments: [0, 5, 40], [false, true])
    func `a head that ends early is a broken line`(after bytes: Int, byReset: Bool) async throws {
        let failure = try await failure(
            troubled { response in
                response.trouble.headBytes = bytes
                response.trouble.resets = byReset
            }
        )
        #expect(failure?.isPassing == true)
    }

    @Test(arguments: [
        "\u{16}\u{3}\u{1} not HTTP\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "220 smtp ready\r\n", "\r\n\r\n", "x",
    ])
    func `what is not HTTP is a broken line`(text: String) async throws {
        let failure = try await failure(.garbage(Array(text.utf8)))
        guard case .broken = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test(arguments: ["zz\r\n", "FFFFFFFFFFFFFFFFF\r\nx", "-1\r\nx"])
    func `chunks of no length are a broken line`(chunks: String) async throws {
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
        let failure = try await failure(.garbage(Array(answer.utf8)))
        guard case .broken = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test(arguments: ["-5", "99999999999999999999", "five"])
    func `a length that makes no sense is not believed`(length: String) async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\nbody"
        let server = try StubServer { _ in .garbage(Array(answer.utf8)) }
        do {
            let response = try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url))
            #expect(response.head.contentLength == nil)
        } catch {
            #expect(error.isPassing)
        }
    }

    @Test(arguments: [nil, 0, 1000])
    func `a silent server is left`(after bytes: Int64?) async throws {
        let answer = troubled { response in
            if let bytes {
                response.trouble.stallAfter = bytes
            } else {
                response.trouble.delay = .seconds(3600)
            }
        }
        let failure = try await failure(answer, stallTimeout: .milliseconds(300))
        guard case .timedOut = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.isPassing == true)
    }

    @Test func `a slow server is not a silent one`() async throws {
        let content = StubContent.generated(size: 3000)
        let server = try StubServer { _ in
            var response = StubResponse(content: content)
            response.trouble.bytesPerSecond = 2000
            return response
        }
        let request = HTTPRequest(.get, server.url, stallTimeout: .seconds(1))
        #expect(try await HTTPClient.shared.fetch(request).body == content.all)
    }

    @Test func `where nobody listens there is no connection`() async throws {
        // Below the ports that other tests' servers get: one of theirs could be used again.
        let failure = await transportError {
            try await HTTPClient.shared.fetch(HTTPRequest(.get, "http://127.0.0.1:1/"))
        }
        guard case .cannotConnect = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.isPassing == true)
    }

    @Test func `where no socket is there is no connection`() async throws {
        let folder = try TemporaryDirectory()
        let request = HTTPRequest(.get, "http://docker/", unixSocket: folder.appending("none.sock"))
        let failure = await transportError { try await HTTPClient.shared.fetch(request) }
        guard case .cannotConnect = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }

    @Test func `a host that does not exist is not known`() async throws {
        let failure = await transportError {
            try await HTTPClient.shared.fetch(HTTPRequest(.get, "http://host.invalid/"))
        }
        #expect(failure?.isPassing == true)
    }

    @Test(arguments: [
        "", "hub", "http:/x", "http://", "ftp://127.0.0.1/x", "file:///etc/passwd", "javascript:alert(1)",
        "gopher://x",
        "http://127.0.0.1:port/", "http://127.0.0.1/a b", "http://127.0.0.1/a\r\nX-Evil: 1",
        "http://127.0.0.1/\u{0}",
        "http://127.0.0.1/ä", "http://127.0.0.1:99999999/",
    ])
    func `a URL that cannot be asked is refused`(url: String) async throws {
        let failure = await transportError { try await HTTPClient.shared.fetch(HTTPRequest(.get, url)) }
        guard case .invalidURL = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(failure?.isPassing == false)
    }

    @Test(arguments: [
        ("X-Good", "a\r\nX-Evil: 1"), ("X-Good", "a\n"), ("X-Good", "\u{0}"), ("X-Good", "\u{7F}"),
        ("X-Good: a\r\nX-Evil", "1"), ("X Good", "a"), ("", "a"), ("X-Göod", "a"), ("X:Y", "a"),
    ])
    func `a header field that could hold another one is refused`(name: String, value: String) async throws {
        let server = try StubServer { _ in StubResponse() }
        let request = HTTPRequest(.get, server.url, headers: [(name, value)])
        let failure = await transportError { try await HTTPClient.shared.fetch(request) }
        guard case .invalidURL = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(server.requests.isEmpty)
    }

    // MARK: Receivers

    private struct Enough: Error {}

    @Test func `what the receiver of the body throws ends the exchange`() async throws {
        let server = try StubServer { _ in StubResponse(content: .generated(size: 50_000_000)) }
        let failure = await transportError {
            try await HTTPClient.shared.stream(HTTPRequest(.get, server.url)) { _ in
            } onBody: { _ in
                throw Enough()
            }
        }
        guard case .refused(let reason) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(reason is Enough)
        #expect(failure?.isPassing == false)
        #expect(server.bytesServed < 50_000_000)
    }

    @Test func `what the receiver of the head throws ends the exchange before the body`() async throws {
        let server = try StubServer { _ in StubResponse(content: .generated(size: 50_000_000)) }
        let log = Log()
        let failure = await transportError {
            try await HTTPClient.shared.stream(HTTPRequest(.get, server.url)) { _ in
                throw Enough()
            } onBody: { bytes in
                log.append(bytes)
            }
        }
        guard case .refused(let reason) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(reason is Enough)
        #expect(log.pieces == 0)
    }
}
