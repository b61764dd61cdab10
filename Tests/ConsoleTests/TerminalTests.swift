import Console
import Glibc
import Platform
import Testing

struct TerminalTests {
    @Test func `a terminal is asked for its own width each time`() throws {
        let pseudoterminal = try Pseudoterminal(columns: 133, rows: 7)
        let terminal = Terminal(descriptor: pseudoterminal.program, environment: ["COLUMNS": "55"])
        #expect(terminal.isTerminal)
        #expect(terminal.width == 133)
        #expect(terminal.height == 7)
        pseudoterminal.resize(columns: 41)
        #expect(terminal.width == 41)
    }

    @Test func `a terminal that says no width has what the environment says, or eighty`() throws {
        let pseudoterminal = try Pseudoterminal(columns: 0)
        #expect(Terminal(descriptor: pseudoterminal.program, environment: ["COLUMNS": "55"]).width == 55)
        #expect(Terminal(descriptor: pseudoterminal.program, environment: [:]).width == 80)
        for nonsense in ["0", "-1", "x", "99999999999999999999"] {
            #expect(
                Terminal(descriptor: pseudoterminal.program, environment: ["COLUMNS": nonsense]).width == 80
            )
        }
    }

    @Test func `a pipe is no terminal, has no colour unless asked for, and no bars`() throws {
        let (reading, writing) = try pipe()
        defer { for descriptor in [reading, writing] { close(descriptor) } }
        let terminal = Terminal(descriptor: writing, environment: ["TERM": "xterm"])
        #expect(!terminal.isTerminal && !terminal.supportsColor && !terminal.canRedraw)
        #expect(terminal.height == nil)
        #expect(Terminal(descriptor: writing, color: .always, environment: [:]).supportsColor)
        #expect(ProgressMode.auto.resolved(for: terminal) == .plain)
        #expect(ProgressMode.bar.resolved(for: terminal) == .plain)
        #expect(ProgressMode.json.resolved(for: terminal) == .json)
    }

    struct Color: Sendable {
        let choice: ColorChoice
        let environment: Environment
        let isShown: Bool
    }

    @Test(arguments: [
        Color(choice: .auto, environment: ["TERM": "xterm"], isShown: true),
        Color(choice: .auto, environment: [:], isShown: true),
        Color(choice: .auto, environment: ["TERM": "dumb"], isShown: false),
        Color(choice: .auto, environment: ["NO_COLOR": "1"], isShown: false),
        Color(choice: .auto, environment: ["NO_COLOR": ""], isShown: true),
        Color(choice: .never, environment: ["TERM": "xterm"], isShown: false),
        Color(choice: .always, environment: ["NO_COLOR": "1"], isShown: true),
    ])
    func `colour is shown on a terminal unless something speaks against it`(_ example: Color) throws {
        let pseudoterminal = try Pseudoterminal(columns: 80)
        let terminal = Terminal(
            descriptor: pseudoterminal.program,
            color: example.choice,
            environment: example.environment
        )
        #expect(terminal.supportsColor == example.isShown)
        #expect(terminal.style.isOn == example.isShown)
    }

    @Test func `a dumb terminal gets plain lines`() throws {
        let pseudoterminal = try Pseudoterminal(columns: 80)
        let dumb = Terminal(descriptor: pseudoterminal.program, environment: ["TERM": "dumb"])
        #expect(dumb.isTerminal)
        #expect(ProgressMode.auto.resolved(for: dumb) == .plain)
        let able = Terminal(descriptor: pseudoterminal.program, environment: ["NO_COLOR": "1"])
        #expect(ProgressMode.auto.resolved(for: able) == .bar)
    }

    @Test func `a long text arrives whole through a pipe that does not wait`() async throws {
        let (reading, writing) = try pipe()
        #expect(fcntl(writing, F_SETFL, O_NONBLOCK) == 0)
        let text = String(repeating: "0123456789", count: 100_000)
        let writer = Task.detached {
            try await blocking {
                defer { close(writing) }
                try Terminal(descriptor: writing, environment: [:]).write(text)
            }
        }
        let arrived = try await blocking {
            defer { close(reading) }
            var total = 0
            var piece = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(reading, &piece, piece.count)
                if count <= 0 { return total }
                total += count
            }
        }
        try await writer.value
        #expect(arrived == 1_000_000)
    }

    @Test func `a full disk is a fact and not silence`() throws {
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let terminal = Terminal(descriptor: descriptor, environment: [:])
        #expect(throws: WriteError(code: ENOSPC)) { try terminal.write("x") }
        #expect(WriteError(code: ENOSPC).description == "cannot write: No space left on device")
        terminal.say("x")
    }

    @Test func `marks are written only where they are shown`() {
        #expect(Style(isOn: true).red("x") == "\u{1B}[31mx\u{1B}[0m")
        #expect(Style(isOn: true).bold("").isEmpty)
        #expect(Style.plain.red("x") == "x")
        #expect(Style(isOn: true)("x", nil) == "x")
    }

    private func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw Pseudoterminal.Failure(code: errno) }
        return (ends[0], ends[1])
    }
}
