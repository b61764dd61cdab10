import Console
import Platform
import Testing

struct ProgressScreenTests {
    private let start = ContinuousClock.now

    private func screen(_ mode: ProgressMode) -> ProgressScreen {
        ProgressScreen(title: "llama3:8b", mode: mode, style: .plain)
    }

    private func after(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test func `plain lines come at the start, every five seconds and at the end`() {
        var screen = screen(.plain)
        var written = ""
        screen.add("a", total: 100_000)
        screen.add("b", total: 100_000)
        for step in 0...200 {
            let name = step <= 100 ? "a" : "b"
            let done = ByteCount(Int64(step <= 100 ? step : step - 100) * 1000)
            screen.update(name, done: done, at: after(step * 60))
            if done == 100_000 { screen.finish(name, at: after(step * 60)) }
            written += screen.tick(at: after(step * 60), width: 80, height: 24)
        }
        written += screen.end(at: after(12_000), width: 80)
        #expect(
            written == """
                llama3:8b: 0% of 200 kB, 0/2
                llama3:8b: 42% of 200 kB, 0/2, 17 kB/s, 0:07 left
                llama3:8b: 84% of 200 kB, 1/2, 17 kB/s, 0:02 left
                llama3:8b: 200 kB in 0:12

                """
        )
    }

    @Test func `a plain end before the end says how far it came`() {
        var screen = screen(.plain)
        screen.add("a", total: 1000)
        screen.update("a", done: 500, at: start)
        _ = screen.tick(at: start, width: 80, height: 24)
        #expect(screen.end(at: start, width: 80) == "llama3:8b: 50% of 1.0 kB\n")
    }

    @Test func `bars are drawn at most ten times a second`() {
        var screen = screen(.bar)
        screen.add("a", total: 1000)
        var frames = 0
        for step in 0..<1000 {
            screen.update("a", done: ByteCount(Int64(step)), at: after(step))
            if !screen.tick(at: after(step), width: 80, height: 24).isEmpty { frames += 1 }
        }
        #expect(frames == 10)
    }

    @Test func `a frame begins where the one before it began, and nothing is left at the end`() {
        var screen = screen(.bar)
        screen.add("a", total: 1000)
        screen.add("b", total: 1000)
        screen.update("a", done: 0, at: start)
        #expect(
            screen.tick(at: start, width: 40, height: 24)
                == "\ra           0%     0 B / 1.0 kB\u{1B}[K\nllama3:8b   0%     0 B / 2.0 kB\u{1B}[J"
        )
        screen.update("b", done: 500, at: after(100))
        let second = screen.tick(at: after(100), width: 40, height: 24)
        #expect(second.hasPrefix("\r\u{1B}[1Aa "))
        #expect(second.count { $0 == "\n" } == 2)
        screen.finish("a", at: after(200))
        let third = screen.tick(at: after(200), width: 40, height: 24)
        #expect(third.hasPrefix("\r\u{1B}[2Ab "))
        #expect(screen.line("warning: x", width: 40) == "\r\u{1B}[1A\u{1B}[Jwarning: x\n")
        #expect(screen.tick(at: after(210), width: 40, height: 24).hasPrefix("\rb "))
        #expect(screen.end(at: after(220), width: 40) == "\r\u{1B}[1A\u{1B}[J")
    }

    @Test func `a terminal made narrower has wrapped the lines above`() {
        var screen = screen(.bar)
        screen.add("a", total: 1000)
        screen.update("a", done: 500, at: start)
        _ = screen.tick(at: start, width: 81, height: 24)
        #expect(screen.end(at: after(100), width: 40) == "\r\u{1B}[1A\u{1B}[J")
    }

    @Test func `more things than rows do not scroll the terminal`() {
        var screen = screen(.bar)
        for number in 0..<50 {
            screen.add("file \(number)", total: 10)
            screen.update("file \(number)", done: 1, at: start)
        }
        #expect(screen.tick(at: start, width: 80, height: 6).count { $0 == "\n" } == 3)
        #expect(screen.tick(at: after(100), width: 80, height: 60).count { $0 == "\n" } == 8)
    }

    @Test func `what was done before counts for no rate, and a silent line has none`() {
        var screen = screen(.json)
        screen.add("a", total: 10_000, done: 5000)
        screen.update("a", done: 5000, at: start)
        screen.update("a", done: 7000, at: after(2000))
        #expect(screen.tick(at: after(2000), width: 80, height: nil).contains(#""bytesPerSecond":1000,"#))
        #expect(screen.tick(at: after(9000), width: 80, height: nil).contains(#""bytesPerSecond":0,"#))
    }

    @Test func `the rate is that of the last seconds`() {
        var screen = screen(.json)
        screen.add("a", total: 1_000_000)
        for tenth in 0...100 {
            let slow = Int64(min(tenth, 50)) * 100
            screen.update(
                "a",
                done: ByteCount(slow + Int64(max(0, tenth - 50)) * 1000),
                at: after(tenth * 100)
            )
        }
        let line = screen.tick(at: after(10_000), width: 80, height: nil)
        #expect(line.contains(#""bytesPerSecond":10000,"#))
        #expect(line.contains(#""secondsLeft":95,"#))
    }

    @Test func `a JSON line says the whole and then each thing under way`() {
        var screen = screen(.json)
        screen.add("a", total: 10)
        screen.add("b", total: nil)
        screen.update("a", done: 5, at: start)
        #expect(
            screen.tick(at: start, width: 80, height: nil) == """
                {"doneBytes":5,"event":"progress","name":"llama3:8b","scope":"total"}
                {"doneBytes":5,"event":"progress","name":"a","scope":"item","totalBytes":10}

                """
        )
    }

    @Test(arguments: [ProgressMode.bar, .plain, .json, .none])
    func `nothing is written of nothing`(_ mode: ProgressMode) {
        var screen = screen(mode)
        #expect(screen.tick(at: start, width: 80, height: 24).isEmpty)
        #expect(screen.end(at: start, width: 80).isEmpty)
    }

    @Test func `a word takes the place of the rate while the last one is checked`() {
        var screen = screen(.plain)
        screen.add("a", total: 1000)
        screen.update("a", done: 1000, at: start)
        screen.note("a", "verifying", at: start)
        #expect(screen.tick(at: start, width: 80, height: 24) == "llama3:8b: 100% of 1.0 kB, verifying\n")
    }
}
