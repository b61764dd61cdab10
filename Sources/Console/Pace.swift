import Platform

/// How fast something goes: in the last seconds, and in the longer run.
struct Pace: Sendable {
    private static let window: Duration = .seconds(3)
    /// The seconds after which a change of speed has mostly reached the mean.
    private static let memory = 10.0
    /// The seconds before which a mean says nothing.
    private static let leastSeen = 1.5

    private var samples: [(at: ContinuousClock.Instant, done: ByteCount)] = []
    private var moved: ContinuousClock.Instant?
    private var mean = 0.0
    /// The share of the mean that was seen and is not its beginning from nothing.
    private var weight = 0.0
    private var seen = 0.0

    /// Notes how much is done; what was done before the first note counts for no rate.
    mutating func note(_ done: ByteCount, at now: ContinuousClock.Instant) {
        if let last = samples.last {
            // Less than before: it was begun again.
            if done < last.done { samples = [] } else { learn(done - last.done, from: last.at, to: now) }
        }
        samples.append((now, done))
        // The newest of those outside the window stays: with a silent line, the rate falls to nothing.
        while samples.count > 1, now - samples[1].at >= Self.window { samples.removeFirst() }
    }

    /// A line that is silent for long is no slow line: the mean stays what it was for the time when it goes on.
    private mutating func learn(
        _ amount: ByteCount,
        from before: ContinuousClock.Instant,
        to now: ContinuousClock.Instant
    ) {
        guard now > before else { return }
        if amount > 0 { moved = now }
        guard let moved, now - moved < Self.window else { return }
        let seconds = (now - before) / .seconds(1)
        let share = seconds / (Self.memory + seconds)
        mean += share * (Double(amount.bytes) / seconds - mean)
        weight += share * (1 - weight)
        seen += seconds
    }

    /// The amount a second in the last seconds; `nil` while there is too little to go by.
    func rate(at now: ContinuousClock.Instant) -> ByteCount? {
        let kept = samples.lastIndex { now - $0.at >= Self.window } ?? samples.startIndex
        guard kept < samples.endIndex, let last = samples.last else { return nil }
        let seconds = (now - samples[kept].at) / .seconds(1)
        guard seconds >= 0.2 else { return nil }
        return ByteCount(saturating: Double((last.done - samples[kept].done).bytes) / seconds)
    }

    /// The whole seconds that so much takes in the longer run; `nil` while that cannot be told, or nothing moves.
    func seconds(for amount: ByteCount, at now: ContinuousClock.Instant) -> Int64? {
        guard amount >= 0, seen >= Self.leastSeen, mean > 0, let rate = rate(at: now), rate > 0 else {
            return nil
        }
        let seconds = (Double(amount.bytes) * weight / mean).rounded(.up)
        return seconds < 1e9 ? Int64(seconds) : nil
    }
}

extension ByteCount {
    fileprivate init(saturating number: Double) {
        self.init(number < Double(Int64.max) ? Int64(number) : .max)
    }
}
