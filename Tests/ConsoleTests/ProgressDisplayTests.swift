import Console
import Platform
import Synchronization
import Testing

struct ProgressDisplayTests {
    private struct Trouble: Error {}

    private func display(
        _ pseudoterminal: Pseudoterminal,
        _ mode: ProgressMode,
        title: String = "llama3:8b"
    ) -> ProgressDisplay {
        let terminal = Terminal(
            descriptor: pseudoterminal.program,
            environment: ["TERM": "xterm", "NO_COLOR": "1"]
        )
        return ProgressDisplay(title: title, phase: "resolving", mode: mode, on: terminal)
    }

    private func ending(_ error: (any Error)?) -> String { error == nil ? "done" : "failed" }

    @Test func `bars are on the terminal while the work runs, and gone after it`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 80)
        let display = display(pseudoterminal, .auto)
        let during = try await display.shown(
            while: {
                display.enter("downloading", saying: "downloading it")
                display.update("a.gguf", done: 250, of: 1000)
                return try await pseudoterminal.shown(until: "25%")
            },
            ending: ending
        )
        #expect(during.contains("llama3:8b"))
        #expect(!during.contains("downloading it"))
        #expect(try await pseudoterminal.shown(until: "\u{1B}[J").hasSuffix("\r\u{1B}[J"))
    }

    @Test func `the first phase is shown though nothing was told`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 80)
        let display = display(pseudoterminal, .auto)
        let shown = try await display.shown(
            while: { try await pseudoterminal.shown(until: "resolving") },
            ending: ending
        )
        #expect(shown.contains("llama3:8b  resolving"))
    }

    @Test func `bars follow a terminal that is resized`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 120)
        let display = display(pseudoterminal, .bar)
        let (wide, narrow) = try await display.shown(
            while: {
                display.enter("downloading", saying: nil)
                display.update("a.gguf", done: 250, of: 1000)
                let wide = try await pseudoterminal.shown(until: "\u{1B}[J")
                pseudoterminal.resize(columns: 20)
                return (wide, try await pseudoterminal.shown(until: "\u{1B}[J"))
            },
            ending: ending
        )
        #expect(wide.contains("░"))
        #expect(!narrow.contains("░") && narrow.contains("25%"))
    }

    @Test func `another program's lines come below what was said, with no bar among them`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 80)
        let terminal = Terminal(descriptor: pseudoterminal.program, environment: ["TERM": "xterm"])
        let display = display(pseudoterminal, .auto)
        try await display.shown(
            while: {
                _ = try await pseudoterminal.shown(until: "resolving")
                display.yield("waiting", saying: "making it")
                terminal.say("theirs\n")
                try await Task.sleep(for: .milliseconds(250))
                terminal.say("theirs again\n")
                display.enter("waiting", saying: "ours", isUrgent: true)
                let shown = try await pseudoterminal.shown(until: "llama3:8b")
                #expect(shown.contains("\u{1B}[Jmaking it\r\ntheirs\r\ntheirs again\r\nours\r\n"))
            },
            ending: ending
        )
    }

    @Test func `what is said outside of the work is written at once`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 80)
        display(pseudoterminal, .none).say("warning", "x", line: "warning: x")
        #expect(try await pseudoterminal.shown(until: "\r\n") == "warning: x\r\n")
        display(pseudoterminal, .json).say("warning", "\u{1B}", line: nil)
        #expect(
            try await pseudoterminal.shown(until: "\r\n")
                == #"{"event":"warning","message":"\u001b"}"# + "\r\n"
        )
    }

    @Test func `the last line of JSON says how it ended, and nothing comes after it`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 200)
        for isGood in [true, false] {
            let display = display(pseudoterminal, .json)
            try? await display.shown(while: { if !isGood { throw Trouble() } }, ending: ending)
            display.update("late", done: 1, of: 2)
        }
        #expect(
            try await pseudoterminal.shown(until: "failed\",\"scope\":\"total\"}\r\n") == """
                {"doneBytes":0,"event":"progress","name":"llama3:8b","phase":"done","scope":"total","totalBytes":0}\r
                {"doneBytes":0,"event":"progress","name":"llama3:8b","phase":"failed","scope":"total"}\r

                """
        )
    }

    @Test func `many threads may tell of progress at once`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 200)
        let display = display(pseudoterminal, .json, title: "all")
        try await display.shown(
            while: {
                display.enter("downloading", saying: nil)
                await withTaskGroup(of: Void.self) { group in
                    for worker in 0..<8 {
                        group.addTask {
                            display.add("file \(worker)", total: 1000, phase: "queued")
                            for done in 1...1000 {
                                display.update("file \(worker)", done: ByteCount(Int64(done)), of: 1000)
                            }
                            display.finish("file \(worker)", as: "done")
                        }
                    }
                }
            },
            ending: ending
        )
        let last =
            #"{"doneBytes":8000,"event":"progress","name":"all","phase":"done","scope":"total","totalBytes":8000}"#
        let lines = try await pseudoterminal.shown(until: last).split(separator: "\r\n")
        // The phase of the whole in words and in numbers, the three of each file, and the end.
        #expect(lines.count == 2 + 8 * 3 + 1)
    }

    @Test func `a terminal that was stopped holds up nobody who tells of progress`() async throws {
        let pipe = try BlockedPipe()
        let terminal = Terminal(descriptor: pipe.writing, environment: [:])
        let display = ProgressDisplay(title: "all", phase: "downloading", mode: .json, on: terminal)
        let slowest = Mutex(Duration.zero)
        try await display.shown(
            while: {
                let end = ContinuousClock.now + .milliseconds(500)
                while ContinuousClock.now < end {
                    let begun = ContinuousClock.now
                    for file in 0..<200 { display.update("file \(file)", done: 1, of: 2) }
                    display.say("note", "something", line: "something")
                    slowest.withLock { $0 = max($0, ContinuousClock.now - begun) }
                    try await Task.sleep(for: .milliseconds(1))
                }
                pipe.drain()
            },
            ending: ending
        )
        #expect(slowest.withLock { $0 } < .milliseconds(600))
    }
}
