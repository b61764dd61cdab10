import Synchronization

/// The speed of one connection, held against that of the line: one that is far slower is better replaced.
final class SpeedWatch: Sendable {
    private struct State {
        var asked = ContinuousClock.now
        var since: ContinuousClock.Instant?
        var bytes = 0
        var slowPeriods = 0
    }

    /// A connection is slow after so many slow periods in a row.
    private static let periods = 3
    /// What is over sooner says nothing of the line's speed.
    private static let shortest = Duration.milliseconds(50)

    private let line: Line
    private let period: Duration
    private let state = Mutex(State())

    init(_ line: Line, _ pacing: Pacing) {
        self.line = line
        period = pacing.slowAfter / Self.periods
    }

    /// The answer begins.
    func begin() {
        let now = ContinuousClock.now
        let latency = state.withLock { state in
            state.since = now
            return now - state.asked
        }
        line.note(latency: latency)
    }

    /// Notes bytes; throws where the connection has been far slower than others for too long.
    func note(_ bytes: Int) throws(Setback) {
        let isSlow = state.withLock { state in
            state.bytes += bytes
            guard let rate = rate(&state, over: period) else { return false }
            state.slowPeriods = line.pace.isFarAbove(rate) ? state.slowPeriods + 1 : 0
            let isSlow = state.slowPeriods >= Self.periods
            // What is far too slow says nothing of the line, until it has been that for long: then it may be the line.
            if state.slowPeriods == 0 || isSlow { line.note(rate: rate) }
            return isSlow
        }
        if isSlow { throw .passing(reason: "the connection is far slower than the others") }
    }

    func end() {
        if let rate = state.withLock({ rate(&$0, over: Self.shortest) }) { line.note(rate: rate) }
    }

    /// The bytes a second of a period that is over; the next one begins.
    private func rate(_ state: inout State, over period: Duration) -> Double? {
        let now = ContinuousClock.now
        guard let since = state.since, now - since >= period else { return nil }
        defer {
            state.since = now
            state.bytes = 0
        }
        return Double(state.bytes) / ((now - since) / .seconds(1))
    }
}
