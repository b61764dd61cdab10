import Glibc
import Platform
import Synchronization
import TestSupport
import Testing
import Transport

struct HoldOffTests {
    private func answer(of url: String) async throws -> Int {
        try await HTTPClient.shared.fetch(HTTPRequest(.get, url)).head.status
    }

    /// A server whose first answer is a 429 with these fields.
    private func limited(_ headers: StubHeaders = [:], socket: TemporaryDirectory? = nil) throws -> StubServer
    {
        let respond = { @Sendable (request: StubRequest) in
            request.number == 0 ? StubResponse(429, headers: headers) : StubResponse(text: "ok")
        }
        if let socket { return try StubServer(socket: socket.appending("s.sock"), respond: respond) }
        return try StubServer(respond: respond)
    }

    // MARK: How long

    @Test(
        arguments: [
            (["RateLimit": "\"resolvers\";r=0;t=55"], 56), (["RateLimit": "\"api\"; r=0; t=0"], 1),
            (["Retry-After": "7"], 8), (["Retry-After": " 0 "], 1), (["Retry-After": "000000007"], 8),
            (["RateLimit": "\"api\";r=0;t=20", "Retry-After": "90"], 91),
            (["RateLimit": "\"api\";r=0;t=90", "Retry-After": "20"], 91),
            (["RateLimit": "\"api\";r=0;t=20, \"resolvers\";r=0;t=40"], 41),
            (["RateLimit": "\"api\";r=7;t=200, \"resolvers\";r=0;t=40"], 41),
            (["RateLimit": "\"api\";r=7;t=200", "Retry-After": "2"], 3),
            (["RateLimit": "\"api\";t=30"], 31),
            // Nothing that can be used.
            ([:], 5), (["Retry-After": ""], 5), (["Retry-After": "-5"], 5), (["Retry-After": "+5"], 5),
            (["Retry-After": "1.5"], 5), (["Retry-After": "soon"], 5), (["Retry-After": "0x10"], 5),
            (["Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"], 5), (["Retry-After": "٣"], 5),
            (["RateLimit": "t=9"], 5), (["RateLimit": ";;,=;t=;r"], 5), (["RateLimit": "\"a\";r=0;t=-9"], 5),
            // More than anybody means.
            (["Retry-After": "86400"], 3600), (["Retry-After": "99999999999999999999999"], 3600),
            (["RateLimit": "\"api\";r=0;t=9223372036854775807"], 3600),
        ] as [([String: String], Int)]
    )
    func `an origin is left alone for as long as it says`(fields: [String: String], seconds: Int) async throws
    {
        let server = try limited(StubHeaders(fields.map { ($0.key, $0.value) }))
        let url = server.url
        #expect(HTTPClient.shared.holdOff(for: url) == nil)
        // Whoever reads the head learns of it there; after that this test may have to wait for its turn.
        let told = Mutex<Duration?>(nil)
        let head = try await HTTPClient.shared.stream(HTTPRequest(.get, url)) { _ in
            told.withLock { $0 = HTTPClient.shared.holdOff(for: url) }
        } onBody: { _ in
        }
        #expect(head.status == 429)
        let rest = try #require(told.withLock { $0 })
        #expect(rest <= .seconds(seconds))
        #expect(rest > .seconds(seconds) - .milliseconds(500))
    }

    @Test func `a time that was stated is not cut short by a later answer`() async throws {
        let arrived = Mutex(0)
        let server = try StubServer { request in
            arrived.withLock { $0 += 1 }
            // Both are on their way before the first is answered.
            while arrived.withLock({ $0 < 2 }) { usleep(1000) }
            return StubResponse(429, headers: ["Retry-After": request.target == "/long" ? "1200" : "1"])
        }
        async let long = answer(of: "\(server.url)/long")
        async let short = answer(of: "\(server.url)/short")
        #expect(try await [long, short] == [429, 429])
        #expect(try #require(HTTPClient.shared.holdOff(for: server.url)) > .seconds(600))
    }

    @Test(arguments: ["", "x", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:port/"])
    func `what is no address is not held back`(url: String) {
        #expect(HTTPClient.shared.holdOff(for: url) == nil)
    }

    // MARK: Who waits

    @Test func `all later requests to the origin wait, whatever they ask for`() async throws {
        let server = try limited(["Retry-After": "1"])
        #expect(try await answer(of: server.url) == 429)
        let refused = try #require(server.requests.first).begun
        let url = server.url
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<4 {
                group.addTask {
                    let method: HTTPRequest.Method = number == 0 ? .head : .get
                    let request = HTTPRequest(method, "\(url)/\(number)?x")
                    return try await HTTPClient.shared.fetch(request).head.status
                }
            }
            for try await status in group { #expect(status == 200) }
        }
        let later = server.requests.dropFirst()
        #expect(later.count == 4)
        for record in later {
            #expect(record.begun - refused >= .seconds(2))
            #expect(record.begun - refused < .seconds(100))
        }
        #expect(HTTPClient.shared.holdOff(for: server.url) == nil)
    }

    @Test func `another origin is asked at once`() async throws {
        let (server, other) = (try limited(["Retry-After": "600"]), try limited())
        #expect(try await answer(of: server.url) == 429)
        #expect(HTTPClient.shared.holdOff(for: "\(other.url)/\(server.url)") == nil)
        let start = ContinuousClock.now
        #expect(try await answer(of: other.url) == 429)
        #expect(ContinuousClock.now - start < .seconds(300))
    }

    @Test func `a socket on this machine is exempt`() async throws {
        let folder = try TemporaryDirectory()
        let server = try limited(["Retry-After": "600"], socket: folder)
        var statuses: [Int] = []
        for _ in 0..<2 {
            let request = HTTPRequest(.get, "http://docker/info", unixSocket: server.socketPath)
            let status = try await finishing(within: .seconds(120)) {
                try await HTTPClient.shared.fetch(request).head.status
            }
            statuses.append(status)
        }
        #expect(statuses == [429, 200])
        #expect(HTTPClient.shared.holdOff(for: "http://docker/info") == nil)
    }

    @Test func `who waits can be cancelled, and the origin is not asked`() async throws {
        let server = try limited(["Retry-After": "600"])
        #expect(try await answer(of: server.url) == 429)
        let url = server.url
        let task = Task { await transportError { try await HTTPClient.shared.fetch(HTTPRequest(.get, url)) } }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        guard case .cancelled = await task.value else {
            Issue.record("the request was answered")
            return
        }
        #expect(server.requests.count == 1)
    }
}
