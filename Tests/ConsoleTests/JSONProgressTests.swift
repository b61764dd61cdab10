import Console
import Platform
import Testing

struct JSONProgressTests {
    @Test func `a phase is told at once, and numbers once a second`() {
        var run = ScreenRun(.json, phase: "resolving")
        run.ledger.enter("resolving", saying: "resolving org/name", at: run.now)
        #expect(
            run.written(until: 900) == """
                {"event":"stage","message":"resolving org/name","phase":"resolving"}
                {"doneBytes":0,"event":"progress","name":"llama3:8b","phase":"resolving","scope":"total"}

                """
        )
        #expect(
            run.written(until: 1200)
                == #"{"doneBytes":0,"event":"progress","name":"llama3:8b","phase":"resolving","scope":"total"}"#
                + "\n"
        )
        run.add("a", 10)
        run.add("b", nil)
        run.ledger.enter("downloading", saying: nil, at: run.now)
        run.update("a", 5, of: 10)
        #expect(
            run.written(until: 1300) == """
                {"doneBytes":0,"event":"progress","name":"a","phase":"queued","scope":"item","totalBytes":10}
                {"doneBytes":0,"event":"progress","name":"b","phase":"queued","scope":"item"}
                {"event":"stage","phase":"downloading"}
                {"doneBytes":0,"event":"progress","name":"llama3:8b","phase":"downloading","scope":"total"}
                {"doneBytes":5,"event":"progress","name":"a","phase":"downloading","scope":"item","totalBytes":10}

                """
        )
    }

    @Test func `all that is left being checked, the whole is`() {
        var run = ScreenRun(.json)
        run.update("a", 10, of: 10)
        run.ledger.enter("verifying", of: "a", at: run.now)
        let written = run.written(until: 200)
        #expect(written.contains(#""name":"llama3:8b","phase":"verifying","scope":"total""#))
        run.ledger.finish("a", as: "done", at: run.now)
        #expect(
            run.written(until: 300) + run.end() == """
                {"doneBytes":10,"event":"progress","name":"a","phase":"done","scope":"item","totalBytes":10}
                {"doneBytes":10,"event":"progress","name":"llama3:8b","phase":"downloading","scope":"total","totalBytes":10}
                {"doneBytes":10,"event":"progress","name":"llama3:8b","phase":"done","scope":"total","totalBytes":10}

                """
        )
    }

    @Test func `a good end leaves nothing undone`() {
        var run = ScreenRun(.json)
        run.add("a", 10)
        _ = run.written(until: 100)
        #expect(
            run.end() == """
                {"doneBytes":10,"event":"progress","name":"a","phase":"done","scope":"item","totalBytes":10}
                {"doneBytes":10,"event":"progress","name":"llama3:8b","phase":"done","scope":"total","totalBytes":10}

                """
        )
    }

    @Test func `a bad end leaves all as it is`() {
        var run = ScreenRun(.json)
        run.update("a", 5, of: 10)
        _ = run.written(until: 100)
        #expect(
            run.end("interrupted", isGood: false)
                == #"{"doneBytes":5,"event":"progress","name":"llama3:8b","phase":"interrupted","scope":"total","totalBytes":10}"#
                + "\n"
        )
        run.update("a", 6, of: 10)
        run.ledger.finish("a", as: "done", at: run.now)
        #expect(run.written(until: 500) == "")
    }

    @Test func `a wait has its host and its seconds until the time is over`() {
        var run = ScreenRun(.json, phase: "resolving")
        run.ledger.wait("waiting", for: "hub", seconds: 3, saying: "waiting 3 s", at: run.now)
        #expect(
            run.written(until: 100) == """
                {"event":"stage","message":"waiting 3 s","phase":"waiting"}
                {"doneBytes":0,"event":"progress","host":"hub","name":"llama3:8b","phase":"waiting","scope":"total","untilSeconds":3}

                """
        )
        let rest = run.written(until: 3000).split(separator: "\n").map(String.init)
        func line(_ phase: String, _ more: String = "") -> String {
            #"{"doneBytes":0,"event":"progress","# + more
                + #""name":"llama3:8b","phase":"\#(phase)","scope":"total""#
        }
        #expect(
            rest == [
                line("waiting", #""host":"hub","#) + #","untilSeconds":2}"#,
                line("waiting", #""host":"hub","#) + #","untilSeconds":1}"#,
                line("resolving") + "}",
            ]
        )
    }

    @Test func `what goes on during a wait is no waiting`() {
        var run = ScreenRun(.json)
        run.update("a", 0, of: 100_000)
        run.ledger.wait("waiting", for: "hub", seconds: 100, saying: nil, at: run.now)
        let moving = run.written(until: 3500) { time, ledger, now in
            ledger.update("a", done: ByteCount(Int64(time)), of: 100_000, at: now)
        }
        #expect(!moving.contains("untilSeconds"))
        let silent = run.written(until: 6000)
        #expect(silent.contains(#""name":"a","phase":"waiting""#))
        #expect(silent.contains(#""name":"llama3:8b","phase":"waiting""#))
        #expect(!silent.split(separator: "\n").suffix(2).joined().contains("bytesPerSecond"))
    }

    @Test func `a phase of the whole ends a wait`() {
        var run = ScreenRun(.json, phase: "resolving")
        run.ledger.wait("waiting", for: "hub", seconds: 100, saying: nil, at: run.now)
        _ = run.written(until: 200)
        run.ledger.enter("storing", saying: nil, at: run.now)
        #expect(!run.written(until: 2000).contains("waiting"))
    }

    @Test func `what was done before counts for no rate, and a silent line has none`() {
        var run = ScreenRun(.json)
        run.add("a", 100_000)
        run.add("b", 9_000_000)
        run.ledger.resume("a", at: 50_000, of: 100_000, at: run.now)
        let moving = run.written(until: 4100) { time, ledger, now in
            ledger.update("a", done: ByteCount(50_000 + Int64(time)), of: 100_000, at: now)
            if time == 2000 { ledger.finish("b", as: "done", at: now) }
        }
        #expect(
            moving.split(separator: "\n").suffix(2).allSatisfy { $0.contains(#""bytesPerSecond":1000,"#) }
        )
        let silent = run.written(until: 9000).split(separator: "\n").suffix(2)
        #expect(silent.allSatisfy { $0.contains(#""bytesPerSecond":0,"#) && !$0.contains("secondsLeft") })
    }

    @Test func `what is begun again has a rate that is not below nothing`() {
        var run = ScreenRun(.json)
        let written = run.written(until: 6000) { time, ledger, now in
            ledger.update("a", done: ByteCount(Int64(time % 3000) * 1000), of: 4_000_000, at: now)
        }
        #expect(!written.contains("-"))
        #expect(written.split(separator: "\n").suffix(1).joined().contains(#""bytesPerSecond":1000000,"#))
    }
}

struct PaceTests {
    private func lefts(
        until end: Int,
        of total: Int64,
        _ done: (_ milliseconds: Int) -> Int64
    ) -> [(rate: Int64?, left: Int64?)] {
        var run = ScreenRun(.json)
        var found: [(Int64?, Int64?)] = []
        for second in 1...(end / 1000) {
            let lines = run.written(until: second * 1000 + 100) { time, ledger, now in
                ledger.update("a", done: ByteCount(done(time)), of: ByteCount(total), at: now)
            }
            let line =
                lines.split(separator: "\n").last { $0.contains(#""scope":"total""#) }.map(String.init) ?? ""
            found.append((number("bytesPerSecond", in: line), number("secondsLeft", in: line)))
        }
        return found
    }

    private func number(_ key: String, in line: String) -> Int64? {
        line.firstRange(of: "\"\(key)\":").flatMap { range in
            Int64(line[range.upperBound...].prefix { $0.isNumber || $0 == "-" })
        }
    }

    @Test func `the rate is that of the last seconds`() {
        let found = lefts(until: 20_000, of: 1_000_000_000) { time in
            time <= 10_000 ? Int64(time) * 10 : 100_000 + Int64(time - 10_000) * 1000
        }
        #expect(found[8].rate == 10_000)
        #expect(found[13].rate == 1_000_000)
    }

    @Test func `a line that comes in bursts does not make the time to go jump`() {
        // A second of 20 MB/s, a second of nothing: 10 MB/s in the long run.
        let found = lefts(until: 40_000, of: 1_000_000_000) { time in
            Int64(time / 2000) * 20_000_000 + Int64(min(time % 2000, 1000)) * 20_000
        }
        for (second, state) in found.enumerated().dropFirst(8) {
            let truth = 100 - Double(second + 1)
            #expect(abs(Double(state.left ?? 0) - truth) < truth * 0.2, "\(second) s: \(state)")
        }
    }

    @Test func `after a pause the time to go is what it was before`() throws {
        let found = lefts(until: 40_000, of: 1_000_000_000) { time in
            Int64(time <= 15_000 ? time : max(15_000, time - 15_000)) * 10_000
        }
        let before = try #require(found[14].left)
        #expect((84...88).contains(before))
        #expect(found[22].rate == 0 && found[22].left == nil)
        let after = try #require(found[32].left)
        #expect(Double(abs(after - before)) < Double(before) * 0.35)
    }

    @Test func `a new speed moves the time to go, step by step`() throws {
        let found = lefts(until: 40_000, of: 1_000_000_000) { time in
            Int64(min(time, 10_000)) * 20_000 + Int64(max(0, time - 10_000)) * 2000
        }
        let times = try found.dropFirst(3).map { Double(try #require($0.left)) }
        for (one, next) in zip(times, times.dropFirst()) { #expect(next < one * 1.2, "\(times)") }
        #expect(try #require(times.last) > 250)
    }

    @Test func `nothing overflows, whatever is claimed`() {
        var run = ScreenRun(.json)
        for seconds in [Int.min, .max] {
            run.ledger.wait("waiting", for: "hub", seconds: seconds, saying: nil, at: run.now)
        }
        let extremes: [ByteCount] = [0, 1, -1, ByteCount(.max), ByteCount(.min)]
        let written = run.written(until: 10_000) { time, ledger, now in
            let (done, total) = (extremes[time / 100 % 5], extremes[time / 500 % 5])
            ledger.update("a", done: done, of: total, at: now)
            ledger.update("b", done: total, of: done, at: now)
        }
        #expect(written.contains("bytesPerSecond"))
    }
}
