import Platform
import Synchronization
import Transport

/// Why a segment did not come whole, and what that asks for.
enum Setback: Error {
    /// The same request may work after a pause.
    case passing(reason: String, wait: Duration?)
    /// The address is no longer good; another must be asked for.
    case expired(status: Int)
    /// The server sends the whole content in answer to a range.
    case ignoresRanges
    /// Nothing will help.
    case final(TransferError)
}

/// One request for a run of bytes, written as they arrive.
struct SegmentFetch: Sendable {
    let name: String
    let address: RemoteAddress
    /// The bytes of the part to ask for; `nil` asks for the whole part without a range.
    let range: Range<Int64>?
    let partSize: Int64
    /// Where the part begins in the file.
    let base: Int64
    let content: File
    let pacing: Pacing

    /// Receives the bytes; `progress` is told the position in the part that was reached, also before a setback.
    func run(_ progress: @escaping @Sendable (Int64) -> Void) async throws(Setback) {
        let wanted = range ?? 0..<partSize
        let position = Mutex(wanted.lowerBound)
        var headers = address.headers + [("Accept-Encoding", "identity")]
        if let range { headers.append(("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")) }
        var request = HTTPRequest(.get, address.url, headers: headers, stallTimeout: pacing.stallTimeout)
        if pacing.limit != nil { request.receiveBuffer = RateLimit.receiveBuffer }
        do throws(TransportError) {
            _ = try await HTTPClient.shared.stream(request) { head in
                try check(head)
            } onBody: { bytes in
                let offset = position.withLock { $0 }
                guard bytes.byteCount <= wanted.upperBound - offset else {
                    throw Setback.passing(reason: "more bytes came than were asked for", wait: nil)
                }
                do throws(SystemError) { try content.write(bytes, at: base + offset) } catch {
                    throw Setback.final(.system(error))
                }
                position.withLock { $0 = offset + Int64(bytes.byteCount) }
                pacing.limit?.pay(for: bytes.byteCount)
                progress(offset + Int64(bytes.byteCount))
            }
        } catch {
            switch error {
            case .refused(let reason): throw reason as? Setback ?? .passing(reason: "\(reason)", wait: nil)
            case .untrusted, .invalidURL: throw .final(.gaveUp(file: name, reason: "\(error)"))
            default: throw .passing(reason: "\(error)", wait: nil)
            }
        }
        guard position.withLock({ $0 }) == wanted.upperBound else {
            throw .passing(reason: "the answer ended early", wait: nil)
        }
    }

    private func check(_ head: HTTPHead) throws(Setback) {
        switch head.status {
        case 206:
            guard let range else { throw .passing(reason: "a range came unasked", wait: nil) }
            guard let stated = head.contentRange, stated.first == range.lowerBound,
                stated.last == range.upperBound - 1
            else {
                throw .passing(reason: "another range came than was asked for", wait: nil)
            }
            if let total = stated.total, total != partSize {
                throw .final(.wrongSize(file: name, expected: ByteCount(partSize), actual: ByteCount(total)))
            }
        case 200:
            if head["content-type"]?.hasPrefix("text/html") == true, !name.hasSuffix(".html") {
                throw .final(
                    .notTheFile(
                        file: name,
                        "a web page came in its place; a login page of the network may be in the way"
                    )
                )
            }
            if range != nil { throw .ignoresRanges }
            if let length = head.contentLength, length != partSize {
                throw .final(.wrongSize(file: name, expected: ByteCount(partSize), actual: ByteCount(length)))
            }
        case 401, 403, 404, 410, 416: throw .expired(status: head.status)
        case 300..<400: throw .expired(status: head.status)
        case 408, 429, 500...:
            let wait = head["retry-after"].flatMap { Int($0) }.map { Duration.seconds(min($0, 300) + 1) }
            throw .passing(reason: "the server answers \(head.status)", wait: wait)
        default: throw .final(.refused(file: name, status: head.status))
        }
        if let encoding = head["content-encoding"], encoding.lowercased() != "identity" {
            throw .passing(reason: "the content came in the encoding \(encoding)", wait: nil)
        }
    }
}
