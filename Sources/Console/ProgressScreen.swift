public import Platform

/// How progress is shown.
public enum ProgressMode: String, Sendable, CaseIterable {
    /// Bars on a terminal that can draw a line again, else plain lines.
    case auto
    /// Lines that are drawn again and again, and are gone at the end.
    case bar
    /// A line now and then.
    case plain
    /// A JSON object a line.
    case json
    /// Nothing.
    case none

    /// What `auto` means on an output; bars where none can be drawn are plain lines too.
    public func resolved(for terminal: Terminal) -> ProgressMode {
        switch self {
        case .auto, .bar: terminal.canRedraw ? .bar : .plain
        case .plain, .json, .none: self
        }
    }
}

/// What is shown of several things under way: told what happened and the time, this value says what to write.
public struct ProgressScreen: Sendable {
    struct Item: Sendable {
        var state: ProgressState
        var isActive = false
        var isFinished = false
        var window = RateWindow()
    }

    let mode: ProgressMode
    private let title: String
    private let style: Style
    private var items: [String: Item] = [:]
    private var order: [String] = []
    private var window = RateWindow()
    private var began: ContinuousClock.Instant?
    private var drawn: ContinuousClock.Instant?
    /// The columns of each line on the terminal, the cursor being at the end of the last.
    private var onScreen: [Int] = []

    /// Starts with nothing under way; `mode` must be resolved.
    public init(title: String, mode: ProgressMode, style: Style) {
        self.title = title
        self.mode = mode
        self.style = style
    }

    // MARK: What happens

    /// Adds a thing, of which `done` was done before.
    public mutating func add(_ name: String, total: ByteCount?, done: ByteCount = 0) {
        if items[name] == nil { order.append(name) }
        items[name] = Item(state: ProgressState(name: name, done: done, total: total))
    }

    /// Notes how far a thing has come.
    public mutating func update(_ name: String, done: ByteCount, at now: ContinuousClock.Instant) {
        change(name, at: now) { $0.state.done = done }
        items[name]?.window.note(done, at: now)
    }

    /// Shows a word in place of a thing's rate, or the rate again.
    public mutating func note(_ name: String, _ note: String?, at now: ContinuousClock.Instant) {
        change(name, at: now) { $0.state.note = note }
    }

    /// Notes that a thing is done.
    public mutating func finish(_ name: String, at now: ContinuousClock.Instant) {
        change(name, at: now) { item in
            if let total = item.state.total { item.state.done = total }
            item.state.note = nil
            item.isFinished = true
        }
    }

    private mutating func change(
        _ name: String,
        at now: ContinuousClock.Instant,
        _ body: (inout Item) -> Void
    ) {
        if began == nil {
            began = now
            window.note(total(at: now).done, at: now)
        }
        if items[name] == nil { add(name, total: nil) }
        guard var item = items[name] else { return }
        if !item.isActive {
            item.isActive = true
            item.window.note(item.state.done, at: now)
        }
        body(&item)
        items[name] = item
    }

    // MARK: What is written

    /// What to write at this moment; nothing if it is too early.
    public mutating func tick(at now: ContinuousClock.Instant, width: Int, height: Int?) -> String {
        guard began != nil else { return "" }
        window.note(total(at: now).done, at: now)
        let interval: Duration =
            switch mode {
            case .bar: .milliseconds(100)
            case .json: .seconds(1)
            case .plain: .seconds(5)
            case .auto, .none: .seconds(3600)
            }
        if let drawn, now - drawn < interval { return "" }
        drawn = now
        switch mode {
        case .bar: return redrawn(at: now, width: max(10, width - 1), height: height ?? 24)
        case .plain: return plainLine(at: now)
        case .json: return jsonLines(at: now)
        case .auto, .none: return ""
        }
    }

    /// A line of text that stays, above what is drawn.
    public mutating func line(_ text: String, width: Int) -> String {
        // The bars come back with the next tick.
        drawn = mode == .bar ? nil : drawn
        return cleared(width: width) + text + "\n"
    }

    /// What to write at the end.
    public mutating func end(at now: ContinuousClock.Instant, width: Int) -> String {
        guard let began else { return "" }
        switch mode {
        case .bar: return cleared(width: width)
        case .plain:
            let total = total(at: now)
            let isWhole = items.values.allSatisfy(\.isFinished)
            guard isWhole else { return plainLine(at: now) }
            let seconds = Int64((now - began) / .seconds(1))
            return "\(sanitized(title)): \(total.done) in \(ProgressBar.time(seconds))\n"
        case .json: return jsonLines(at: now)
        case .auto, .none: return ""
        }
    }

    // MARK: Parts

    /// All things as one.
    private func total(at now: ContinuousClock.Instant) -> ProgressState {
        let states = order.compactMap { items[$0]?.state }
        let totals = states.compactMap(\.total)
        let isKnown = totals.count == states.count
        return ProgressState(
            name: title,
            done: states.map(\.done).total(),
            total: isKnown ? totals.total() : nil,
            rate: window.rate(at: now),
            note: states.count == 1 ? states[0].note : nil
        )
    }

    private func active(at now: ContinuousClock.Instant) -> [ProgressState] {
        order.compactMap { items[$0] }.filter { $0.isActive && !$0.isFinished }.map { item in
            var state = item.state
            state.rate = item.window.rate(at: now)
            return state
        }
    }

    private mutating func redrawn(at now: ContinuousClock.Instant, width: Int, height: Int) -> String {
        let most = max(0, min(8, height - 3))
        let states = (order.count > 1 ? active(at: now).prefix(most) : []) + [total(at: now)]
        let nameWidth = min(36, states.map { columns(of: $0.name) }.max() ?? 0)
        let lines = states.map { ProgressBar.frame($0, width: width, style: style, nameWidth: nameWidth) }
        let up = rowsAbove(width: width + 1)
        onScreen = states.map {
            columns(of: ProgressBar.frame($0, width: width, style: .plain, nameWidth: nameWidth))
        }
        return "\r" + (up > 0 ? "\u{1B}[\(up)A" : "") + lines.joined(separator: "\u{1B}[K\n") + "\u{1B}[J"
    }

    private mutating func cleared(width: Int) -> String {
        guard !onScreen.isEmpty else { return "" }
        let up = rowsAbove(width: width)
        onScreen = []
        return "\r" + (up > 0 ? "\u{1B}[\(up)A" : "") + "\u{1B}[J"
    }

    /// The rows between the first line and the cursor; a terminal made narrower has wrapped them.
    private func rowsAbove(width: Int) -> Int {
        onScreen.reduce(0) { $0 + max(1, ($1 + width - 1) / max(1, width)) } - (onScreen.isEmpty ? 0 : 1)
    }

    private func plainLine(at now: ContinuousClock.Instant) -> String {
        let total = total(at: now)
        var parts = [total.total.map { "\(total.percent ?? "0%") of \($0)" } ?? "\(total.done)"]
        if order.count > 1 { parts.append("\(items.values.count { $0.isFinished })/\(order.count)") }
        if let note = total.note {
            parts.append(sanitized(note))
        } else if let rate = total.rate {
            parts.append("\(rate)/s")
            if let seconds = total.secondsLeft { parts.append("\(ProgressBar.time(seconds)) left") }
        }
        return "\(sanitized(title)): \(parts.joined(separator: ", "))\n"
    }

    private func jsonLines(at now: ContinuousClock.Instant) -> String {
        let lines =
            [ProgressEvent(total(at: now), "total")] + active(at: now).map { ProgressEvent($0, "item") }
        return lines.compactMap { try? String(decoding: JSON.encodeLine($0), as: UTF8.self) + "\n" }.joined()
    }
}

/// A line of the JSON mode.
private struct ProgressEvent: Encodable {
    let event = "progress"
    let scope: String
    let name: String
    let doneBytes: ByteCount
    let totalBytes: ByteCount?
    let bytesPerSecond: ByteCount?
    let secondsLeft: Int64?
    let note: String?

    init(_ state: ProgressState, _ scope: String) {
        self.scope = scope
        name = state.name
        doneBytes = state.done
        totalBytes = state.total
        bytesPerSecond = state.rate
        secondsLeft = state.secondsLeft
        note = state.note
    }
}
