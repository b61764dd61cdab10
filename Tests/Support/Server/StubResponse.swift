/// What a stub server answers, good or bad.
public struct StubResponse: Sendable {
    /// How the other side learns where the body ends.
    public enum Framing: Sendable {
        /// By `Content-Length`.
        case length
        /// By chunks.
        case chunked
        /// By the end of the connection.
        case close
    }

    /// What goes wrong on the way, or just takes its time.
    public struct Trouble: Sendable {
        /// The wait before the first byte.
        public var delay: Duration = .zero
        /// Only so many bytes of the head are sent, then the connection ends.
        public var headBytes: Int?
        /// After so many bytes of the body the connection ends.
        public var dropAfter: Int64?
        /// The connection ends by a reset and not in order.
        public var resets = false
        /// After so many bytes of the body nothing more comes, and the connection stays.
        public var stallAfter: Int64?
        /// The most bytes of the body in a second.
        public var bytesPerSecond: Int64?
        /// A place in the body whose byte is sent inverted.
        public var corruptByte: Int64?

        /// Nothing goes wrong.
        public init() {}
    }

    /// The status.
    public var status: Int
    /// The head's names and values; `Content-Length` and the like are added by the server unless they are here.
    public var headers: StubHeaders
    /// What the body is taken from.
    public var content: StubContent
    /// The part of the content that is the body; all of it if `nil`.
    public var part: Range<Int64>?
    /// How the body's end is told.
    public var framing: Framing = .length
    /// What goes wrong.
    public var trouble = Trouble()
    /// Bytes that are sent instead of a response, before the connection ends.
    public var garbage: [UInt8]?
    /// Takes the connection over after the head was sent, for a protocol that is no longer HTTP.
    public var takeover: (@Sendable (StubConnection) -> Void)?

    /// An answer with a body.
    public init(_ status: Int = 200, headers: StubHeaders = [:], content: StubContent = .bytes([])) {
        self.status = status
        self.headers = headers
        self.content = content
    }

    /// An answer with a text.
    public init(_ status: Int = 200, headers: StubHeaders = [:], text: String, type: String = "text/plain") {
        self.init(status, headers: headers, content: .text(text))
        if self.headers["content-type"] == nil { self.headers["Content-Type"] = "\(type); charset=utf-8" }
    }

    /// An answer with a JSON document.
    public static func json(_ text: String, status: Int = 200, headers: StubHeaders = [:]) -> StubResponse {
        StubResponse(status, headers: headers, text: text, type: "application/json")
    }

    /// An answer that is not HTTP.
    public static func garbage(_ bytes: [UInt8]) -> StubResponse {
        var response = StubResponse()
        response.garbage = bytes
        return response
    }

    /// The content, or the part of it that the request's range asks for: 200, 206 or 416.
    public static func serving(
        _ content: StubContent,
        to request: StubRequest,
        headers: StubHeaders = [:]
    ) -> StubResponse {
        var response = StubResponse(200, headers: headers, content: content)
        response.headers["Accept-Ranges"] = "bytes"
        let size = content.size
        guard let range = request.range(of: size) else { return response }
        guard !range.isEmpty else {
            response.status = 416
            response.headers["Content-Range"] = "bytes */\(size)"
            response.content = .bytes([])
            return response
        }
        response.status = 206
        response.headers["Content-Range"] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
        response.part = range
        return response
    }

    /// The number of bytes of the body.
    var bodySize: Int64 { part.map { $0.upperBound - $0.lowerBound } ?? content.size }

    /// The head as it is sent.
    func head(closing: Bool) -> [UInt8] {
        var lines = "HTTP/1.1 \(status) \(Self.reasons[status] ?? "Status")\r\n"
        for (name, value) in headers.pairs { lines += "\(name): \(value)\r\n" }
        switch framing {
        case .length:
            let bodyless = status < 200 || status == 204 || status == 304
            if !bodyless, headers["content-length"] == nil { lines += "Content-Length: \(bodySize)\r\n" }
        case .chunked: lines += "Transfer-Encoding: chunked\r\n"
        case .close: break
        }
        if closing, headers["connection"] == nil { lines += "Connection: close\r\n" }
        return Array((lines + "\r\n").utf8)
    }

    private static let reasons = [
        100: "Continue", 101: "Switching Protocols", 200: "OK", 201: "Created", 204: "No Content",
        206: "Partial Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified",
        307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
        403: "Forbidden", 404: "Not Found", 408: "Request Timeout", 409: "Conflict",
        416: "Range Not Satisfiable",
        429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
        503: "Service Unavailable",
        504: "Gateway Timeout",
    ]
}
