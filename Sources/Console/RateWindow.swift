import Platform

/// How fast something has gone in the last seconds.
struct RateWindow: Sendable {
    private static let length: Duration = .seconds(3)
    private static let spacing: Duration = .milliseconds(100)
    private var samples: [(at: ContinuousClock.Instant, done: ByteCount)] = []

    /// Notes how much is done; what was done before the first note counts for no rate.
    mutating func note(_ done: ByteCount, at now: ContinuousClock.Instant) {
        // Less than before: it was begun again.
        if let last = samples.last, done < last.done { samples = [] }
        if samples.count > 1, let before = samples.dropLast().last, now - before.at < Self.spacing {
            samples[samples.count - 1] = (now, done)
        } else {
            samples.append((now, done))
        }
        // The newest of those outside the window stays: with a silent line, the rate falls to nothing.
        while samples.count > 1, now - samples[1].at >= Self.length { samples.removeFirst() }
    }

    /// The amount a second; `nil` while there is too little to go by.
    func rate(at now: ContinuousClock.Instant) -> ByteCount? {
        let kept = samples.lastIndex { now - $0.at >= Self.length } ?? samples.startIndex
        guard kept < samples.endIndex, let last = samples.last else { return nil }
        let seconds = (now - samples[kept].at) / .seconds(1)
        guard seconds >= 0.2 else { return nil }
        return ByteCount(Int64(Double((last.done - samples[kept].done).bytes) / seconds))
    }
}
