import Platform

/// What is written of several things under way: shown what is known and told the time, this value says it.
public struct ProgressScreen: Sendable {
    private static let mostBars = 16
    /// Room for the `^C` that a terminal shows at the end of the last line, which it must not break.
    private static let margin = 3

    private let mode: ProgressMode
    private let title: String
    private let style: Style
    /// When something was written that comes again after a time.
    private var drawn: ContinuousClock.Instant?
    private var frame = ProgressFrame()
    /// The phase whose beginning was written last.
    private var announced: String?
    /// The phase of the whole that a script was told last.
    private var told: String?

    /// Starts with nothing written; `mode` must be resolved.
    public init(title: String, mode: ProgressMode, style: Style) {
        self.title = title
        self.mode = mode
        self.style = style
    }

    /// What to write at this moment; nothing if it is too early.
    public mutating func tick(
        _ snapshot: ProgressSnapshot,
        at now: ContinuousClock.Instant,
        width: Int,
        height: Int?
    ) -> String {
        let said = said(snapshot.news, width: width)
        switch mode {
        case .bar:
            let rows = max(0, min(Self.mostBars, (height ?? 24) - 3))
            let room = max(1, width - Self.margin)
            return said + frame.redrawn(lines(snapshot, width: room, rows: rows), width: width)
        case .plain: return said + plainLine(snapshot, at: now)
        case .json: return said + jsonLines(snapshot, at: now)
        case .auto, .none: return said
        }
    }

    /// What to write at once of what is said, whatever the time; no bar is left below it.
    public mutating func flush(_ snapshot: ProgressSnapshot, width: Int) -> String {
        said(snapshot.news, width: width) + frame.cleared(width: width)
    }

    /// What to write at the end.
    public mutating func end(
        _ snapshot: ProgressSnapshot,
        isGood: Bool,
        at now: ContinuousClock.Instant,
        width: Int
    ) -> String {
        let said = said(snapshot.news, width: width)
        switch mode {
        case .bar: return said + frame.cleared(width: width)
        // What is over before a line of progress came has no end worth a line.
        case .plain: return said + (drawn == nil ? "" : plainEnd(snapshot, isGood: isGood, at: now))
        case .json, .auto, .none: return said
        }
    }

    // MARK: What is said once

    private mutating func said(_ news: [ProgressNews], width: Int) -> String {
        var text = ""
        for piece in news {
            if mode == .json {
                text += event(piece).line
            } else if let line = line(piece) {
                text += line + "\n"
            }
        }
        // The bars come back with the next frame.
        return text.isEmpty || mode != .bar ? text : frame.cleared(width: width) + text
    }

    private mutating func event(_ piece: ProgressNews) -> ProgressEvent {
        switch piece {
        case .message(let kind, let text, _): return ProgressEvent(kind: kind, text)
        case .stage(let stage): return ProgressEvent(stage)
        case .change(let state, let isTotal):
            if isTotal { told = state.phase }
            return ProgressEvent(state, isTotal: isTotal)
        }
    }

    private mutating func line(_ piece: ProgressNews) -> String? {
        switch piece {
        case .message(_, _, let line): return line
        case .change: return nil
        case .stage(let stage):
            let text = stage.text.map { style.dim(sanitized($0)) }
            if stage.isUrgent { return text }
            // Steps within a phase are no news.
            guard mode == .plain, text != nil, stage.phase != announced else { return nil }
            announced = stage.phase
            return text
        }
    }

    // MARK: Bars

    private func lines(_ snapshot: ProgressSnapshot, width: Int, rows: Int) -> [ProgressFrame.Line] {
        var states = snapshot.count > 1 ? Array(snapshot.active.prefix(rows)) : []
        var total = snapshot.total
        if snapshot.count > 1 { total.name += " \(snapshot.finished)/\(snapshot.count)" }
        let most = max(12, width * 2 / 5)
        if states.contains(where: { columns(of: $0.name) > most }) {
            let names = withoutSharedEnd(states.map(\.name))
            for index in states.indices { states[index].name = names[index] }
        }
        states.append(total)
        let nameWidth = min(most, states.map { columns(of: $0.name) }.max() ?? 0)
        return states.map { state in
            ProgressFrame.Line(
                text: ProgressBar.frame(state, width: width, style: style, nameWidth: nameWidth),
                columns: columns(
                    of: ProgressBar.frame(state, width: width, style: .plain, nameWidth: nameWidth)
                )
            )
        }
    }

    // MARK: Plain lines

    private mutating func plainLine(_ snapshot: ProgressSnapshot, at now: ContinuousClock.Instant) -> String {
        guard let began = snapshot.began else { return "" }
        let interval: Duration = snapshot.total.note == nil ? .seconds(5) : .seconds(30)
        guard now - (drawn ?? began) >= interval else { return "" }
        drawn = now
        return plainLine(snapshot)
    }

    private func plainLine(_ snapshot: ProgressSnapshot) -> String {
        let total = snapshot.total
        var parts = [total.total.map { "\(total.percent ?? "0%") of \($0)" } ?? "\(total.done)"]
        if snapshot.count > 1 { parts.append("\(snapshot.finished)/\(snapshot.count)") }
        if let note = total.note {
            parts.append(sanitized(note))
        } else if let rate = total.rate {
            parts.append("\(rate)/s")
            if let seconds = total.secondsLeft { parts.append("\(clockTime(seconds)) left") }
        }
        return "\(sanitized(title)): \(parts.joined(separator: ", "))\n"
    }

    private func plainEnd(
        _ snapshot: ProgressSnapshot,
        isGood: Bool,
        at now: ContinuousClock.Instant
    ) -> String {
        guard isGood, let began = snapshot.began else { return plainLine(snapshot) }
        let seconds = Int64((now - began) / .seconds(1))
        return "\(sanitized(title)): \(snapshot.total.done) in \(clockTime(seconds))\n"
    }

    // MARK: JSON

    private mutating func jsonLines(_ snapshot: ProgressSnapshot, at now: ContinuousClock.Instant) -> String {
        let before = drawn ?? now
        drawn = before
        if now - before >= .seconds(1) {
            drawn = now
            told = snapshot.total.phase
            let items = snapshot.active.map { ProgressEvent($0, isTotal: false).line }
            return ProgressEvent(snapshot.total, isTotal: true).line + items.joined()
        }
        guard told != snapshot.total.phase else { return "" }
        told = snapshot.total.phase
        return ProgressEvent(snapshot.total, isTotal: true).line
    }
}

/// Lines at the bottom of a terminal that are drawn over again.
struct ProgressFrame: Sendable {
    struct Line: Sendable, Equatable {
        let text: String
        let columns: Int
    }

    /// What is on the terminal, the cursor being at the end of the last line.
    private var lines: [Line] = []
    private var width = 0

    /// What draws these lines over those before.
    mutating func redrawn(_ new: [Line], width: Int) -> String {
        guard new != lines || width != self.width else { return "" }
        let start = start(width: width)
        (lines, self.width) = (new, width)
        return start + new.map(\.text).joined(separator: "\u{1B}[K\n") + "\u{1B}[J"
    }

    /// What takes the lines away.
    mutating func cleared(width: Int) -> String {
        guard !lines.isEmpty else { return "" }
        let start = start(width: width)
        lines = []
        return start + "\u{1B}[J"
    }

    /// Moves to where the first line began; a terminal made narrower has wrapped the lines.
    private func start(width: Int) -> String {
        let rows = lines.reduce(0) { $0 + max(1, ($1.columns + width - 1) / max(1, width)) }
        return "\r" + (rows > 1 ? "\u{1B}[\(rows - 1)A" : "")
    }
}
