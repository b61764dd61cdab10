import Platform
import Synchronization
import Transport

/// One request for a run of bytes of a part.
struct SegmentFetch: Sendable {
    private static let mostHops = 5

    let name: String
    /// Where the part lies in the file.
    let part: Range<Int64>
    let book: AddressBook
    let line: Line
    let pacing: Pacing

    /// Receives `wanted`, places of the file; `nil` asks for the whole part without a range.
    ///
    /// `take` is given each piece and its place, and answers where to stop: the end of what is wanted may come nearer.
    func run(
        _ wanted: Range<Int64>?,
        from entry: AddressBook.Entry,
        take: @escaping @Sendable (RawSpan, Int64) throws(SystemError) -> Int64
    ) async throws(Setback) {
        var entry = entry
        for _ in 0..<Self.mostHops {
            guard let location = try await ask(wanted, entry, take) else { return }
            guard let next = entry.address.redirected?(location) else {
                throw refused("the server redirects", 302)
            }
            entry = book.follow(entry, to: next)
        }
        throw refused("the server redirects in a circle", 302)
    }

    /// Asks one server; answers with where it redirects to, if it does.
    private func ask(
        _ wanted: Range<Int64>?,
        _ entry: AddressBook.Entry,
        _ take: @escaping @Sendable (RawSpan, Int64) throws(SystemError) -> Int64
    ) async throws(Setback) -> String? {
        let range = wanted ?? part
        let progress = Mutex(Progress(place: range.lowerBound))
        let speed = SpeedWatch(line, pacing)
        let request = request(wanted, entry)
        do throws(TransportError) {
            let head = try await HTTPClient.shared.stream(request) { head in
                speed.begin()
                if let location = head.redirect {
                    progress.withLock { $0.location = location }
                } else {
                    try check(head, wanted, entry)
                }
            } onBody: { bytes in
                guard progress.withLock({ $0.location == nil }) else { return }
                let place = progress.withLock { $0.place }
                guard bytes.byteCount <= range.upperBound - place else {
                    throw Setback.passing(reason: "more bytes came than were asked for")
                }
                let end: Int64
                do throws(SystemError) { end = try take(bytes, place) } catch {
                    throw Setback.final(TransferError.system(error))
                }
                let reached = place + Int64(bytes.byteCount)
                progress.withLock { $0.place = reached }
                if reached >= end, end < range.upperBound { throw Enough() }
                try speed.note(bytes.byteCount)
            }
            speed.end()
            if head.redirect != nil { return progress.withLock { $0.location } }
        } catch {
            speed.end()
            if case .refused(is Enough) = error { return nil }
            throw setback(error)
        }
        guard progress.withLock({ $0.place }) == range.upperBound else {
            throw .passing(reason: "the answer ended early")
        }
        return nil
    }

    private func request(_ wanted: Range<Int64>?, _ entry: AddressBook.Entry) -> HTTPRequest {
        var headers = entry.address.headers + [("Accept-Encoding", "identity")]
        if let wanted {
            let first = wanted.lowerBound - part.lowerBound
            headers.append(("Range", "bytes=\(first)-\(wanted.upperBound - part.lowerBound - 1)"))
        }
        var request = HTTPRequest(
            .get,
            entry.address.url,
            headers: headers,
            stallTimeout: pacing.stallTimeout
        )
        request.rateLimit = pacing.limit
        (request.pieceSize, request.receiveBuffer) = (pacing.pieceSize, pacing.receiveBuffer)
        return request
    }

    private struct Progress {
        var place: Int64
        var location: String?
    }

    /// All that is wanted is here, though the answer goes on.
    private struct Enough: Error {}

    private func setback(_ error: TransportError) -> Setback {
        switch error {
        case .refused(let reason): reason as? Setback ?? .passing(reason: "\(reason)")
        case .untrusted, .invalidURL: .final(TransferError.gaveUp(file: name, reason: "\(error)"))
        case .cancelled: .final(CancellationError())
        default: .passing(reason: "\(error)")
        }
    }

    // MARK: Heads

    private func check(_ head: HTTPHead, _ wanted: Range<Int64>?, _ entry: AddressBook.Entry) throws(Setback)
    {
        switch head.status {
        case 206: try checkRange(head, wanted, entry)
        case 200: try checkWhole(head, wanted)
        case 401, 403, 404, 410, 300..<400:
            throw refused("the server answers \(head.status)", head.status)
        case 416: throw beyondTheEnd(head)
        case 429:
            let host = Origin(entry.address.url)?.host ?? name
            // The client lets no request to that server out before; here it is only said and decided.
            let wait = HTTPClient.shared.holdOff(for: entry.address.url) ?? pacing.firstPause
            guard wait <= pacing.longestHoldOff else {
                throw .final(TransferError.heldOff(host: host, seconds: Int(wait.components.seconds) + 1))
            }
            throw .heldOff(host: host, wait)
        case 408, 500...: throw .passing(reason: "the server answers \(head.status)", wait: head.retryAfter)
        default: throw .final(TransferError.refused(file: name, status: head.status))
        }
        if let encoding = head["content-encoding"], encoding.lowercased() != "identity" {
            throw .passing(reason: "the content came in the encoding \(encoding)")
        }
    }

    private func checkRange(_ head: HTTPHead, _ wanted: Range<Int64>?, _ entry: AddressBook.Entry)
        throws(Setback)
    {
        guard let wanted else { throw .passing(reason: "a range came unasked") }
        guard let stated = head.contentRange, stated.first == wanted.lowerBound - part.lowerBound,
            stated.last == wanted.upperBound - part.lowerBound - 1
        else { throw .passing(reason: "another range came than was asked for") }
        try checkSize(stated.total)
        guard book.accepts(etag: head["etag"], of: entry) else {
            let what = "the server has another version than at first (its `ETag` has changed)"
            throw .stale(reason: what, .changed(file: name, what))
        }
    }

    private func checkWhole(_ head: HTTPHead, _ wanted: Range<Int64>?) throws(Setback) {
        if head["content-type"]?.lowercased().hasPrefix("text/html") == true, !name.hasSuffix(".html") {
            throw .final(
                TransferError.notTheFile(
                    file: name,
                    "a web page came in its place; a login page of the network may be in the way"
                )
            )
        }
        // All of it is as good as the range that is all of it.
        if let wanted, wanted != part { throw .ignoresRanges }
        try checkSize(head.contentLength)
    }

    private func checkSize(_ stated: Int64?) throws(Setback) {
        guard let stated, stated != part.length else { return }
        let error = TransferError.wrongSize(
            file: name,
            expected: ByteCount(part.length),
            actual: ByteCount(stated)
        )
        throw .stale(reason: "the server states another length", error)
    }

    /// The range that was asked for is not in what the server has now.
    private func beyondTheEnd(_ head: HTTPHead) -> Setback {
        let reason = "the server's file ends before the range that was asked for"
        let total = head["content-range"].flatMap { $0.hasPrefix("bytes */") ? Int64($0.dropFirst(8)) : nil }
        guard let total, total >= 0 else { return .stale(reason: reason, .changed(file: name, reason)) }
        return .stale(
            reason: reason,
            .wrongSize(file: name, expected: ByteCount(part.length), actual: ByteCount(total))
        )
    }

    private func refused(_ reason: String, _ status: Int) -> Setback {
        .stale(reason: reason, .refused(file: name, status: status))
    }
}

extension HTTPHead {
    fileprivate var redirect: String? { [301, 302, 303, 307, 308].contains(status) ? self["location"] : nil }

    fileprivate var retryAfter: Duration? {
        self["retry-after"].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : .seconds(min($0, 300) + 1) }
    }
}
