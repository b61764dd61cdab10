public import SystemPackage

/// A small blocking HTTP/1.1 client that shows what came over the wire, for tests of servers.
public final class RawHTTP: Sendable {
    /// What the server answered.
    public struct Response: Sendable {
        /// The status; 0 if what came is not HTTP.
        public let status: Int
        /// The head's names and values.
        public let headers: StubHeaders
        /// The body, without chunk sizes.
        public let body: [UInt8]
        /// Whether the body was as long as the head promised.
        public let isComplete: Bool

        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let socket: Socket
    private let host: String
    private let timeout: Duration

    /// Connects to a port of 127.0.0.1; the connection stays until the last reference goes.
    public init(port: UInt16, timeout: Duration = .seconds(120)) throws {
        socket = try Socket.connect(.loopback(port: port))
        host = "127.0.0.1:\(port)"
        self.timeout = timeout
    }

    /// Connects to a Unix socket.
    public init(socket path: FilePath, timeout: Duration = .seconds(120)) throws {
        socket = try Socket.connect(.unix(path))
        host = "localhost"
        self.timeout = timeout
    }

    /// Asks once, on a connection of its own, at a URL of the form `http://127.0.0.1:PORT/…`.
    public static func request(
        _ method: String = "GET",
        _ url: String,
        headers: StubHeaders = [:],
        body: [UInt8]? = nil
    ) throws -> Response {
        let parts = url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true)
        guard parts.count >= 2, let port = parts[1].split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw Errno.invalidArgument
        }
        let target = "/" + (parts.count > 2 ? parts[2] : "")
        return try RawHTTP(port: port).send(method, target, headers: headers, body: body)
    }

    /// Asks once, on a thread and a connection of its own: a server in this process may need the thread of the test.
    public static func ask(
        _ method: String = "GET",
        _ url: String,
        headers: StubHeaders = [:],
        body: [UInt8]? = nil
    ) async throws -> Response {
        try await onOwnThread { try request(method, url, headers: headers, body: body) }
    }

    /// Sends a request and waits for the answer; the target goes over the wire as it is.
    public func send(
        _ method: String = "GET",
        _ target: String,
        headers: StubHeaders = [:],
        body: [UInt8]? = nil
    ) throws -> Response {
        var head = "\(method) \(target) HTTP/1.1\r\n"
        if headers["host"] == nil { head += "Host: \(host)\r\n" }
        if let body, headers["transfer-encoding"] == nil { head += "Content-Length: \(body.count)\r\n" }
        for (name, value) in headers.pairs { head += "\(name): \(value)\r\n" }
        guard socket.send(Array((head + "\r\n").utf8) + (body ?? [])) else { throw Errno.brokenPipe }
        return receive(isHead: method == "HEAD")
    }

    /// Sends bytes that need not be HTTP.
    public func sendRaw(_ bytes: [UInt8]) -> Bool { socket.send(bytes) }

    /// Waits for an answer.
    public func receive(isHead: Bool = false) -> Response {
        var reader = WireReader(socket: socket, timeout: timeout)
        let head = reader.line(endingIn: "\r\n\r\n") ?? ""
        let lines = head.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), let status = Int(words[1]) else {
            return Response(
                status: 0,
                headers: [:],
                body: Array(head.utf8) + reader.rest(),
                isComplete: false
            )
        }
        let headers = StubHeaders(
            lines.dropFirst().map { line in
                let pair = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(pair[0]), pair.dropFirst().joined().drop { $0 == " " }.description)
            }
        )
        if status / 100 == 1, status != 101 { return receive(isHead: isHead) }
        if isHead || status == 101 || status == 204 || status == 304 {
            return Response(status: status, headers: headers, body: [], isComplete: true)
        }
        let (body, isComplete) = reader.body(headers)
        return Response(status: status, headers: headers, body: body, isComplete: isComplete)
    }
}

/// Reads a message from a socket, and no byte beyond it where its end is told.
private struct WireReader {
    let socket: Socket
    let timeout: Duration
    private var pending: [UInt8] = []

    init(socket: Socket, timeout: Duration) {
        self.socket = socket
        self.timeout = timeout
    }

    /// The bytes up to a line's end, read one by one: only heads and chunk sizes come this way.
    mutating func line(endingIn end: String) -> String? {
        let end = Array(end.utf8)
        var line: [UInt8] = []
        while !line.suffix(end.count).elementsEqual(end) {
            let byte = socket.receive(1, timeout: timeout)
            if byte.isEmpty {
                pending = line
                return nil
            }
            line += byte
        }
        return String(decoding: line.dropLast(end.count), as: UTF8.self)
    }

    mutating func body(_ headers: StubHeaders) -> (bytes: [UInt8], isComplete: Bool) {
        if headers["transfer-encoding"]?.lowercased() == "chunked" { return chunks() }
        guard let length = headers["content-length"].flatMap({ Int($0) }) else { return (rest(), true) }
        let bytes = take(length)
        return (bytes, bytes.count == length)
    }

    mutating func rest() -> [UInt8] {
        var bytes = pending
        while case let more = socket.receive(1 << 18, timeout: timeout), !more.isEmpty { bytes += more }
        return bytes
    }

    private func take(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = socket.receive(min(count - bytes.count, 1 << 18), timeout: timeout)
            guard !more.isEmpty else { break }
            bytes += more
        }
        return bytes
    }

    private mutating func chunks() -> ([UInt8], Bool) {
        var bytes: [UInt8] = []
        while let line = line(endingIn: "\r\n"), let size = Int(line.prefix { $0 != ";" }, radix: 16) {
            let chunk = take(size)
            bytes += chunk
            guard chunk.count == size, self.line(endingIn: "\r\n") != nil else { break }
            if size == 0 { return (bytes, true) }
        }
        return (bytes, false)
    }
}
