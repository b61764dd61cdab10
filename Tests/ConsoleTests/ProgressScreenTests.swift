import Console
import Platform
import Testing

/// A ledger and a screen, and a clock that a test moves.
struct ScreenRun {
    private let start = ContinuousClock.now
    private var milliseconds = 0
    private var screen: ProgressScreen
    var ledger: ProgressLedger
    var width = 80
    var height: Int? = 24

    init(_ mode: ProgressMode, phase: String = "downloading") {
        screen = ProgressScreen(title: "llama3:8b", mode: mode, style: .plain)
        ledger = ProgressLedger(
            title: "llama3:8b",
            phase: phase,
            isRecordingChanges: mode == .json,
            at: start
        )
    }

    var now: ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    /// What is written until so many milliseconds after the start; each tenth of a second something may happen.
    mutating func written(
        until end: Int,
        _ happening: (_ milliseconds: Int, inout ProgressLedger, ContinuousClock.Instant) -> Void = {
            _,
            _,
            _ in
        }
    ) -> String {
        var text = ""
        while milliseconds < end {
            milliseconds += 100
            happening(milliseconds, &ledger, now)
            text += screen.tick(ledger.snapshot(at: now), at: now, width: width, height: height)
        }
        return text
    }

    mutating func end(_ phase: String = "done", isGood: Bool = true) -> String {
        ledger.end(phase, isGood: isGood, at: now)
        return screen.end(ledger.snapshot(at: now), isGood: isGood, at: now, width: width)
    }

    mutating func add(_ name: String, _ total: ByteCount?) {
        ledger.add(name, total: total, phase: "queued", at: now)
    }

    mutating func update(_ name: String, _ done: ByteCount, of total: ByteCount?) {
        ledger.update(name, done: done, of: total, at: now)
    }
}

struct PlainProgressTests {
    @Test func `lines come every five seconds and at the end`() {
        var run = ScreenRun(.plain)
        run.add("a", 100_000)
        run.add("b", 100_000)
        let written = run.written(until: 12_000) { time, ledger, now in
            let name = time <= 6000 ? "a" : "b"
            let done = ByteCount(Int64((time - 1) % 6000 + 1) * 100 / 6)
            ledger.update(name, done: done, of: 100_000, at: now)
            if done == 100_000 { ledger.finish(name, as: "done", at: now) }
        }
        #expect(
            written + run.end() == """
                llama3:8b: 42% of 200 kB, 0/2, 17 kB/s, 0:07 left
                llama3:8b: 84% of 200 kB, 1/2, 17 kB/s, 0:02 left
                llama3:8b: 200 kB in 0:11

                """
        )
    }

    @Test func `each phase has a line when it begins, however short it is`() {
        var run = ScreenRun(.plain, phase: "resolving")
        run.ledger.enter("resolving", saying: "resolving org/name", at: run.now)
        var written = run.written(until: 300)
        run.ledger.enter("downloading", saying: "downloading org/name", at: run.now)
        run.add("a", 1000)
        run.update("a", 1000, of: 1000)
        run.ledger.finish("a", as: "done", at: run.now)
        written += run.written(until: 600)
        run.ledger.enter("storing", saying: "storing org/name", at: run.now)
        written += run.written(until: 900)
        #expect(written + run.end() == "resolving org/name\ndownloading org/name\nstoring org/name\n")
    }

    @Test func `a phase is announced at once, and a further step of it is not`() {
        var run = ScreenRun(.plain, phase: "resolving")
        run.ledger.enter("resolving", saying: "resolving it", at: run.now)
        var written = run.written(until: 100)
        run.ledger.enter("resolving", saying: "listing its files", at: run.now)
        written += run.written(until: 3000)
        #expect(written == "resolving it\n")
        run.ledger.enter("storing", saying: "storing it", at: run.now)
        #expect(run.written(until: 3100) == "storing it\n")
    }

    @Test func `a wait is told at once and then rarely`() {
        var run = ScreenRun(.plain)
        run.update("a", 500, of: 1000)
        var written = run.written(until: 5100)
        run.ledger.wait("waiting", for: "hub", seconds: 60, saying: "waiting for the hub", at: run.now)
        written += run.written(until: 45_000)
        #expect(
            written == """
                llama3:8b: 50% of 1.0 kB, 0 B/s
                waiting for the hub
                llama3:8b: 50% of 1.0 kB, waiting 0:31

                """
        )
    }

    @Test func `a wait that many run into is told once, and another one again`() {
        var run = ScreenRun(.plain)
        for host in ["hub", "hub", "cdn"] {
            run.ledger.wait("waiting", for: host, seconds: 4, saying: "waiting for \(host)", at: run.now)
        }
        let first = run.written(until: 100) { _, ledger, now in
            ledger.wait("waiting", for: "cdn", seconds: 4, saying: "waiting for cdn", at: now)
        }
        #expect(first == "waiting for hub\nwaiting for cdn\n")
        let again = run.written(until: 5000) { time, ledger, now in
            guard time == 5000 else { return }
            ledger.wait("waiting", for: "hub", seconds: 4, saying: "waiting for hub", at: now)
        }
        #expect(again == "waiting for hub\n")
    }

    @Test func `an end before the end says how far it came`() {
        var run = ScreenRun(.plain)
        run.update("a", 500, of: 1000)
        _ = run.written(until: 6000)
        #expect(run.end("failed", isGood: false) == "llama3:8b: 50% of 1.0 kB\n")
    }

    @Test func `a word takes the place of the rate while the last one is checked`() {
        var run = ScreenRun(.plain)
        run.update("a", 1000, of: 1000)
        run.ledger.enter("verifying", of: "a", at: run.now)
        #expect(run.written(until: 30_100) == "llama3:8b: 100% of 1.0 kB, verifying 0:30\n")
    }
}

struct BarProgressTests {
    @Test func `bars are drawn when they change, at most ten times a second`() {
        var run = ScreenRun(.bar)
        run.add("a", 1000)
        var frames = 0
        for step in 1...20 {
            let frame = run.written(until: step * 100) { _, ledger, now in
                ledger.update("a", done: ByteCount(Int64(step * 20)), of: 1000, at: now)
            }
            if !frame.isEmpty { frames += 1 }
        }
        #expect(frames == 20)
        _ = run.written(until: 6000)
        #expect(run.written(until: 8000) == "")
    }

    @Test func `a frame begins where the one before it began, and nothing is left at the end`() {
        var run = ScreenRun(.bar)
        run.width = 40
        run.add("a", 1000)
        run.add("b", 1000)
        run.update("a", 0, of: 1000)
        #expect(
            run.written(until: 100)
                == "\ra               0%     0 B / 1.0 kB\u{1B}[K\n"
                + "llama3:8b 0/2   0%     0 B / 2.0 kB\u{1B}[J"
        )
        run.update("b", 500, of: 1000)
        let second = run.written(until: 200)
        #expect(second.hasPrefix("\r\u{1B}[1Aa "))
        #expect(second.count { $0 == "\n" } == 2)
        run.ledger.finish("a", as: "done", at: run.now)
        let third = run.written(until: 300)
        #expect(third.hasPrefix("\r\u{1B}[2Ab "))
        #expect(third.contains("llama3:8b 1/2 "))
        run.ledger.say("warning", "x", line: "warning: x")
        #expect(run.written(until: 400).hasPrefix("\r\u{1B}[1A\u{1B}[Jwarning: x\n\rb "))
        #expect(run.end() == "\r\u{1B}[1A\u{1B}[J")
    }

    @Test func `a terminal made narrower has wrapped the lines above`() {
        var run = ScreenRun(.bar)
        run.width = 81
        run.update("a", 500, of: 1000)
        _ = run.written(until: 100)
        run.width = 40
        #expect(run.end() == "\r\u{1B}[1A\u{1B}[J")
    }

    @Test func `only what is under way has a bar, and no more than there are rows`() {
        var run = ScreenRun(.bar)
        for number in 0..<200 {
            run.add("file \(number)", 10)
            if number >= 150 { run.update("file \(number)", 1, of: 10) }
        }
        run.height = 6
        let few = run.written(until: 100)
        #expect(few.count { $0 == "\n" } == 3)
        #expect(few.contains("file 150 ") && !few.contains("file 0 "))
        run.height = 60
        #expect(run.written(until: 200).count { $0 == "\n" } == 16)
        run.height = 1
        #expect(run.written(until: 300).count { $0 == "\n" } == 0)
    }

    @Test func `parts of one file are told from each other in few columns`() {
        for name in ["model-0000*-of-00009.safetensors", "some/folder/a-model-q4_k_m-0000*-of-00009.gguf"] {
            var run = ScreenRun(.bar)
            run.width = 20
            for part in ["1", "2", "3"] { run.update(name.replacing("*", with: part), 1, of: 10) }
            let frame = run.written(until: 100)
            for part in ["1", "2", "3"] { #expect(frame.contains("0\(part)…"), "\(frame)") }
        }
    }

    @Test func `the phase is shown before the first byte, and for how long once that is long`() {
        var run = ScreenRun(.bar, phase: "resolving")
        #expect(run.written(until: 100) == "\rllama3:8b  resolving\u{1B}[J")
        #expect(run.written(until: 7100).hasSuffix("\rllama3:8b  resolving 0:07\u{1B}[J"))
    }

    @Test func `a stage is no line of its own unless it is urgent`() {
        var run = ScreenRun(.bar, phase: "resolving")
        run.ledger.enter("storing", saying: "storing it", at: run.now)
        run.ledger.enter("waiting", saying: "waiting for another", isUrgent: true, at: run.now)
        #expect(run.written(until: 100) == "waiting for another\n\rllama3:8b  waiting\u{1B}[J")
    }

    @Test func `a thing that is checked says so beside those that are fetched`() {
        var run = ScreenRun(.bar)
        run.update("a", 1000, of: 1000)
        run.update("b", 100, of: 1000)
        run.ledger.enter("verifying", of: "a", at: run.now)
        let frame = run.written(until: 500) { time, ledger, now in
            ledger.update("b", done: ByteCount(Int64(time)), of: 1000, at: now)
        }
        let lines = frame.split(separator: "\n").suffix(3).map(String.init)
        #expect(lines[0].contains(" 1.0 kB  verifying"))
        #expect(lines[1].contains("/s") && lines[2].contains("/s"))
        run.update("a", 1000, of: 1000)
        #expect(run.written(until: 600).contains("verifying"))
        run.update("a", 10, of: 1000)
        #expect(!run.written(until: 700).contains("verifying"))
    }
}
