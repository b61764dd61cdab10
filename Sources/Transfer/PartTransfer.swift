import Platform
import Synchronization

/// One part on its way: ranges in order, each tried again until it is here, hashed while the next one comes.
struct PartTransfer: Sendable {
    /// Every request states a range: some servers refuse to send a very large file whole.
    private static let segmentSize: Int64 = 32 << 20
    /// So many tries in a row without one new byte are enough.
    private static let patience = 8

    let name: String
    let part: RemotePart
    /// Where the part begins in the file.
    let base: Int64
    let content: File
    let pacing: Pacing
    let report: @Sendable (TransferEvent) -> Void
    let addresses: AddressBook
    /// Told the number of bytes of this part that are here.
    let progress: @Sendable (Int64) -> Void

    /// Receives what is missing beyond the first `kept` bytes; answers with the hash of all.
    func run(kept: Int64) async throws -> Digest {
        let hasher = PartHasher(part)
        if kept > 0 {
            report(.resuming(file: name, from: ByteCount(kept)))
            try await hasher.consume(base..<base + kept, of: content)
        }
        do {
            try await receiveInRanges(from: kept, hasher)
            return hasher.finish()
        } catch Setback.ignoresRanges {
            let fresh = PartHasher(part)
            try await receiveWhole()
            try await fresh.consume(base..<base + part.size.bytes, of: content)
            return fresh.finish()
        }
    }

    private func receiveInRanges(from kept: Int64, _ hasher: PartHasher) async throws {
        var hashed = kept
        var fetched = kept
        while hashed < part.size.bytes {
            let next = fetched..<min(fetched + Self.segmentSize, part.size.bytes)
            let behind = hashed..<fetched
            async let hashing: Void = hasher.consume(
                base + behind.lowerBound..<base + behind.upperBound,
                of: content
            )
            if !next.isEmpty { try await receive(next) }
            try await hashing
            (hashed, fetched) = (behind.upperBound, next.upperBound)
        }
    }

    private func receive(_ segment: Range<Int64>) async throws {
        let position = Mutex(segment.lowerBound)
        try await persevering(position) { address, from throws(Setback) in
            let fetch = SegmentFetch(
                name: name,
                address: address,
                range: from..<segment.upperBound,
                partSize: part.size.bytes,
                base: base,
                content: content,
                pacing: pacing
            )
            try await fetch.run { reached in
                position.withLock { $0 = reached }
                progress(reached)
            }
        }
    }

    private func receiveWhole() async throws {
        let position = Mutex(Int64(0))
        try await persevering(position) { address, _ throws(Setback) in
            let fetch = SegmentFetch(
                name: name,
                address: address,
                range: nil,
                partSize: part.size.bytes,
                base: base,
                content: content,
                pacing: pacing
            )
            try await fetch.run { reached in
                position.withLock { $0 = max($0, reached) }
                progress(reached)
            }
        }
    }

    /// Runs `attempt` until it succeeds: with another address when one has expired, after a pause that grows while no
    /// byte comes.
    private func persevering(
        _ position: borrowing Mutex<Int64>,
        _ attempt: (RemoteAddress, Int64) async throws(Setback) -> Void
    ) async throws {
        var failures = 0
        var expirations = 0
        while true {
            try Task.checkCancellation()
            let before = position.withLock { $0 }
            let address = try await addresses.current()
            do throws(Setback) {
                try await attempt(address, before)
                return
            } catch {
                try Task.checkCancellation()
                let hasProgressed = position.withLock { $0 } > before
                failures = hasProgressed ? 1 : failures + 1
                if hasProgressed { expirations = 0 }
                let reason: String
                var pause =
                    min(pacing.firstPause * (1 << min(failures - 1, 10)), .seconds(30))
                    * Double.random(in: 0.75...1.25)
                switch error {
                case .final(let error): throw error
                case .ignoresRanges: throw error
                case .expired(let status):
                    // One new address comes at once; if those that follow are no better, the server means it. Other
                    // failures do not count: an address expires while the line is down.
                    expirations += 1
                    guard expirations <= 3 else { throw TransferError.refused(file: name, status: status) }
                    addresses.expire()
                    reason = "the server answers \(status)"
                    if expirations == 1 { pause = .zero }
                case .passing(let why, let wait):
                    guard failures < Self.patience else {
                        throw TransferError.gaveUp(file: name, reason: why)
                    }
                    reason = why
                    pause = max(pause, wait ?? .zero)
                }
                report(.retrying(file: name, reason: reason, pause: pause))
                try await Task.sleep(for: pause)
            }
        }
    }
}
