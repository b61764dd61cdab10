import Console
import Testing

struct ColumnsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let columns: Int
        var testDescription: String { "\(text) takes \(columns)" }
    }

    @Test(arguments: [
        Case(text: "", columns: 0), Case(text: "qwen2.5", columns: 7), Case(text: "模型", columns: 4),
        Case(text: "한국어", columns: 6), Case(text: "e\u{301}te\u{301}", columns: 3),
        Case(text: "über", columns: 4),
        Case(text: "😀", columns: 2), Case(text: "👩‍👩‍👧", columns: 2), Case(text: "🇩🇪", columns: 2),
        Case(text: "❤\u{FE0F}", columns: 2), Case(text: "ｆｕｌｌ", columns: 8), Case(text: "ｶﾅ", columns: 2),
        Case(text: "\u{1112}\u{1161}\u{11AB}", columns: 2), Case(text: "█░…", columns: 3),
        Case(text: "\u{1B}[1m", columns: 4),
    ])
    func `text takes the columns that a terminal gives it`(_ example: Case) {
        #expect(columns(of: example.text) == example.columns)
    }

    @Test(arguments: [
        ("\u{1B}[31mred\u{1B}[0m", "\u{FFFD}[31mred\u{FFFD}[0m"), ("\u{9B}2Jx", "\u{FFFD}2Jx"),
        ("a\r\nb\tc", "a  b c"),
        ("\u{1B}]0;title\u{07}", "\u{FFFD}]0;title\u{FFFD}"), ("gguf\u{202E}fug", "gguf\u{FFFD}fug"),
        ("a\u{7F}\0b", "a\u{FFFD}\u{FFFD}b"), ("a\u{2028}b", "a\u{FFFD}b"), ("plain ünï模", "plain ünï模"),
    ])
    func `what a terminal would obey is replaced`(_ hostile: String, _ safe: String) {
        #expect(sanitized(hostile) == safe)
    }

    @Test func `no control character of any block survives`() {
        let controls = (0..<0x20).map { $0 as UInt32 } + (0x7F...0x9F) + (0x202A...0x202E) + (0x2066...0x2069)
        for value in controls {
            guard let scalar = Unicode.Scalar(value) else { continue }
            #expect(!sanitized("a\(Character(scalar))b").unicodeScalars.contains(scalar))
        }
    }

    @Test(arguments: [
        "qwen2.5-coder", "模型模型模型", "a模b型c", "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧",
        "e\u{301}e\u{301}e\u{301}", "\u{1B}[2J\u{1B}[H",
    ])
    func `a cut text fits and says that it was cut`(_ text: String) {
        for width in 0...20 {
            let cut = truncated(text, to: width)
            #expect(columns(of: cut) <= width)
            if columns(of: text) <= width {
                #expect(cut == sanitized(text))
            } else {
                #expect(cut.last == (width > 0 ? "…" : nil))
            }
        }
    }
}
