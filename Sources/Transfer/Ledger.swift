/// A run of missing bytes that one connection fetches.
struct Claim: Sendable {
    let number: Int
    /// The part of the file that it lies in.
    let part: Int
}

/// Which bytes of a file are here, which are on their way, and which are to be fetched next.
///
/// All places are those in the file, whatever part they lie in.
struct Ledger: Sendable {
    /// The least that a request asks for where more is missing, and the least that is worth taking from another one.
    static let leastSpan: Int64 = 8 << 20

    private let parts: [Range<Int64>]
    private let wanted: RangeSet<Int64>
    /// How far requests may run ahead of the hash, in requests.
    ///
    /// What the hash reads should still be in memory, and on a line that is faster than the hash nothing is gained by
    /// what lies far ahead while the lowest bytes wait.
    private let window: Int64
    private(set) var here: RangeSet<Int64>
    private(set) var received: Int64
    private var claims: [Int: Range<Int64>] = [:]
    private var lastClaim = 0
    /// Everything before it has been hashed.
    var hashed: Int64

    init(_ parts: [Range<Int64>], here: RangeSet<Int64> = RangeSet(), window: Int64 = 1 << 20) {
        self.parts = parts
        wanted = RangeSet(parts)
        self.here = here.intersection(wanted)
        received = self.here.length
        self.window = window
        hashed = parts.first?.lowerBound ?? 0
    }

    var isComplete: Bool { received == wanted.length }

    /// How many bytes are not here.
    var missing: Int64 { wanted.length - received }

    private var unclaimed: RangeSet<Int64> { wanted.subtracting(here).subtracting(RangeSet(claims.values)) }

    /// The part of the lowest missing byte; `nil` if all are here.
    var nextPart: Int? {
        guard let first = wanted.subtracting(here).ranges.first else { return nil }
        return parts.firstIndex { $0.contains(first.lowerBound) }
    }

    /// The end of the bytes that are here without a gap from `place` on.
    func end(from place: Int64) -> Int64 {
        here.ranges.first { $0.contains(place) }?.upperBound ?? place
    }

    // MARK: Claims

    /// Claims the lowest missing bytes, at most `span` of them; `nil` if there is nothing to do for now.
    ///
    /// Where all are claimed, it is the far half of the longest claim.
    mutating func claim(span: Int64) -> Claim? {
        guard let first = unclaimed.ranges.first else { return claimHalf() }
        guard first.lowerBound - hashed < window * span else { return claimHalfOfLowest() }
        guard let part = parts.firstIndex(where: { $0.contains(first.lowerBound) })
        else { return nil }
        let end = min(first.upperBound, parts[part].upperBound)
        let rest = end - first.lowerBound - span
        // A rest that is hardly worth a request of its own comes with this one.
        return add(part, first.lowerBound..<(rest < Self.leastSpan / 2 ? end : first.lowerBound + span))
    }

    private mutating func claimHalf() -> Claim? {
        claims.max { $0.value.length < $1.value.length }.flatMap { divide($0.key) }
    }

    /// Helps where all wait for the lowest bytes, and the hash too.
    private mutating func claimHalfOfLowest() -> Claim? {
        guard end(from: hashed) - hashed < Self.leastSpan else { return nil }
        return claims.min { $0.value.lowerBound < $1.value.lowerBound }.flatMap { divide($0.key) }
    }

    private mutating func divide(_ number: Int) -> Claim? {
        guard let range = claims[number], range.length >= 2 * Self.leastSpan,
            let part = parts.firstIndex(where: { $0.contains(range.lowerBound) })
        else { return nil }
        let middle = range.lowerBound + range.length / 2
        claims[number] = range.lowerBound..<middle
        return add(part, middle..<range.upperBound)
    }

    private mutating func add(_ part: Int, _ range: Range<Int64>) -> Claim {
        lastClaim += 1
        claims[lastClaim] = range
        return Claim(number: lastClaim, part: part)
    }

    /// What is still missing of a claim; its end may have come nearer.
    func rest(of claim: Claim) -> Range<Int64> { claims[claim.number] ?? 0..<0 }

    /// Notes that the bytes of a claim are here up to `place`.
    mutating func advance(_ claim: Claim, to place: Int64) {
        guard let range = claims[claim.number], place > range.lowerBound else { return }
        let reached = min(place, range.upperBound)
        claims[claim.number] = reached..<range.upperBound
        add(range.lowerBound..<reached)
    }

    /// Gives a claim up; what it misses may be claimed again.
    mutating func release(_ claim: Claim) { claims[claim.number] = nil }

    /// Notes bytes that came without a claim.
    mutating func add(_ range: Range<Int64>) {
        here.insert(contentsOf: range)
        received = here.length
    }
}

extension Range<Int64> {
    var length: Int64 { upperBound - lowerBound }
}

extension RangeSet<Int64> {
    var length: Int64 { ranges.reduce(0) { $0 + $1.length } }
}
