public import Platform
import Synchronization
import Transport

/// What an address answers to a question for some bytes of a file.
public enum RangeAnswer: Sendable {
    /// Bytes from the first that was asked for on, fewer than asked for where the server sent fewer; and how many came
    /// over the line for them, more where the server began at the beginning of the file.
    case bytes([UInt8], received: ByteCount)
    /// The address is not good, or not any more.
    case refused(status: Int)
}

extension HubClient {
    /// Reads some bytes of a file of a known size; what follows them stays with the server, also where that sends the
    /// whole file for any range.
    public func bytes(
        _ range: Range<Int64>,
        of size: ByteCount,
        at location: FileLocation,
        tries: Int = 4
    ) async throws(HubError) -> RangeAnswer {
        var location = location
        for _ in 0..<Self.mostHops {
            let receiver = RangeReceiver(range, of: size)
            let headers =
                location.headers + [
                    ("Accept-Encoding", "identity"),
                    ("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"),
                ]
            let head = try await patience.answer(
                to: HTTPRequest(.get, location.url, headers: headers),
                tries: tries,
                by: receiver.receive
            ).head
            guard (300..<400).contains(head.status) else {
                return try receiver.answer(head, from: location.url)
            }
            guard let target = head["location"] else {
                throw .unexpected("the server of the file redirects to no address")
            }
            location = try redirected(from: location.url, to: target)
        }
        throw .unexpected("the server of the file redirects in a circle")
    }

    private static let mostHops = 5
}

/// Takes the bytes of a range out of an answer.
private final class RangeReceiver: Sendable {
    /// All that is wanted is here, though the answer goes on.
    private struct Enough: Error {}

    private static let longestRefusal: Int64 = 65_536

    private struct State {
        var head: HTTPHead?
        /// The place in the file of the next byte that comes.
        var place: Int64 = 0
        var received: Int64 = 0
        var bytes: [UInt8] = []
    }

    private let range: Range<Int64>
    private let size: ByteCount
    private let state = Mutex(State())

    init(_ range: Range<Int64>, of size: ByteCount) {
        self.range = range
        self.size = size
    }

    @Sendable func receive(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        state.withLock { $0 = State() }
        do throws(TransportError) {
            let head = try await HTTPClient.shared.stream(request) { head in
                self.begin(head)
            } onBody: { bytes in
                try self.take(bytes)
            }
            return HTTPResponse(head: head, body: [])
        } catch {
            guard case .refused(is Enough) = error, let head = state.withLock({ $0.head }) else {
                throw error
            }
            return HTTPResponse(head: head, body: [])
        }
    }

    private func begin(_ head: HTTPHead) {
        state.withLock { state in
            state.head = head
            state.place = head.status == 206 ? range.lowerBound : 0
        }
    }

    private func take(_ bytes: RawSpan) throws(Enough) {
        let isEnough = state.withLock { state in
            let start = state.place
            state.place += Int64(bytes.byteCount)
            state.received += Int64(bytes.byteCount)
            guard let head = state.head, [200, 206].contains(head.status), fault(of: head) == nil else {
                // What a refusal says in its body is not needed; one that does not end is not waited for.
                return state.received > Self.longestRefusal
            }
            let first = max(range.lowerBound, start)
            let end = min(range.upperBound, state.place)
            if first < end {
                let kept = bytes.extracting(Int(first - start)..<Int(end - start))
                unsafe kept.withUnsafeBytes { unsafe state.bytes.append(contentsOf: $0) }
            }
            // A body that is at its end leaves the connection good for the next question.
            return head.status == 206
                ? state.place > range.upperBound
                : state.place >= range.upperBound && ByteCount(state.place) < size
        }
        if isEnough { throw Enough() }
    }

    /// What the answer came to.
    func answer(_ head: HTTPHead, from url: String) throws(HubError) -> RangeAnswer {
        switch head.status {
        case 200, 206:
            if let fault = fault(of: head) { throw .unexpected(fault) }
            let (bytes, received) = state.withLock { ($0.bytes, $0.received) }
            guard !bytes.isEmpty || range.isEmpty else {
                throw .unexpected("the server of the file sends nothing")
            }
            return .bytes(bytes, received: ByteCount(received))
        case 429: throw .rateLimited(seconds: HTTPClient.shared.holdOff(for: url)?.roundedUp ?? 1)
        case 500...: throw .server(status: head.status, request: nil)
        default: return .refused(status: head.status)
        }
    }

    /// Why the body is not the one that was asked for.
    private func fault(of head: HTTPHead) -> String? {
        if let encoding = head["content-encoding"], encoding != "identity" {
            return "the server of the file encodes it as nobody asked for"
        }
        guard head.status == 206 else {
            if head["content-type"]?.hasPrefix("text/html") == true {
                return "a web page came in place of the file; a login page of the network may be in the way"
            }
            guard let length = head.contentLength, ByteCount(length) != size else { return nil }
            return "the server has \(length) bytes in place of the file's \(size.bytes)"
        }
        guard let stated = head.contentRange, stated.first == range.lowerBound,
            stated.total.map({ ByteCount($0) == size }) ?? true
        else { return "the server sends another part of the file than was asked for" }
        return nil
    }
}
