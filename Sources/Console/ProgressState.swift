public import Platform

/// How far one thing has come, and what is being done to it.
public struct ProgressState: Sendable, Equatable {
    /// A pause that ends at a known time.
    public struct Wait: Sendable, Equatable {
        /// Who asked for it.
        public var host: String
        /// The seconds until it ends.
        public var seconds: Int64

        /// States a pause.
        public init(host: String, seconds: Int64) {
            self.host = host
            self.seconds = seconds
        }
    }

    /// What it is.
    public var name: String
    /// What is being done to it, in a word that scripts know.
    public var phase: String
    /// How much is done.
    public var done: ByteCount
    /// How much there is, where that is known.
    public var total: ByteCount?
    /// How much is done in a second.
    public var rate: ByteCount?
    /// The seconds to go.
    public var secondsLeft: Int64?
    /// What it waits for.
    public var wait: Wait?
    /// What is shown in place of rate and time, for example `verifying`.
    public var note: String?

    /// States how far something has come.
    public init(
        name: String,
        phase: String = "",
        done: ByteCount,
        total: ByteCount?,
        rate: ByteCount? = nil,
        secondsLeft: Int64? = nil,
        wait: Wait? = nil,
        note: String? = nil
    ) {
        self.name = name
        self.phase = phase
        self.done = done
        self.total = total
        self.rate = rate
        self.secondsLeft = secondsLeft
        self.wait = wait
        self.note = note
    }

    /// The share that is done, from 0 to 1; nothing of nothing is all.
    var share: Double? {
        guard let total else { return nil }
        return total > 0 ? min(1, max(0, Double(done.bytes) / Double(total.bytes))) : 1
    }

    /// Rounded down, so that 100 % is the end.
    var percent: String? {
        guard let total else { return nil }
        guard total > 0, done < total else { return "100%" }
        let hundredfold = max(0, done.bytes).multipliedFullWidth(by: 100)
        return "\(total.bytes.dividingFullWidth(hundredfold).quotient)%"
    }
}

/// A span of time as a clock shows it, for example `0:07`, `12:30`, `1:02:03`, `5 d`; empty beyond all sense.
public func clockTime(_ seconds: Int64) -> String {
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if seconds >= 100 * 3600 { return seconds < 1000 * 86_400 ? "\(seconds / 86_400) d" : "" }
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
}
