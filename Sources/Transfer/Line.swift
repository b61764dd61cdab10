import Platform
import Synchronization
import Transport

/// The connections that a transfer may have to each origin.
final class Lines: Sendable {
    private let connections: Int
    private let known = Mutex<[Origin?: Line]>([:])

    init(connections: Int) { self.connections = connections }

    /// The line to where an address leads.
    func line(to address: RemoteAddress) -> Line {
        let origin = Origin(address.url)
        return known.withLock { known in
            if let line = known[origin] { return line }
            let line = Line(connections: connections)
            known[origin] = line
            return line
        }
    }
}

/// The line to one origin: a budget of connections, and what is known of its speed.
final class Line: Sendable {
    /// The place of a claim among those that wait for a connection: the first file first, then the lowest bytes.
    struct Turn: Sendable, Comparable {
        let file: Int
        let place: Int64
        fileprivate var number = 0

        init(file: Int, place: Int64) { (self.file, self.place) = (file, place) }

        static func < (left: Turn, right: Turn) -> Bool {
            (left.file, left.place, left.number) < (right.file, right.place, right.number)
        }
    }

    private struct State {
        var free: Int
        var waiting: [Turn] = []
        var lastNumber = 0
        var pace = Pace()
    }

    private let state: Monitor<State>

    init(connections: Int) { state = Monitor(State(free: connections)) }

    var pace: Pace { state.access { $0.pace } }

    /// Waits for a connection to be free; the caller leaves it in the end.
    func enter(_ turn: Turn) async throws {
        let turn = state.access { state in
            state.lastNumber += 1
            var turn = turn
            turn.number = state.lastNumber
            state.waiting.append(turn)
            return turn
        }
        // Also when it is taken: there may be another one for the next.
        defer { state.update { state in state.waiting.removeAll { $0 == turn } } }
        _ = try await state.when { state -> Bool? in
            guard state.free > 0, state.waiting.min() == turn else { return nil }
            state.free -= 1
            return true
        }
    }

    /// Gives a connection back.
    func leave() { state.update { $0.free += 1 } }

    func note(latency: Duration) { state.access { $0.pace.note(latency: latency) } }
    func note(rate: Double) { state.access { $0.pace.note(rate: rate) } }
}

/// What was measured of a line.
struct Pace: Sendable {
    /// Less than this share of what is usual is a connection that is better replaced.
    private static let slow = 0.1
    /// A request may cost this many times less than what it brings.
    private static let worth = 25.0
    /// The bytes that SHA-256 takes in a second, about.
    private static let hashRate = 1e9
    /// What a connection is taken to bring in a second before one has been measured.
    private static let assumedRate = 125e6

    /// The seconds from a request to its answer where nothing else holds it up.
    private var latency: Double?
    /// The bytes that a connection brings in a second.
    private var rate: Double?

    mutating func note(latency: Duration) {
        let seconds = latency / .seconds(1)
        guard let before = self.latency, before < seconds else {
            self.latency = seconds
            return
        }
        // Most of what is more than the least is a wait for others; some of it may be a line that has changed.
        self.latency = 0.95 * before + 0.05 * min(seconds, 2)
    }

    mutating func note(rate: Double) { self.rate = self.rate.map { 0.8 * $0 + 0.2 * rate } ?? rate }

    func isFarAbove(_ rate: Double) -> Bool { self.rate.map { rate < Self.slow * $0 } ?? false }

    /// How much the next request should ask for: so much that waiting for its answer hardly counts, so little that the
    /// last ones end together and the hash, which goes in order, has little left to do then.
    func span(missing: Int64, connections: Int, most: Int64) -> Int64 {
        let least = Ledger.leastSpan
        let latency = latency ?? 0
        let worthwhile = Int64(min(Self.worth * latency * (rate ?? Self.assumedRate), 1e15))
        let share = missing / Int64(connections)
        // One more request for the last bytes pays where the hash would take longer for them than its answer does.
        let tail = least + Int64(latency * Self.hashRate) / Int64(connections)
        return max(least, min(worthwhile, share > tail ? share - least : share, most))
    }
}
