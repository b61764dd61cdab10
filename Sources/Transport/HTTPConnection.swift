import CCurl
import Glibc
import Platform
import Synchronization

/// A connection that an HTTP server has handed over: from here on both sides send what they like, at the same time.
///
/// One task may send while another receives.
public final class HTTPConnection: Sendable {
    /// What came of asking for a connection.
    public enum Answer: Sendable {
        /// The server speaks another protocol from here on.
        case handedOver(HTTPConnection, HTTPHead)
        /// The server answered with something else.
        case refused(HTTPResponse)
    }

    private let line: CurlLine
    /// What came together with the head.
    private let early: Mutex<[UInt8]>

    private init(line: CurlLine, early: [UInt8]) {
        self.line = line
        self.early = Mutex(early)
    }

    /// Makes a request for another protocol, on a connection of its own.
    ///
    /// The connection is handed over by status 101, or by 200, as old servers have it.
    public static func open(_ request: HTTPRequest, protocol name: String) async throws(TransportError)
        -> Answer
    {
        try request.check()
        let line = try await CurlLine.connect(request)
        try await line.send(request.upgradeHead(to: name) + (request.body ?? []))
        var reader = HeadReader()
        while reader.head == nil {
            guard let bytes = try await line.receive(patience: request.stallTimeout) else {
                throw .broken("the server hung up without an answer")
            }
            try reader.feed(bytes)
        }
        guard let head = reader.head else { throw .broken("the answer has no head") }
        if head.status == 101 || head.status == 200 {
            return .handedOver(HTTPConnection(line: line, early: reader.rest), head)
        }
        var body = BodyReader(head)
        var next: [UInt8]? = reader.rest
        while let bytes = next, try !body.feed(bytes) {
            next = try await line.receive(patience: request.stallTimeout)
        }
        return .refused(HTTPResponse(head: head, body: body.bytes))
    }

    /// What the other side sends next; `nil` when it has ended its direction.
    ///
    /// Cancelling the task ends the connection.
    public func receive() async throws(TransportError) -> [UInt8]? {
        let waiting = early.withLock { early in
            defer { early = [] }
            return early
        }
        return waiting.isEmpty ? try await line.receive(patience: nil) : waiting
    }

    /// Sends bytes, all of them.
    ///
    /// Cancelling the task ends the connection.
    public func send(_ bytes: [UInt8]) async throws(TransportError) { try await line.send(bytes) }

    /// Ends our direction: the other side reads to an end, and can still send.
    public func finishSending() async throws(TransportError) { try await line.finishSending() }

    /// Ends both directions, which wakes whoever waits.
    public func end() { line.end() }
}

extension HTTPRequest {
    /// The bytes of the head that asks for another protocol.
    fileprivate func upgradeHead(to name: String) -> [UInt8] {
        let rest = url.drop { $0 != ":" }.dropFirst(3)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest.dropFirst(authority.count)
        var text = "\(method.rawValue) \(target.isEmpty ? "/" : target) HTTP/1.1\r\nHost: \(authority)\r\n"
        text += "User-Agent: stackctl\r\nConnection: Upgrade\r\nUpgrade: \(name)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let body { text += "Content-Length: \(body.count)\r\n" }
        return Array((text + "\r\n").utf8)
    }
}
