public import Platform
import Synchronization

/// Shows the progress of several things on an output; any thread may tell of it, and none is held up.
///
/// What is told is only noted; a task of the display's own writes it, ten times a second.
public final class ProgressDisplay: Sendable {
    private struct Known: Sendable {
        var ledger: ProgressLedger
        /// Whether somebody comes by who writes what is said.
        var isShown = false
        /// Whether another program has the output.
        var isYielding = false
    }

    private let terminal: Terminal
    private let known: Mutex<Known>
    /// Held while writing.
    private let screen: Mutex<ProgressScreen>

    /// Describes what is under way by `title`, on an output that is for talk; it begins in a phase.
    public init(title: String, phase: String, mode: ProgressMode, on terminal: Terminal) {
        self.terminal = terminal
        let mode = mode.resolved(for: terminal)
        known = Mutex(
            Known(
                ledger: ProgressLedger(
                    title: title,
                    phase: phase,
                    isRecordingChanges: mode == .json,
                    at: .now
                )
            )
        )
        screen = Mutex(ProgressScreen(title: title, mode: mode, style: terminal.style))
    }

    /// Shows progress while `body` runs, and clears it away afterwards; `ending` names the last phase, for how it
    /// ended.
    public func shown<Result>(
        while body: () async throws -> Result,
        ending: ((any Error)?) -> String
    ) async throws -> Result {
        known.withLock { $0.isShown = true }
        let clock = Task {
            // What takes less than a blink is not shown.
            while (try? await Task.sleep(for: .milliseconds(100))) != nil {
                try? await blocking { self.tick() }
            }
        }
        defer { clock.cancel() }
        do {
            let result = try await body()
            end(ending(nil), isGood: true)
            return result
        } catch {
            end(ending(error), isGood: false)
            throw error
        }
    }

    // MARK: What happens

    /// The whole enters a phase, which `text` says in a sentence, if it is to be said; `isUrgent` says it as a line even
    /// where bars show the phase.
    public func enter(_ phase: String, saying text: String?, isUrgent: Bool = false) {
        known.withLock { $0.isYielding = false }
        tell { $0.enter(phase, saying: text, isUrgent: isUrgent, at: .now) }
    }

    /// The whole enters a phase in which another program writes to the output: what was said is there before this
    /// returns, and no bar comes until the next phase.
    public func yield(_ phase: String, saying text: String?) {
        enter(phase, saying: text, isUrgent: true)
        known.withLock { $0.isYielding = true }
        flush()
    }

    /// Nothing is asked of a host for so many seconds.
    public func wait(_ phase: String, for host: String, seconds: Int, saying text: String?) {
        tell { $0.wait(phase, for: host, seconds: seconds, saying: text, at: .now) }
    }

    /// Says something: to a script as an event of that kind, to a person as a line that stays, if there is one.
    public func say(_ kind: String, _ text: String, line: String?) {
        tell { $0.say(kind, text, line: line) }
    }

    /// There is a thing whose turn comes later.
    public func add(_ name: String, total: ByteCount?, phase: String) {
        tell { $0.add(name, total: total, phase: phase, at: .now) }
    }

    /// So much of a thing was done before, which counts for no rate.
    public func resume(_ name: String, at done: ByteCount, of total: ByteCount?) {
        tell { $0.resume(name, at: done, of: total, at: .now) }
    }

    /// A thing has come so far, in the phase of the whole.
    public func update(_ name: String, done: ByteCount, of total: ByteCount?) {
        tell { $0.update(name, done: done, of: total, at: .now) }
    }

    /// A thing enters a phase of its own.
    public func enter(_ phase: String, of name: String) {
        tell { $0.enter(phase, of: name, at: .now) }
    }

    /// A thing is done.
    public func finish(_ name: String, as phase: String) {
        tell { $0.finish(name, as: phase, at: .now) }
    }

    // MARK: What is written

    private func tell(_ change: (inout ProgressLedger) -> Void) {
        let isShown = known.withLock { known in
            change(&known.ledger)
            return known.isShown
        }
        if !isShown { flush() }
    }

    private func flush() {
        screen.withLock { screen in
            let snapshot = known.withLock { $0.ledger.snapshot(at: .now) }
            write(screen.flush(snapshot, width: terminal.width))
        }
    }

    private func tick() {
        // Nobody queues up behind a terminal that was stopped.
        _ = screen.withLockIfAvailable { screen in
            let now = ContinuousClock.now
            let shown = known.withLock { $0.isShown && !$0.isYielding ? $0.ledger.snapshot(at: now) : nil }
            guard let snapshot = shown else { return }
            write(screen.tick(snapshot, at: now, width: terminal.width, height: terminal.height))
        }
    }

    private func end(_ phase: String, isGood: Bool) {
        screen.withLock { screen in
            let now = ContinuousClock.now
            let snapshot = known.withLock { known in
                known.isShown = false
                known.ledger.end(phase, isGood: isGood, at: now)
                return known.ledger.snapshot(at: now)
            }
            write(screen.end(snapshot, isGood: isGood, at: now, width: terminal.width))
        }
    }

    private func write(_ text: String) {
        if !text.isEmpty { terminal.say(text) }
    }
}
