import Engines
import Testing

struct RunLogTests {
    private func lines(_ text: String) -> [String] { RunLog(Array(text.utf8)).lines }

    @Test(arguments: [
        ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\n\nb", ["a", "", "b"]), ("a\r\nb\r\n", ["a", "b"]),
        ("\n", [""]), (" 10%\r 20%\r 30%\ndone\r", [" 30%", "done"]),
    ])
    func `a log is cut into lines, of a bar only how it was drawn last`(text: String, expected: [String]) {
        #expect(lines(text) == expected)
    }

    @Test(arguments: [
        ("\u{1B}[31merror\u{1B}[0m: x", "error: x"), ("\u{1B}]0;title\u{7}x", "x"),
        ("a\tb \u{8}\u{0}c  ", "a b c"),
        ("\u{1B}]8;;http://x\u{1B}\\y", "y"), ("a\u{202E}b\u{2066}c\u{9B}d", "abcd"), ("\u{1B}", ""),
        ("\u{1B}[", ""),
        ("é → 日本", "é → 日本"),
    ])
    func `nothing is left that a terminal would obey`(text: String, shown: String) {
        #expect(lines(text + "\n") == [shown])
    }

    @Test func `bytes that are no text do no harm`() {
        #expect(RunLog([0xFF, 0xFE, 0x41, 0x0A, 0xC3]).lines == ["\u{FFFD}\u{FFFD}A", "\u{FFFD}"])
    }

    @Test func `each output has lines of its own`() {
        var log = RunLog()
        log.take(Array("on".utf8), of: 0)
        log.take(Array("two\nth".utf8), of: 1)
        log.take(Array("e\n".utf8), of: 0)
        log.take(Array("ree".utf8), of: 1)
        #expect(log.lines == ["two", "one"])
        log.finish()
        #expect(log.lines == ["two", "one", "three"])
    }

    @Test func `only the end of a long log is kept`() {
        var log = RunLog()
        for number in 0..<(3 * RunLog.mostLines) { log.take(Array("line \(number)\n".utf8)) }
        #expect(log.lines.count == RunLog.mostLines)
        #expect(log.lines.last == "line \(3 * RunLog.mostLines - 1)")
    }

    @Test func `long lines are cut, and together they have a bound`() {
        var log = RunLog()
        let line = [UInt8](repeating: 0x61, count: 10_000)
        for _ in 0..<700 { log.take(line + [0x0A]) }
        log.take([UInt8](repeating: 0x62, count: 1_000_000))
        log.finish()
        #expect(log.lines.allSatisfy { $0.utf8.count <= 4096 })
        let size = log.lines.reduce(0) { $0 + $1.utf8.count }
        #expect(size <= RunLog.mostBytes && size > RunLog.mostBytes - 8192)
        #expect(log.lines.last?.first == "b")
    }
}
