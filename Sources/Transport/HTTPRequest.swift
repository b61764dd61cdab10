public import Platform
public import SystemPackage

/// One HTTP exchange to be made.
public struct HTTPRequest: Sendable {
    /// The verb.
    public enum Method: String, Sendable {
        case get = "GET", head = "HEAD", post = "POST", put = "PUT", delete = "DELETE"
    }

    /// The verb.
    public var method: Method
    /// An absolute `http` or `https` URL.
    public var url: String
    /// Header fields to send besides the client's own.
    public var headers: [(name: String, value: String)]
    /// What to send.
    public var body: [UInt8]?
    /// The socket to speak over instead of TCP.
    public var unixSocket: FilePath?
    /// The same, with a name that is outside the filesystem.
    public var abstractSocket: String?
    /// Who speaks, and who is believed, where the URL is `https`.
    public var identity: TLSIdentity?
    /// Whether the proxy of the environment is asked, if there is one.
    public var usesProxy = true
    /// Whether the receiver has room for more of the body; asked again soon after it had none.
    public var hasRoom: (@Sendable () -> Bool)?
    /// How long connecting may take.
    public var connectTimeout: Duration
    /// How long the line may be silent.
    public var stallTimeout: Duration
    /// How long the whole exchange may take; without it a line that brings something now and then is never given up.
    public var totalTimeout: Duration?
    /// The budget of bytes that this exchange shares with others.
    public var rateLimit: RateLimit?
    /// How much is read from the line at once; libcurl takes no more than this.
    public var receiveBuffer: ByteCount = 524_288
    /// How much of the body is gathered before it is handed on; less at the body's end and where bytes come slowly.
    public var pieceSize: ByteCount = 0

    /// Describes an exchange.
    public init(
        _ method: Method = .get,
        _ url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil,
        unixSocket: FilePath? = nil,
        connectTimeout: Duration = .seconds(10),
        stallTimeout: Duration = .seconds(30)
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.unixSocket = unixSocket
        self.connectTimeout = connectTimeout
        self.stallTimeout = stallTimeout
    }
}

/// The head of an answer.
public struct HTTPHead: Sendable {
    /// The status code.
    public let status: Int
    /// The header fields, in order; names in lower case.
    public let headers: [(name: String, value: String)]

    /// The first value of a header field.
    public subscript(_ name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name == name }?.value
    }

    /// The announced length of the body.
    public var contentLength: Int64? {
        self["content-length"].flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }

    /// The place and total that `Content-Range: bytes A-B/T` states.
    public var contentRange: (first: Int64, last: Int64, total: Int64?)? {
        guard let value = self["content-range"], value.hasPrefix("bytes ") else { return nil }
        let halves = value.dropFirst(6).split(separator: "/")
        let ends = halves.first?.split(separator: "-") ?? []
        guard halves.count == 2, ends.count == 2, let first = Int64(ends[0]), let last = Int64(ends[1]),
            0 <= first, first <= last
        else { return nil }
        return (first, last, Int64(halves[1]))
    }
}

/// A whole answer.
public struct HTTPResponse: Sendable {
    /// Status and header fields.
    public let head: HTTPHead
    /// The body.
    public let body: [UInt8]

    /// Puts an answer together.
    public init(head: HTTPHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}
