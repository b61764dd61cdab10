public import Platform
import Synchronization

/// Makes HTTP exchanges; redirects are the caller's business, since each hop may be another origin.
public final class HTTPClient: Sendable {
    /// The client of this process: one thread, one pool of connections.
    public static let shared = HTTPClient()

    private let loop = CurlLoop()
    private let holdOff = HoldOff()

    private init() {}

    /// Makes an exchange and keeps the body, which may be at most `limit` long.
    public func fetch(
        _ request: HTTPRequest,
        limit: ByteCount = 64_000_000
    ) async throws(TransportError) -> HTTPResponse {
        let body = Accumulator(limit: Int(limit.bytes))
        let head = try await stream(request) { _ in
        } onBody: { bytes in
            try body.append(bytes)
        }
        return HTTPResponse(head: head, body: body.bytes)
    }

    /// How much longer requests to the origin of a URL are held back, since it said that a quota is used up; `nil` if
    /// they are sent at once.
    public func holdOff(for url: String) -> Duration? { Origin(url).flatMap { holdOff.rest(of: $0) } }

    /// Makes an exchange and hands the body on as it arrives, in pieces, on the client's own thread.
    ///
    /// What a closure throws ends the exchange as `TransportError.refused`. Once an origin has answered 429, what is
    /// asked of it waits as long as `holdOff(for:)` says.
    public func stream(
        _ request: HTTPRequest,
        onHead: @escaping @Sendable (HTTPHead) throws -> Void,
        onBody: @escaping @Sendable (RawSpan) throws -> Void
    ) async throws(TransportError) -> HTTPHead {
        // A socket on this machine is no origin: the names in its URLs are made up.
        let origin = request.isLocal ? nil : Origin(request.url)
        if let origin { try await holdOff.wait(for: origin) }
        let exchange = try CurlExchange(request) { [holdOff] head in
            if let origin, head.status == 429 { holdOff.note(head, from: origin) }
            try onHead(head)
        } onBody: { bytes in
            try onBody(bytes)
        }
        let outcome: Result<HTTPHead, TransportError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                exchange.whenDone { continuation.resume(returning: $0) }
                loop.add(exchange)
            }
        } onCancel: {
            loop.cancel(exchange)
        }
        return try outcome.get()
    }
}

/// A body kept in memory up to a limit.
private final class Accumulator: Sendable {
    private let limit: Int
    private let kept = Mutex<[UInt8]>([])

    init(limit: Int) { self.limit = limit }

    var bytes: [UInt8] { kept.withLock { $0 } }

    func append(_ bytes: RawSpan) throws(TransportError) {
        let fits = kept.withLock { kept in
            guard kept.count + bytes.byteCount <= limit else { return false }
            bytes.withUnsafeBytes { kept.append(contentsOf: $0) }
            return true
        }
        guard fits else { throw .tooLarge }
    }
}
