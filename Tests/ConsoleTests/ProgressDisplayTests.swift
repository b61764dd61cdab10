import Console
import Platform
import Testing

struct ProgressDisplayTests {
    @Test func `bars are on the terminal while the work runs, and gone after it`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 80)
        let terminal = Terminal(
            descriptor: pseudoterminal.program,
            environment: ["TERM": "xterm", "NO_COLOR": "1"]
        )
        let display = ProgressDisplay(title: "llama3:8b", mode: .auto, on: terminal)
        let during = try await display.shown {
            display.add("a.gguf", total: 1000)
            display.update("a.gguf", done: 250)
            return try await pseudoterminal.shown(until: "25%")
        }
        #expect(during.contains("llama3:8b"))
        #expect(try await pseudoterminal.shown(until: "\u{1B}[J").hasSuffix("\r\u{1B}[J"))
    }

    @Test func `an event is a line of JSON in that mode and nothing in another`() async throws {
        struct Event: Encodable { let event = "verified", path = "a/b" }
        let pseudoterminal = try Pseudoterminal(columns: 80)
        let terminal = Terminal(descriptor: pseudoterminal.program, environment: [:])
        let silent = ProgressDisplay(title: "x", mode: .none, on: terminal)
        silent.event(Event())
        silent.line("warning: from the silent one")
        let speaking = ProgressDisplay(title: "x", mode: .json, on: terminal)
        speaking.event(Event())
        speaking.line("warning: \u{1B}")
        #expect(
            try await pseudoterminal.shown(until: "\"message\":").split(separator: "\r\n").map(String.init)
                == [
                    "warning: from the silent one", #"{"event":"verified","path":"a/b"}"#,
                    #"{"event":"message","message":"warning: \u001b"}"#,
                ]
        )
    }

    @Test func `many threads may tell of progress at once`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 80)
        let terminal = Terminal(descriptor: pseudoterminal.program, environment: ["NO_COLOR": "1"])
        let display = ProgressDisplay(title: "all", mode: .plain, on: terminal)
        await display.shown {
            await withTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        display.add("file \(worker)", total: 1000)
                        for done in 1...1000 {
                            display.update("file \(worker)", done: ByteCount(Int64(done)))
                        }
                        display.finish("file \(worker)")
                    }
                }
            }
        }
        #expect(try await pseudoterminal.shown(until: " in 0:").contains("all: 8.0 kB in 0:"))
    }
}
