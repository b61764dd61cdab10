public import Platform
import Synchronization

/// Shows the progress of several things on an output; any thread may tell of it, and none is held up.
public final class ProgressDisplay: Sendable {
    private let terminal: Terminal
    private let screen: Mutex<ProgressScreen>
    private let ended = Mutex(false)
    /// Held while writing: whoever tells of progress does not wait for a terminal that was stopped.
    private let writing = Mutex(())

    /// Describes what is under way by `title`, on an output that is for talk.
    public init(title: String, mode: ProgressMode, on terminal: Terminal) {
        self.terminal = terminal
        let mode = mode.resolved(for: terminal)
        screen = Mutex(ProgressScreen(title: title, mode: mode, style: terminal.style))
    }

    /// Shows progress while `body` runs, and clears it away afterwards.
    public func shown<Result>(while body: () async throws -> Result) async rethrows -> Result {
        let clock = Task {
            while !Task.isCancelled {
                try? await blocking { self.tick() }
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
        defer {
            clock.cancel()
            end()
        }
        return try await body()
    }

    /// Adds a thing, of which `done` was done before.
    public func add(_ name: String, total: ByteCount?, done: ByteCount = 0) {
        screen.withLock { $0.add(name, total: total, done: done) }
    }

    /// Notes how far a thing has come.
    public func update(_ name: String, done: ByteCount) {
        screen.withLock { $0.update(name, done: done, at: .now) }
    }

    /// Shows a word in place of a thing's rate, for example `verifying`; `nil` shows the rate again.
    public func note(_ name: String, _ note: String?) {
        screen.withLock { $0.note(name, note, at: .now) }
    }

    /// Notes that a thing is done.
    public func finish(_ name: String) {
        screen.withLock { $0.finish(name, at: .now) }
    }

    /// Writes a line that stays; in the JSON mode as an object.
    public func line(_ text: String) {
        if screen.withLock({ $0.mode }) == .json { return event(["event": "message", "message": text]) }
        writing.withLock { _ in terminal.say(screen.withLock { $0.line(text, width: terminal.width) }) }
    }

    /// Writes an event as a line of JSON; in the other modes it is not shown.
    public func event(_ event: some Encodable & Sendable) {
        guard screen.withLock({ $0.mode }) == .json, let line = try? JSON.encodeLine(event) else { return }
        writing.withLock { _ in terminal.say(String(decoding: line, as: UTF8.self) + "\n") }
    }

    private func tick() {
        _ = writing.withLockIfAvailable { _ in
            guard !ended.withLock({ $0 }) else { return }
            let (width, height) = (terminal.width, terminal.height)
            let text = screen.withLock { $0.tick(at: .now, width: width, height: height) }
            if !text.isEmpty { terminal.say(text) }
        }
    }

    private func end() {
        writing.withLock { _ in
            ended.withLock { $0 = true }
            terminal.say(screen.withLock { $0.end(at: .now, width: terminal.width) })
        }
    }
}
