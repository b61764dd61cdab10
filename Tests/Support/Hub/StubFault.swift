/// Something that goes wrong at a stub hub, for some of the requests.
public struct StubFault: Sendable {
    /// Which of the two servers has it.
    public enum Place: Sendable, Hashable, CaseIterable { case hub, cdn }

    /// What goes wrong.
    public enum Kind: Sendable {
        /// Another status, with headers, and a body of its own.
        case status(Int, headers: StubHeaders = [:], text: String = "")
        /// The connection ends after so many bytes of the body, in order or by a reset.
        case dropAfter(Int64, reset: Bool = false)
        /// Nothing more comes after so many bytes of the body.
        case stallAfter(Int64)
        /// One byte of the file is inverted, whenever it is part of an answer.
        case corruptByte(at: Int64)
        /// The whole file with status 200, whatever range was asked for.
        case ignoreRange
        /// A `Content-Range` that begins one byte late, and the bytes that were asked for.
        case wrongContentRange
        /// A 206 without `Content-Range`.
        case missingContentRange
        /// A `Content-Range` that states another size of the file.
        case wrongTotal
        /// A `Content-Encoding` that nobody asked for.
        case contentEncoding(String)
        /// So many bytes fewer than asked for, in an answer that is consistent in itself.
        case shortBody(by: Int64)
        /// The signed address is refused as too old.
        case expiredURL
        /// A page that wants a login, with status 200.
        case captivePortal
        /// The quota is used up for so many seconds; with a `Retry-After` too, if there is one.
        case rateLimited(seconds: Int, retryAfter: Int? = nil)
        /// A wait before the answer.
        case delay(Duration)
        /// A slow line.
        case throttle(bytesPerSecond: Int64)
        /// Another `ETag`, `X-Linked-ETag` included.
        case changedETag(String)
        /// Another `X-Linked-Size`.
        case changedSize(Int64)
        /// The body ends with the connection and not by a length.
        case withoutLength
        /// The body comes in chunks.
        case chunked
        /// The head ends after so many bytes, and so does the connection; by a reset or in order.
        case truncatedHead(Int, reset: Bool = false)
        /// Bytes that are not HTTP.
        case garbage
        /// A whole other answer.
        case answer(StubResponse)
    }

    /// Which server has it.
    public var place: Place
    /// What goes wrong.
    public var kind: Kind
    /// Part of the target, or of the path of a file, of the requests that it befalls; all if `nil`.
    public var path: String?
    /// The method of the requests that it befalls; all if `nil`.
    public var method: String?
    /// So many requests that it could befall go well first.
    public var skipping: Int
    /// So many requests it befalls.
    public var times: Int

    /// Describes a fault, which befalls one request unless `times` says more.
    public init(
        _ place: Place,
        _ kind: Kind,
        path: String? = nil,
        method: String? = nil,
        skipping: Int = 0,
        times: Int = 1
    ) {
        self.place = place
        self.kind = kind
        self.path = path
        self.method = method
        self.skipping = skipping
        self.times = times
    }

    /// Whether it changes anything about this answer to this request, which is about these files.
    func befalls(_ request: StubRequest, about files: [String], answeredBy response: StubResponse) -> Bool {
        guard method == nil || method == request.method, times > 0 else { return false }
        if let path, !request.target.contains(path), !files.contains(where: { $0.contains(path) }) {
            return false
        }
        let hasBody = request.method != "HEAD"
        switch kind {
        case .dropAfter(let bytes, _), .stallAfter(let bytes): return hasBody && bytes < response.bodySize
        case .shortBody(let missing): return hasBody && missing <= response.bodySize
        case .corruptByte(let place):
            let part = response.part ?? 0..<response.content.size
            return hasBody && response.status / 100 == 2 && part.contains(place)
        case .ignoreRange, .wrongContentRange, .missingContentRange, .wrongTotal:
            return response.status == 206
        case .throttle, .withoutLength, .chunked: return hasBody
        default: return true
        }
    }
}

extension StubFault.Kind {
    /// The answer that takes the place of the right one, if it is such a fault.
    var replacement: StubResponse? {
        switch self {
        case .status(let status, let headers, let text): StubResponse(status, headers: headers, text: text)
        case .captivePortal:
            StubResponse(
                text: "<!DOCTYPE html><html><body>Sign in to use this network</body></html>",
                type: "text/html"
            )
        case .expiredURL: .accessDenied
        case .rateLimited(let seconds, let retryAfter): .rateLimited(seconds: seconds, retryAfter: retryAfter)
        case .garbage: .garbage(Array("\u{16}\u{3}\u{1} this is not HTTP\r\n\r\n".utf8))
        case .answer(let response): response
        default: nil
        }
    }

    /// Spoils an answer.
    func spoil(_ response: inout StubResponse) {
        switch self {
        case .dropAfter(let bytes, let reset):
            response.trouble.dropAfter = bytes
            response.trouble.resets = reset
        case .stallAfter(let bytes): response.trouble.stallAfter = bytes
        case .corruptByte(let place): response.trouble.corruptByte = place - (response.part?.lowerBound ?? 0)
        case .shortBody(let missing):
            let part = response.part ?? 0..<response.content.size
            response.part = part.lowerBound..<max(part.lowerBound, part.upperBound - missing)
        case .wrongContentRange, .missingContentRange, .wrongTotal: spoilContentRange(&response)
        case .contentEncoding(let name): response.headers["Content-Encoding"] = name
        case .delay(let duration): response.trouble.delay += duration
        case .throttle(let rate): response.trouble.bytesPerSecond = rate
        case .changedETag(let etag):
            for name in ["ETag", "X-Linked-ETag"] where response.headers[name] != nil {
                response.headers[name] = "\"\(etag)\""
            }
        case .changedSize(let size): response.headers["X-Linked-Size"] = "\(size)"
        case .withoutLength: response.framing = .close
        case .chunked: response.framing = .chunked
        case .truncatedHead(let bytes, let reset):
            response.trouble.headBytes = bytes
            response.trouble.resets = reset
        case .status, .ignoreRange, .expiredURL, .captivePortal, .rateLimited, .garbage, .answer: break
        }
    }

    private func spoilContentRange(_ response: inout StubResponse) {
        guard let part = response.part else { return }
        let size = response.content.size
        switch self {
        case .wrongContentRange:
            response.headers["Content-Range"] = "bytes \(part.lowerBound + 1)-\(part.upperBound)/\(size)"
        case .wrongTotal:
            response.headers["Content-Range"] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size + 1)"
        default: response.headers["Content-Range"] = nil
        }
    }
}
