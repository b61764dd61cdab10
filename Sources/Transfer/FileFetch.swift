import Platform
import Transport

/// Brings all bytes that a ledger misses, over as many connections as there are.
struct FileFetch: Sendable {
    let name: String
    /// The place of the file among those of the transfer.
    let order: Int
    /// Where the parts lie in the file.
    let parts: [Range<Int64>]
    let books: [AddressBook]
    let ledger: Monitor<Ledger>
    let sink: ContentSink
    let lines: Lines
    let pacing: Pacing
    let report: @Sendable (TransferEvent) -> Void
    /// Told after each piece how many bytes the ledger has.
    let progress: @Sendable (Int64) -> Void

    /// What ends the fetching in ranges.
    private struct RangesIgnored: Error { let part: Int }

    func run() async throws {
        let missing = ledger.access { $0.missing }
        guard missing > 0 else { return }
        let workers = min(Int64(pacing.connections), (missing - 1) / Ledger.leastSpan + 1)
        while true {
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<workers { group.addTask { try await work() } }
                    for try await _ in group {}
                }
                return
            } catch let ignored as RangesIgnored { try await stream(ignored.part) }
        }
    }

    // MARK: In ranges

    /// Fetches one claim after the other until nothing is missing.
    private func work() async throws {
        while true {
            guard let part = ledger.access({ $0.nextPart }) else { return }
            let pace = try await address(of: part).line.pace
            let claim = try await ledger.when { [pacing] ledger -> Claim?? in
                if ledger.isComplete { return .some(nil) }
                let span = pace.span(
                    missing: ledger.missing,
                    connections: pacing.connections,
                    most: pacing.readAhead / Int64(2 * pacing.connections)
                )
                return ledger.claim(span: span).map { .some($0) }
            }
            guard let claim else { return }
            defer { ledger.update { $0.release(claim) } }
            try await persevere(claim.part) {
                ledger.access { $0.rest(of: claim).lowerBound }
            } attempt: { fetch, entry throws(Setback) in
                try await receive(claim, fetch, entry)
            }
        }
    }

    private func receive(_ claim: Claim, _ fetch: SegmentFetch, _ entry: AddressBook.Entry)
        async throws(Setback)
    {
        let rest = ledger.access { $0.rest(of: claim) }
        guard !rest.isEmpty else { return }
        try await fetch.run(rest, from: entry) { bytes, place throws(SystemError) in
            try sink.take(bytes, at: place, outside: ledger.access { $0.here })
            let reached = place + Int64(bytes.byteCount)
            let (received, end) = ledger.update { ledger in
                ledger.advance(claim, to: reached)
                return (ledger.received, ledger.rest(of: claim).upperBound)
            }
            progress(received)
            return end
        }
    }

    // MARK: As a whole

    /// Receives a part from a server that knows no ranges, from its first byte on.
    private func stream(_ part: Int) async throws {
        let farthest = Monitor(parts[part].lowerBound)
        try await persevere(part) {
            farthest.access { $0 }
        } attempt: { fetch, entry throws(Setback) in
            try await fetch.run(nil, from: entry) { bytes, place throws(SystemError) in
                try sink.take(bytes, at: place, outside: ledger.access { $0.here })
                let end = place + Int64(bytes.byteCount)
                let received = ledger.update { ledger in
                    ledger.add(place..<end)
                    return ledger.received
                }
                farthest.update { $0 = max($0, end) }
                progress(received)
                return parts[part].upperBound
            }
        }
    }

    // MARK: Trying again

    /// Runs `attempt` until it succeeds: with another address when one has expired, after a pause that grows while
    /// `place`, which tells how far it has come, stays the same.
    private func persevere(
        _ part: Int,
        place: () -> Int64,
        attempt: (SegmentFetch, AddressBook.Entry) async throws(Setback) -> Void
    ) async throws {
        let book = books[part]
        var patience = Patience(file: name, firstPause: pacing.firstPause)
        while true {
            let before = place()
            let (entry, line) = try await address(of: part)
            // Only for the request itself: whoever waits for the hash must not keep others from what it waits for.
            try await line.enter(Line.Turn(file: order, place: before))
            let setback: Setback
            do throws(Setback) {
                try await attempt(
                    SegmentFetch(name: name, part: parts[part], book: book, line: line, pacing: pacing),
                    entry
                )
                return line.leave()
            } catch {
                line.leave()
                setback = error
            }
            try Task.checkCancellation()
            switch setback {
            case .stale: book.expire(entry)
            case .ignoresRanges where !book.hasServedRanges: throw RangesIgnored(part: part)
            default: break
            }
            do { try await rest(after: setback, &patience, hasProgressed: place() > before) } catch Setback
                .ignoresRanges
            {
                throw RangesIgnored(part: part)
            }
        }
    }

    /// Where a part is to be had now, and the line there; finding out is tried again too.
    private func address(of part: Int) async throws -> (entry: AddressBook.Entry, line: Line) {
        var patience = Patience(file: name, firstPause: pacing.firstPause)
        while true {
            do {
                let (entry, latency) = try await books[part].current()
                let line = lines.line(to: entry.address)
                if let latency { line.note(latency: latency) }
                return (entry, line)
            } catch let error as AddressUnavailable {
                let setback = Setback.passing(reason: error.reason, cause: error.cause)
                try await rest(after: setback, &patience, hasProgressed: false)
            }
        }
    }

    private func rest(after setback: Setback, _ patience: inout Patience, hasProgressed: Bool) async throws {
        let (reason, pause) = try patience.pause(after: setback, hasProgressed: hasProgressed)
        if case .heldOff(let host, _) = setback {
            report(.heldOff(host: host, pause: pause))
        } else {
            report(.retrying(file: name, reason: reason, pause: pause))
        }
        try await Task.sleep(for: pause)
    }
}
