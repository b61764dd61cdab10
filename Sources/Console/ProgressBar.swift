public import Platform

/// How far one thing has come.
public struct ProgressState: Sendable, Equatable {
    /// What it is.
    public var name: String
    /// How much is done.
    public var done: ByteCount
    /// How much there is, where that is known.
    public var total: ByteCount?
    /// How much is done in a second.
    public var rate: ByteCount?
    /// What is shown in place of rate and time, for example `verifying`.
    public var note: String?

    /// States how far something has come.
    public init(
        name: String,
        done: ByteCount,
        total: ByteCount?,
        rate: ByteCount? = nil,
        note: String? = nil
    ) {
        self.name = name
        self.done = done
        self.total = total
        self.rate = rate
        self.note = note
    }

    /// The whole seconds to go at this rate.
    public var secondsLeft: Int64? {
        guard let total, let rate, rate > 0, total >= done else { return nil }
        let seconds = (Double((total - done).bytes) / Double(rate.bytes)).rounded(.up)
        return seconds < 1e9 ? Int64(seconds) : nil
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

/// A line that shows how far something has come.
public enum ProgressBar {
    /// The parts beside the name, in the order in which a narrow line goes without them.
    private enum Part: CaseIterable { case time, rate, bar, amount, percent }

    private static let shown: [Part] = [.bar, .percent, .amount, .rate, .time]
    private static let longestBar = 40
    private static let shortestBar = 8
    private static let longestNote = 17

    /// The line in at most `width` columns; `nameWidth` lines up the bars of several lines.
    public static func frame(_ state: ProgressState, width: Int, style: Style, nameWidth: Int? = nil)
        -> String
    {
        let name = sanitized(state.name)
        let natural = max(columns(of: name), nameWidth ?? 0)
        for dropped in Part.allCases.indices {
            let parts = Part.allCases[dropped...]
            let fixed = parts.reduce(0) { $0 + self.width(of: $1, state) }
            guard min(natural, parts.count > 1 ? 12 : 3) + fixed <= width else { continue }
            let room = min(natural, width - fixed)
            let bar = min(longestBar, shortestBar + width - fixed - room)
            let numbers = shown.filter(parts.contains).map { text(of: $0, state, bar: bar, style) }.joined()
            let line = style.bold(truncatedInTheMiddle(name, to: room)) + gap(after: name, in: room) + numbers
            return String(line.dropLast(line.reversed().prefix { $0 == " " }.count))
        }
        return truncated(state.percent ?? name, to: width)
    }

    private static func gap(after name: String, in room: Int) -> String {
        String(repeating: " ", count: max(0, room - columns(of: truncatedInTheMiddle(name, to: room))))
    }

    /// The columns that a part takes with the space before it: the same for all values, so nothing jumps.
    private static func width(of part: Part, _ state: ProgressState) -> Int {
        switch part {
        case .time: state.total == nil || state.note != nil ? 0 : 2 + 7
        case .rate: 2 + (state.note.map { min(longestNote, columns(of: $0)) } ?? 8)
        case .bar: state.total == nil ? 0 : 2 + shortestBar
        case .amount: 2 + (state.total == nil ? 6 : 15)
        case .percent: state.total == nil ? 0 : 1 + 4
        }
    }

    private static func text(of part: Part, _ state: ProgressState, bar: Int, _ style: Style) -> String {
        guard width(of: part, state) > 0 else { return "" }
        switch part {
        case .time: return "  " + padded(state.secondsLeft.map(time) ?? "", to: 7, trailing: true)
        case .rate:
            if let note = state.note { return "  " + truncated(note, to: longestNote) }
            return "  " + padded(state.rate.map { "\(amount($0))/s" } ?? "", to: 8, trailing: true)
        case .bar:
            let full = Int((state.share ?? 0) * Double(bar))
            let rest = String(repeating: "░", count: bar - full)
            return "  " + style.green(String(repeating: "█", count: full)) + style.dim(rest)
        case .amount:
            let done = padded(amount(state.done), to: 6, trailing: true)
            return "  " + (state.total.map { "\(done) / \(padded(amount($0), to: 6))" } ?? done)
        case .percent: return " " + padded(state.percent ?? "", to: 4, trailing: true)
        }
    }

    /// In at most six columns, whatever a foreign manifest claims.
    private static func amount(_ count: ByteCount) -> String { "\(min(count, 999_000_000_000_000_000))" }

    /// For example `0:07`, `12:30`, `1:02:03`, `5 d`.
    static func time(_ seconds: Int64) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if seconds >= 100 * 3600 { return seconds < 1000 * 86_400 ? "\(seconds / 86_400) d" : "" }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
    }
}
