import Console
import Glibc
import Platform
import Synchronization
import Testing

struct RawTerminalTests {
    private let pseudoterminal: Pseudoterminal

    init() throws { pseudoterminal = try Pseudoterminal(columns: 90, rows: 33) }

    /// The settings that decide what becomes of a key.
    private var localModes: UInt32 {
        var settings = termios()
        #expect(tcgetattr(pseudoterminal.program, &settings) == 0)
        return settings.c_lflag
    }

    private static let cooked = UInt32(ICANON) | UInt32(ECHO) | UInt32(ISIG)

    @Test func `a terminal that is lent hands on each key, and is as before afterwards`() async throws {
        let before = localModes
        #expect(before & Self.cooked == Self.cooked)
        let during = try await RawTerminal.lent(descriptor: pseudoterminal.program) { localModes }
        #expect(during & Self.cooked == 0)
        #expect(localModes == before)
    }

    @Test func `a terminal is as before also when the work fails`() async throws {
        struct Trouble: Error {}
        let before = localModes
        await #expect(throws: Trouble.self) {
            try await RawTerminal.lent(descriptor: pseudoterminal.program) { throw Trouble() }
        }
        #expect(localModes == before)
    }

    @Test func `a terminal is as before as soon as the task is cancelled`() async throws {
        let before = localModes
        let program = pseudoterminal.program
        let begun = Mutex(false)
        let task = Task {
            try await RawTerminal.lent(descriptor: program) {
                begun.withLock { $0 = true }
                // Work that does not listen.
                while !Task.isCancelled { await Task.yield() }
                var settings = termios()
                tcgetattr(program, &settings)
                return settings.c_lflag
            }
        }
        while !begun.withLock({ $0 }) { await Task.yield() }
        task.cancel()
        #expect(try await task.value == before)
    }

    @Test func `what is no terminal cannot be lent`() async throws {
        let pipe = try BlockedPipe()
        await #expect(throws: WriteError.self) {
            try await RawTerminal.lent(descriptor: pipe.writing) { Issue.record("it was lent") }
        }
    }

    @Test func `a terminal says how large it is`() throws {
        let size = try #require(Terminal.size(of: pseudoterminal.program))
        #expect(size == (90, 33) && Terminal.isBehind(pseudoterminal.program))
        #expect(Terminal.size(of: -1) == nil && !Terminal.isBehind(-1))
    }
}

struct InputReaderTests {
    @Test func `what is typed comes as it comes, until the end`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 80)
        let reader = try InputReader(descriptor: pseudoterminal.program)
        pseudoterminal.type("one\n")
        #expect(await reader.next() == Array("one\n".utf8))
        pseudoterminal.type("\u{4}")
        #expect(await reader.next() == nil)
    }

    @Test func `whoever waits for input that never comes can be told to stop`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 80)
        let reader = try InputReader(descriptor: pseudoterminal.program)
        let task = Task { await reader.next() }
        try await Task.sleep(for: .milliseconds(30))
        task.cancel()
        #expect(await task.value == nil)
    }
}

struct LiveScreenTests {
    @Test func `text is drawn over what was shown before`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 80)
        let terminal = Terminal(descriptor: pseudoterminal.program, environment: ["TERM": "xterm"])
        var screen = LiveScreen(on: terminal)
        try screen.show("A\nB\n")
        try screen.show("C\n")
        try screen.show("D\nend\n")
        let shown = try await pseudoterminal.shown(until: "end")
        #expect(shown.hasPrefix("A\r\nB\r\n\u{1B}[2A\r\u{1B}[JC\r\n\u{1B}[1A\r\u{1B}[JD\r\nend"))
    }

    @Test(arguments: [(80, 2), (40, 4), (30, 4), (10, 12)])
    func `lines that a narrower terminal has wrapped are drawn over too`(width: UInt16, rows: Int)
        async throws
    {
        let pseudoterminal = try Pseudoterminal(columns: 80, rows: 40)
        let terminal = Terminal(descriptor: pseudoterminal.program, environment: [:])
        var screen = LiveScreen(on: terminal)
        let style = Style(isOn: true)
        let wide = String(repeating: "x", count: 60)
        try screen.show(style.bold(wide) + "\n" + wide + "\n")
        pseudoterminal.resize(columns: width, rows: 40)
        try screen.show("end\n")
        #expect(try await pseudoterminal.shown(until: "end").contains("\u{1B}[\(rows)A\r\u{1B}[Jend"))
    }

    @Test func `what is taller than the terminal begins at its top`() async throws {
        let pseudoterminal = try Pseudoterminal(columns: 80, rows: 3)
        let terminal = Terminal(descriptor: pseudoterminal.program, environment: [:])
        var screen = LiveScreen(on: terminal)
        try screen.show("a\nb\nc\n")
        try screen.show("end\n")
        #expect(try await pseudoterminal.shown(until: "end").contains("\u{1B}[H\u{1B}[Jend"))
    }
}
