public import Platform
import Synchronization

/// Makes HTTP exchanges; redirects are the caller's business, since each hop may be another origin.
public final class HTTPClient: Sendable {
    /// The client of this process: one thread, one pool of connections.
    public static let shared = HTTPClient()

    private let loop = CurlLoop()

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

    /// Makes an exchange and hands the body on as it arrives, in pieces, on the client's own thread.
    ///
    /// What a closure throws ends the exchange as `TransportError.refused`.
    public func stream(
        _ request: HTTPRequest,
        onHead: @escaping @Sendable (HTTPHead) throws -> Void,
        onBody: @escaping @Sendable (RawSpan) throws -> Void
    ) async throws(TransportError) -> HTTPHead {
        let exchange = try CurlExchange(request, onHead: onHead, onBody: onBody)
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
