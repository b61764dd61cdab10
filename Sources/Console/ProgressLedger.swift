public import Platform

/// What is known of several things under way: told what happens and when, it says how far each has come.
///
/// A phase is a word for what is being done. The whole has one, and each thing that is not in the whole's has its own.
public struct ProgressLedger: Sendable {
    private struct Item: Sendable {
        var state: ProgressState
        var isStarted = false
        var isFinished = false
        /// What was done while it was watched, which is what a rate is made of.
        var received: ByteCount = 0
        /// When it last came further.
        var moved: ContinuousClock.Instant
        /// When its phase began.
        var began: ContinuousClock.Instant
        var pace = Pace()

        var isActive: Bool { isStarted && !isFinished }
    }

    fileprivate struct Wait: Sendable {
        let phase: String
        let host: String
        let end: ContinuousClock.Instant
    }

    /// Some thirty years: what a server claims beyond that is no number to reckon with.
    private static let longestWait = 1_000_000_000

    private let title: String
    private let isRecordingChanges: Bool
    private var items: [Item] = []
    private var places: [String: Int] = [:]
    private var phase: String
    private var phaseBegan: ContinuousClock.Instant
    private var isEnded = false
    private var waits: [String: Wait] = [:]
    private var received: ByteCount = 0
    private var began: ContinuousClock.Instant?
    private var moved: ContinuousClock.Instant?
    private var pace = Pace()
    private var news: [ProgressNews] = []

    /// Starts with nothing under way; changes are recorded one by one only where somebody reads them.
    public init(
        title: String,
        phase: String,
        isRecordingChanges: Bool,
        at now: ContinuousClock.Instant
    ) {
        self.title = title
        self.phase = phase
        self.isRecordingChanges = isRecordingChanges
        phaseBegan = now
    }

    // MARK: What happens to the whole

    /// Notes that the whole enters a phase, which `text` says in a sentence, if it is to be said.
    public mutating func enter(
        _ phase: String,
        saying text: String?,
        isUrgent: Bool = false,
        at now: ContinuousClock.Instant
    ) {
        guard !isEnded else { return }
        (self.phase, phaseBegan, waits) = (phase, now, [:])
        news.append(.stage(ProgressStage(phase: phase, text: text, isUrgent: isUrgent, began: now)))
        recordTotal(at: now)
    }

    /// Notes that nothing is asked of a host for some seconds.
    public mutating func wait(
        _ phase: String,
        for host: String,
        seconds: Int,
        saying text: String?,
        at now: ContinuousClock.Instant
    ) {
        guard !isEnded else { return }
        let end = now + .seconds(min(max(0, seconds), Self.longestWait))
        let known = waits[host]?.end ?? now
        waits[host] = Wait(phase: phase, host: host, end: max(known, end))
        // Everything that runs into the same wait tells of it.
        if known > now, end < known + .seconds(2) { return }
        news.append(.stage(ProgressStage(phase: phase, text: text, isUrgent: true, began: now)))
        if isSilent(since: moved, at: now) { recordTotal(at: now) }
    }

    /// Writes a line that stays, or to a script an event of that kind.
    public mutating func say(_ kind: String, _ text: String, line: String?) {
        news.append(.message(kind: kind, text: text, line: line))
    }

    /// Notes the end of it all; after a good one, nothing is left undone.
    public mutating func end(_ phase: String, isGood: Bool, at now: ContinuousClock.Instant) {
        if isGood { for item in items where !item.isFinished { finish(item.state.name, as: phase, at: now) } }
        (self.phase, phaseBegan, waits, isEnded) = (phase, now, [:], true)
        recordTotal(at: now, isGood: isGood)
    }

    // MARK: What happens to a thing

    /// Adds a thing whose turn comes later.
    public mutating func add(
        _ name: String,
        total: ByteCount?,
        phase: String,
        at now: ContinuousClock.Instant
    ) {
        change(name, at: now) { item in
            item.state.phase = phase
            item.state.total = total
        }
    }

    /// Notes what was done of a thing before, which counts for no rate.
    public mutating func resume(
        _ name: String,
        at done: ByteCount,
        of total: ByteCount?,
        at now: ContinuousClock.Instant
    ) {
        change(name, at: now) { item in
            item.state.done = done
            item.state.total = total
        }
    }

    /// Notes how far a thing has come, in the phase of the whole.
    public mutating func update(
        _ name: String,
        done: ByteCount,
        of total: ByteCount?,
        at now: ContinuousClock.Instant
    ) {
        let phase = phase
        var more: ByteCount = 0
        change(name, at: now) { item in
            guard !item.isFinished else { return }
            more = done - item.state.done
            item.state.done = done
            item.state.total = total
            if !item.isStarted { item.pace.note(item.received, at: now) }
            item.received += more
            if more > 0 { item.moved = now }
            // Told late, the last byte does not take a thing back out of what came after it.
            guard !item.isStarted || done != total else { return }
            item.isStarted = true
            item.state.phase = phase
        }
        if began == nil {
            (began, moved) = (now, now)
            pace.note(received, at: now)
        }
        received += more
        if more > 0 { moved = now }
    }

    /// Notes that a thing enters a phase of its own.
    public mutating func enter(_ phase: String, of name: String, at now: ContinuousClock.Instant) {
        change(name, at: now) { item in
            guard !item.isFinished else { return }
            item.isStarted = true
            item.state.phase = phase
        }
    }

    /// Notes that a thing is done.
    public mutating func finish(_ name: String, as phase: String, at now: ContinuousClock.Instant) {
        change(name, at: now) { item in
            item.state.done = item.state.total ?? item.state.done
            item.state.phase = phase
            item.isFinished = true
        }
    }

    private mutating func change(
        _ name: String,
        at now: ContinuousClock.Instant,
        _ body: (inout Item) -> Void
    ) {
        guard !isEnded else { return }
        let place: Int
        if let known = places[name] {
            place = known
        } else {
            place = items.count
            places[name] = place
            items.append(Item(state: ProgressState(name: name, done: 0, total: nil), moved: now, began: now))
        }
        let before = items[place].state.phase
        body(&items[place])
        guard items[place].state.phase != before else { return }
        items[place].began = now
        if isRecordingChanges { news.append(.change(items[place].state, isTotal: false)) }
    }

    private mutating func recordTotal(at now: ContinuousClock.Instant, isGood: Bool = false) {
        guard isRecordingChanges else { return }
        var total = total(at: now)
        // Nothing had to be done, which is known by now.
        if isGood, items.isEmpty { total.total = 0 }
        news.append(.change(total, isTotal: true))
    }

    // MARK: What is known

    /// What there is to say at this moment: asked ten times a second, it also learns the rates from that.
    public mutating func snapshot(at now: ContinuousClock.Instant) -> ProgressSnapshot {
        if began != nil { pace.note(received, at: now) }
        for place in items.indices where items[place].isActive {
            items[place].pace.note(items[place].received, at: now)
        }
        defer { news = [] }
        return ProgressSnapshot(
            total: total(at: now),
            active: items.lazy.filter(\.isActive).map { state(of: $0, at: now) },
            count: items.count,
            finished: items.count { $0.isFinished },
            began: began,
            news: news
        )
    }

    private func isSilent(since moved: ContinuousClock.Instant?, at now: ContinuousClock.Instant) -> Bool {
        moved.map { now - $0 >= .seconds(1) } ?? true
    }

    /// What is being waited for, unless something moves all the same.
    private func wait(movedAt moved: ContinuousClock.Instant?, at now: ContinuousClock.Instant) -> Wait? {
        guard let wait = waits.values.max(by: { $0.end < $1.end }), wait.end > now else { return nil }
        return isSilent(since: moved, at: now) ? wait : nil
    }

    private func state(of item: Item, at now: ContinuousClock.Instant) -> ProgressState {
        var state = item.state
        if state.phase != phase {
            state.note = note(state.phase, since: item.began, at: now)
        } else if let wait = wait(movedAt: item.moved, at: now) {
            state.wait(wait, at: now)
        } else {
            state.rate = item.pace.rate(at: now)
            state.secondsLeft = state.total.flatMap { item.pace.seconds(for: $0 - state.done, at: now) }
        }
        return state
    }

    /// All things as one.
    private func total(at now: ContinuousClock.Instant) -> ProgressState {
        let isKnown = !items.isEmpty && items.allSatisfy { $0.state.total != nil }
        var state = ProgressState(
            name: title,
            phase: phase,
            done: items.lazy.map(\.state.done).total(),
            total: isKnown ? items.lazy.compactMap(\.state.total).total() : nil
        )
        if isEnded { return state }
        if let wait = wait(movedAt: moved, at: now) {
            state.wait(wait, at: now)
        } else if items.contains(where: { $0.isActive && $0.state.phase == phase }) {
            state.rate = pace.rate(at: now)
            state.secondsLeft = state.total.flatMap { pace.seconds(for: $0 - state.done, at: now) }
        } else if let (common, began) = commonPhase {
            state.phase = common
            state.note = note(common, since: began, at: now)
        } else {
            state.note = note(phase, since: phaseBegan, at: now)
        }
        return state
    }

    /// The phase in which everything is that is not done, and when the last one entered it.
    private var commonPhase: (String, ContinuousClock.Instant)? {
        var common: (phase: String, began: ContinuousClock.Instant)?
        for item in items where !item.isFinished {
            guard item.isStarted, common == nil || common?.phase == item.state.phase else { return nil }
            common = (item.state.phase, max(item.began, common?.began ?? item.began))
        }
        return common.map { ($0.phase, $0.began) }
    }

    /// A word, and for how long it has been so once that begins to be long.
    private func note(
        _ phase: String,
        since began: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) -> String {
        let seconds = Int64((now - began) / .seconds(1))
        return seconds >= 3 ? "\(phase) \(clockTime(seconds))" : phase
    }
}

extension ProgressState {
    fileprivate mutating func wait(_ wait: ProgressLedger.Wait, at now: ContinuousClock.Instant) {
        let seconds = Int64(((wait.end - now) / .seconds(1)).rounded(.up))
        phase = wait.phase
        self.wait = Wait(host: wait.host, seconds: seconds)
        note = "\(phase) \(clockTime(seconds))"
    }
}
