import Glibc
import Platform
import TestSupport
import Testing

/// What a person sees on a terminal.
struct TerminalTests {
    private let noColor = ["NO_COLOR": "1"]

    private func slowHome(bytesPerSecond: Int64 = 5_000_000) throws -> CommandLineHome {
        let home = try CommandLineHome(
            StubRepository("org/big", files: ["m-Q4_K_M.gguf": try largeGGUF(mebibytes: 8)])
        )
        home.hub.inject(StubFault(.cdn, .throttle(bytesPerSecond: bytesPerSecond), times: .max))
        return home
    }

    @Test(arguments: [40, 120])
    func `progress is shown while a model is pulled, and nothing of it is left`(columns: Int) async throws {
        let home = try slowHome()
        let run = try home.start(["pull", "org/big"], terminal: .init(columns: UInt16(columns)))
        let result = try await run.finish()
        #expect(result.status == 0)
        let screen = ScreenText(result.output, columns: columns)
        #expect(screen.everything.contains("%"))
        #expect(screen.everything.contains(columns > 40 ? "MB/s" : " / 8.4 MB"))
        let left = screen.rows.joined()
        #expect(left.contains("org/big gguf q4_k_m pulled: 8.4 MB at "))
        #expect(!left.contains("%") && !left.contains("/s"))
        #expect(!result.output.contains("\u{1B}[?25l") || result.output.contains("\u{1B}[?25h"))
    }

    @Test(arguments: [40, 60, 100])
    func `an interrupted pull leaves a clean screen with the error and the hint`(columns: Int) async throws {
        let home = try slowHome()
        home.hub.inject(StubFault(.cdn, .stallAfter(4_000_000)))
        let run = try home.start(["pull", "org/big"], terminal: .init(columns: UInt16(columns)))
        #expect(try await run.waitUntil { $0.output.contains("%") && home.received >= 4_000_000 })
        run.type("\u{3}")
        let result = try await run.finish()
        #expect(result.ending == .exited(130))
        let screen = ScreenText(result.output, columns: columns)
        #expect(screen.rows.contains("error: interrupted"))
        #expect(!screen.rows.joined().contains("%"))
    }

    @Test func `a terminal that is resized while a model is pulled shows all that fits`() async throws {
        let home = try slowHome(bytesPerSecond: 500_000)
        let run = try home.start(
            ["pull", "org/big"],
            environment: noColor,
            terminal: .init(columns: 100)
        )
        #expect(try await run.waitUntil { $0.output.contains("kB/s") })
        run.resize(columns: 20)
        let wide = run.output.count
        #expect(try await run.waitUntil { $0.output.dropFirst(wide).contains("%\u{1B}[J") })
        let narrow = run.output.count
        run.resize(columns: 300)
        #expect(try await run.waitUntil { $0.output.dropFirst(narrow).contains("kB/s") })
        run.type("\u{3}")
        let result = try await run.finish()
        #expect(result.status == 130)
        #expect(ScreenText(result.output, columns: 300).rows.allSatisfy { !$0.contains("/s") })
    }

    @Test func `a hub that is slow is seen to be asked`() async throws {
        let home = try CommandLineHome(tinyRepository())
        home.hub.inject(StubFault(.hub, .delay(.seconds(5))))
        let run = try home.start(
            ["pull", "org/tiny-GGUF"],
            environment: noColor,
            terminal: .init(columns: 40)
        )
        #expect(try await run.waitUntil { $0.output.contains("org/tiny-GGUF  resolving 0:0") })
        #expect(try await run.finish().status == 0)
    }

    @Test func `a wait for the quota is counted down`() async throws {
        let home = try CommandLineHome(tinyRepository())
        home.hub.inject(StubFault(.hub, .rateLimited(seconds: 3)))
        let run = try home.start(
            ["pull", "org/tiny-GGUF"],
            environment: noColor,
            terminal: .init(columns: 60)
        )
        let result = try await run.finish()
        #expect(result.status == 0)
        let shown = (1...5).filter { result.output.contains("org/tiny-GGUF  waiting 0:0\($0)") }
        #expect(shown.count >= 2, "\(result.output)")
        let rows = ScreenText(result.output, columns: 60).rows
        #expect(rows.first?.hasPrefix("the quota of requests of 127.0.0.1 is used up: waiting ") == true)
        #expect(rows.count == 2)
    }

    @Test func `of many files, those under way have a bar`() async throws {
        var files = ["tiny-Q4_K_M.gguf": StubContent.bytes(try GGUFBuilder.tiny())]
        for number in 0..<120 { files["file-\(number).json"] = .text("{\"number\": \(number)}") }
        let home = try CommandLineHome(StubRepository("org/many", files: files))
        home.hub.inject(StubFault(.hub, .delay(.milliseconds(300)), path: "/resolve/", times: .max))
        let arguments = ["pull", "org/many", "--include", "*.json"]
        let run = try home.start(arguments, environment: noColor, terminal: .init(columns: 80, rows: 10))
        let result = try await run.finish()
        #expect(result.status == 0, "\(result.output)")
        for frame in result.output.split(separator: "\u{1B}[J") {
            #expect(frame.count { $0 == "\r\n" } <= 8)
        }
        #expect(result.output.contains("/121 "))
        #expect(ScreenText(result.output, columns: 80).rows.count == 1)
    }

    @Test func `data on a pipe and talk on the terminal do not mix`() async throws {
        let home = try slowHome()
        let run = try home.start(
            ["pull", "org/big", "--json"],
            terminal: .init(columns: 80, showsOutput: false)
        )
        let result = try await run.finish()
        #expect(try AnyJSON(result.output).elements.count == 1)
        #expect(result.errors.contains("%"))
        #expect(ScreenText(result.errors, columns: 80).rows.allSatisfy { !$0.contains("%") })
    }

    @Test func `colour on a terminal, none with NO_COLOR, none on a pipe`() async throws {
        let home = try CommandLineHome()
        let colored = try await home.start(["show", "nosuchmodel"], terminal: .init()).finish()
        #expect(colored.output.contains("\u{1B}[31m") || colored.output.contains("\u{1B}[1;31m"))
        let plain = try home.start(["show", "nosuchmodel"], environment: noColor, terminal: .init())
        #expect(try await !plain.finish().output.contains("\u{1B}"))
        #expect(try await !home.run("show", "nosuchmodel").errors.contains("\u{1B}"))
        let forced = try await home.run("show", "nosuchmodel", "--color", "always")
        #expect(forced.errors.contains("\u{1B}"))
        let dumb = try home.start(["pull", "nosuchmodel"], environment: ["TERM": "dumb"], terminal: .init())
        #expect(try await !dumb.finish().output.contains("\u{1B}"))
    }

    @Test func `a question on the terminal takes no, yes and Ctrl-C`() async throws {
        let home = try CommandLineHome(tinyRepository())
        try await home.run("pull", "org/tiny-GGUF")
        for (answer, status) in [("n\n", Int32(1)), ("\n", 1), ("\u{3}", 130), ("y\n", 0)] {
            let run = try home.start(["rm", "org/tiny-GGUF"], terminal: .init())
            #expect(try await run.waitUntil { $0.output.contains("?") })
            #expect(try home.visibleFiles().count == 2)
            run.type(answer)
            #expect(try await run.finish().status == status, "answer \(answer)")
        }
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test(arguments: [40, 80, 120])
    func `a table fits the terminal's width`(columns: Int) async throws {
        let name = "a-name-that-is-far-longer-than-any-terminal-has-room-for-in-one-of-its-columns"
        let home = try CommandLineHome(tinyRepository())
        try await home.run("pull", "org/tiny-GGUF", "--as", name)
        let run = try home.start(["ls"], environment: noColor, terminal: .init(columns: UInt16(columns)))
        let result = try await run.finish()
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\r\n")
        #expect(lines.count == 2)
        #expect(lines[0].contains("  SIZE  STATE") && lines[1].contains("ready"))
        #expect(ScreenText(result.output, columns: columns).rows.count == 2)
    }
}
