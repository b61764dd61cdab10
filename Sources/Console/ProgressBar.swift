import Platform

/// A line that shows how far something has come.
public enum ProgressBar {
    /// The parts beside the name.
    private enum Part { case time, rate, note, longNote, bar, amount, percent }

    private static let longestBar = 40
    private static let shortestBar = 8
    /// The columns of the rate, of the time, and of a note that stands in their place.
    private static let (rate, time, longestNote) = (9, 8, 19)

    /// The line in at most `width` columns; `nameWidth` lines up the bars of several lines.
    public static func frame(_ state: ProgressState, width: Int, style: Style, nameWidth: Int? = nil)
        -> String
    {
        let name = sanitized(state.name)
        let natural = nameWidth ?? columns(of: name)
        for parts in choices(state) {
            let fixed = parts.reduce(0) { $0 + self.width(of: $1, state, beside: parts) }
            guard min(natural, parts.count > 1 ? 12 : 3) + fixed <= width else { continue }
            let room = min(natural, width - fixed)
            let bar = min(longestBar, shortestBar + width - fixed - room)
            let shown = truncatedInTheMiddle(name, to: room)
            let gap = String(repeating: " ", count: max(0, room - columns(of: shown)))
            let numbers = parts.map { text(of: $0, state, bar: bar, style) }.joined()
            let line = style.bold(shown) + gap + numbers
            return String(line.dropLast(line.reversed().prefix { $0 == " " }.count))
        }
        return truncated(state.note ?? state.percent ?? name, to: width)
    }

    /// What a line may show beside the name, from left to right: the fuller before the narrower.
    private static func choices(_ state: ProgressState) -> [[Part]] {
        var amounts: [[Part]] = [[.bar, .percent, .amount], [.percent, .amount], [.percent]]
        // Nothing of an unknown amount says nothing.
        if state.total == nil { amounts = state.done > 0 || state.note == nil ? [[.amount]] : [[]] }
        guard state.note == nil else {
            return [amounts[0] + [.longNote]] + amounts.map { $0 + [.note] } + [[.note]]
        }
        return [amounts[0] + [.rate, .time], amounts[0] + [.rate]] + amounts
    }

    /// The columns that a part takes with the space before it: the same for all values, so nothing jumps.
    private static func width(of part: Part, _ state: ProgressState, beside parts: [Part]) -> Int {
        switch part {
        case .time: 2 + time
        case .rate: 2 + rate
        // As wide as rate and time, or as the rate: so bars with and without a note are in line.
        case .longNote: 2 + longestNote
        case .note:
            2 + max(parts.contains(.bar) ? rate : 0, min(longestNote, columns(of: state.note ?? "")))
        case .bar: 2 + shortestBar
        case .amount: 2 + (state.total == nil ? 6 : 15)
        case .percent: 1 + 4
        }
    }

    private static func text(of part: Part, _ state: ProgressState, bar: Int, _ style: Style) -> String {
        switch part {
        case .time:
            guard state.total != nil, let seconds = state.secondsLeft else { return "" }
            return "  " + padded(clockTime(seconds), to: time, trailing: true)
        case .rate: return "  " + padded(state.rate.map { "\(amount($0))/s" } ?? "", to: rate, trailing: true)
        case .note, .longNote: return "  " + style.dim(truncated(state.note ?? "", to: longestNote))
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
}
