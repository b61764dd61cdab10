import TestSupport
import Testing
import Transport

struct HeadTests {
    /// The head that comes of these bytes.
    private func head(of text: String) async throws -> HTTPHead {
        let server = try StubServer { _ in .garbage(Array(text.utf8)) }
        return try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url)).head
    }

    @Test func `names are in lower case, values as they came, in order`() async throws {
        let head = try await head(
            of: "HTTP/1.1 200 OK\r\nSet-Cookie: a=B\r\nX-Two:   Spaced Out \t\r\nset-cookie: c:d\r\n"
                + "Empty:\r\nContent-Length: 0\r\n\r\n"
        )
        let expected = ["set-cookie=a=B", "x-two=Spaced Out", "set-cookie=c:d", "empty=", "content-length=0"]
        #expect(head.headers.map { "\($0.name)=\($0.value)" } == expected)
        #expect(head["SET-cookie"] == "a=B")
    }

    @Test func `a line that goes on belongs to the one before`() async throws {
        let head = try await head(
            of: "HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\n\tX-Linked-Size: 7\r\nContent-Length: 0\r\n\r\n"
        )
        #expect(head["x-long"] == "one two X-Linked-Size: 7")
        #expect(head["x-linked-size"] == nil)
    }

    @Test func `only the last of several heads counts`() async throws {
        let head = try await head(
            of: "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                + "HTTP/1.1 204 No Content\r\nX-Late: 2\r\n\r\n"
        )
        #expect(head.status == 204)
        #expect(head.headers.map(\.name) == ["x-late"])
    }

    @Test func `bytes that are no text do not break a head`() async throws {
        let server = try StubServer { _ in
            .garbage(
                Array("HTTP/1.1 200 OK\r\nX-Odd: ".utf8) + [0xFF, 0xFE]
                    + Array("\r\nContent-Length: 0\r\n\r\n".utf8)
            )
        }
        let head = try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url)).head
        #expect(head["x-odd"] == "\u{FFFD}\u{FFFD}")
    }

    @Test(arguments: [90_000, 2_000_000])
    func `a header field that does not end is refused`(length: Int) async throws {
        let server = try StubServer { _ in
            .garbage(Array("HTTP/1.1 200 OK\r\nX-Long: ".utf8) + [UInt8](repeating: 65, count: length))
        }
        let failure = await transportError {
            try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url))
        }
        #expect(failure?.isPassing == true)
    }

    @Test func `a head of many fields that does not end is refused`() async throws {
        let field = "X-Field: " + String(repeating: "a", count: 1000) + "\r\n"
        let server = try StubServer { _ in
            .garbage(Array(("HTTP/1.1 200 OK\r\n" + String(repeating: field, count: 280) + "\r\n").utf8))
        }
        let failure = await transportError {
            try await HTTPClient.shared.fetch(HTTPRequest(.get, server.url))
        }
        #expect(failure.map { "\($0)" }?.contains("does not end") == true)
    }

    @Test(
        arguments: [
            ("bytes 0-99/1000", 0, 99, 1000), ("bytes 7-7/8", 7, 7, 8), ("bytes 5-9/*", 5, 9, nil),
            ("bytes 0-9223372036854775806/9223372036854775807", 0, .max - 1, .max),
        ] as [(String, Int64, Int64, Int64?)]
    )
    func `a range that an answer states is read`(value: String, first: Int64, last: Int64, total: Int64?)
        async throws
    {
        let range = try #require(try await rangeStated(value))
        #expect(range.first == first)
        #expect(range.last == last)
        #expect(range.total == total)
    }

    @Test(arguments: [
        "", "bytes", "bytes 0-99", "bytes */1000", "bytes 9-3/10", "bytes -5/10", "bytes 5-/10",
        "bytes 0x1-2/10",
        "items 0-1/2", "bytes 1-2/3/4", "bytes 99999999999999999999-2/3", "bytes a-b/c",
    ])
    func `what is no range is none`(value: String) async throws {
        #expect(try await rangeStated(value) == nil)
    }

    private func rangeStated(_ value: String) async throws -> (first: Int64, last: Int64, total: Int64?)? {
        let head = "HTTP/1.1 206 Partial Content\r\nContent-Range: \(value)\r\nContent-Length: 0\r\n\r\n"
        return try await self.head(of: head).contentRange
    }
}
