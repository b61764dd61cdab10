import Catalog
import Testing

struct YAMLTests {
    private func parse(_ text: String) throws -> YAMLNode {
        try YAMLNode.parse(Array(text.utf8), file: "a.yaml")
    }

    /// The description of the mistake in a text.
    private func mistake(_ bytes: [UInt8]) throws -> String {
        let error = try #require(throws: DeclarationError.self) {
            _ = try YAMLNode.parse(bytes, file: "a.yaml")
        }
        return error.description
    }

    private func mistake(_ text: String) throws -> String { try mistake(Array(text.utf8)) }

    // MARK: Values

    @Test(arguments: [
        "no", "off", "yes", "on", "y", "n", "7b", "1.5b", "q4_k_m", "8080", "0x1F", "2024-01-01", "1:30",
    ])
    func `a plain word that is no boolean is text`(_ word: String) throws {
        let node = try #require(parse("key: \(word)")["key"])
        #expect(try node.string() == word)
        #expect(throws: DeclarationError.self) { try node.boolean() }
    }

    @Test(arguments: [
        ("true", true), ("True", true), ("TRUE", true), ("false", false), ("False", false), ("FALSE", false),
    ])
    func `true and false are booleans and not text`(_ word: String, _ value: Bool) throws {
        let node = try #require(parse("key: \(word)")["key"])
        #expect(try node.boolean() == value)
        #expect(throws: DeclarationError.self) { try node.string() }
        let quoted = try #require(parse("key: '\(word)'")["key"])
        #expect(try quoted.string() == word)
        #expect(throws: DeclarationError.self) { try quoted.boolean() }
    }

    @Test(arguments: [("7615616512", 7_615_616_512), ("0", 0), ("007", 7)])
    func `whole numbers are decimal`(_ word: String, _ value: Int) throws {
        #expect(try parse("key: \(word)")["key"]?.integer() == value)
    }

    @Test(arguments: ["1.5", "1e3", "0x10", "1_000", "'12'", "99999999999999999999", "-1", "[1]", ""])
    func `what is not a whole number is refused`(_ word: String) throws {
        let node = try #require(parse("key: \(word)")["key"])
        #expect(throws: DeclarationError.self) { try node.integer() }
    }

    @Test func `a number must be finite and decimal`() throws {
        #expect(try parse("0.9").number() == 0.9)
        #expect(try parse("1").number() == 1)
        for word in ["nan", "inf", ".inf", "0x1p3", "1e999", "a", "'0.9'"] {
            let node = try parse(word)
            #expect(throws: DeclarationError.self, "\(word)") { try node.number() }
        }
    }

    @Test(arguments: ["", "~", "null", "Null", "NULL"])
    func `nothing is neither text nor a list but an empty mapping`(_ word: String) throws {
        let node = try #require(parse("key: \(word)")["key"])
        #expect(node.isNull)
        #expect(try node.pairs().isEmpty)
        #expect(throws: DeclarationError.self) { try node.string() }
        #expect(throws: DeclarationError.self) { try node.list() }
    }

    @Test func `lists, one word as a list, and mappings keep their order`() throws {
        let root = try parse("z: [a, 'b c', \"d\\u00e9\"]\na: one\nm: {y: 1, x: 2}")
        #expect(try root["z"]?.words() == ["a", "b c", "dé"])
        #expect(try root["a"]?.words() == ["one"])
        #expect(try root["m"]?.pairs().map(\.name) == ["y", "x"])
        #expect(try root.pairs().map(\.name) == ["z", "a", "m"])
        #expect(root["absent"] == nil)
    }

    @Test func `a word has no control characters`() throws {
        let node = try parse(#""a\0b""#)
        #expect(throws: DeclarationError.self) { try node.word() }
        let bell = try parse(#""\e[31m""#)
        #expect(throws: DeclarationError.self) { try bell.word() }
    }

    @Test func `a value knows its line and its column in characters`() throws {
        let root = try parse("# comment\nfirst: 1\n\nnested:\n  - é: {x: here}\n")
        let node = try #require(root["nested"]?.list().first?["é"]?["x"])
        #expect((node.line, node.column) == (5, 12))
        #expect(node.error("odd").description == "a.yaml:5:12: odd")
    }

    @Test func `a text with a byte order mark or with carriage returns reads like any other`() throws {
        #expect(try parse("\u{FEFF}a: 1\r\nb: 2\r\n")["b"]?.integer() == 2)
    }

    @Test(arguments: ["", "\n", "# only a comment\n", "---\n", "--- \n...\n"])
    func `an empty document is nothing`(_ text: String) throws {
        #expect(try parse(text).isNull)
    }

    // MARK: Aliases

    @Test func `an alias stands for its anchor and points at it`() throws {
        let root = try parse("a: &x [one, two]\nb: *x\nc: *x\n")
        #expect(try root["b"]?.words() == ["one", "two"])
        #expect(root["c"]?.line == 1)
    }

    @Test func `an anchor that is named again counts from there on`() throws {
        let root = try parse("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")
        #expect(try root["b"]?.integer() == 1)
        #expect(try root["d"]?.integer() == 2)
    }

    @Test func `an alias of nothing or of what it stands in is an error`() throws {
        #expect(try mistake("a: *x\n") == "a.yaml:1:4: the alias `*x` names nothing above")
        #expect(
            try mistake("a: &x\n  - 1\n  - *x\n")
                == "a.yaml:3:5: the alias `*x` stands inside of what it names"
        )
    }

    @Test func `an alias bomb is refused`() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let alias = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(alias)]\n"
        }
        #expect(try mistake(text).hasSuffix("more than 250000 values"))
    }

    @Test func `aliases cannot be nested deeper than a text can`() throws {
        var text = "a0: &a0 [x]\n"
        for level in 1...80 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(try mistake(text) == "a.yaml:64:12: nested deeper than 64 levels")
    }

    // MARK: Mistakes

    @Test(
        arguments: [
            ("a: 1\nb: 2\na: 3\n", "a.yaml:3:1: duplicate key `a`: it is already on line 1"),
            ("{a: 1, 'a': 2}", "a.yaml:1:8: duplicate key `a`: it is already on line 1"),
            ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins here: only one is allowed"),
            ("? [a]\n: 1\n", "a.yaml:1:3: a key must be text"),
            ("a: !!int 3\n", "a.yaml:1:4: tags such as `tag:yaml.org,2002:int` are not supported"),
            ("a: !ruby/object:File {}\n", "a.yaml:1:4: tags such as `!ruby/object:File` are not supported"),
            ("a:\n\tb: 1\n", "a.yaml:2:1: a tab cannot indent YAML: use spaces"),
            ("a: b: c\n", "a.yaml:1:5: mapping values are not allowed in this context"),
        ]
    )
    func `a mistake is reported at its place`(_ text: String, _ expected: String) throws {
        #expect(try mistake(text) == expected)
    }

    @Test(
        arguments: [
            ("a: [1, 2", 1...2), ("a: \"open", 1...2), ("a: 1\n b: 2\n  - c\n", 2...3), ("a: @x\n", 1...1),
            ("a: \"\\q\"\n", 1...1), ("a: {b\n", 1...2), ("- a\nb: c\n", 2...2),
        ] as [(String, ClosedRange<Int>)]
    )
    func `a text that is cut off or malformed is an error with a line`(
        _ text: String,
        _ lines: ClosedRange<Int>
    ) throws {
        let error = try #require(throws: DeclarationError.self) { try parse(text) }
        #expect(lines.contains(error.line))
        #expect(error.column >= 1)
        #expect(!error.message.isEmpty)
    }

    @Test func `bytes that are no text are refused where they are`() throws {
        #expect(try mistake(Array("a: 1\nb: é".utf8) + [0xFF, 0x0A]).hasPrefix("a.yaml:2:5: "))
        #expect(try mistake(Array("a: x".utf8) + [0] + Array("y\n".utf8)).hasPrefix("a.yaml:1:5: "))
        #expect(try mistake(Array("a: 1\nb: ".utf8) + [0xC3]).hasPrefix("a.yaml:2:4: "))
        #expect(try mistake([0xFF, 0xFE, 0x61, 0x00]).hasPrefix("a.yaml:1:1: "))
    }

    @Test(arguments: [("[", "]"), ("{a: ", "}"), ("- ", ""), ("a", "")])
    func `nesting beyond 64 levels is refused, however deep`(_ open: String, _ close: String) throws {
        func nested(_ depth: Int) -> String {
            guard open == "a" else {
                return String(repeating: open, count: depth) + "x" + String(repeating: close, count: depth)
            }
            return (0..<depth).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n") + " x"
        }
        #expect(throws: Never.self) { try parse(nested(64)) }
        for depth in [65, 500] {
            #expect(try mistake(nested(depth)).hasSuffix("nested deeper than 64 levels"))
        }
    }

    @Test func `deep nesting stops before it costs anything`() throws {
        #expect(
            try mistake(String(repeating: "[", count: 1_000_000)).hasSuffix("nested deeper than 64 levels")
        )
    }

    @Test func `a text above 4 MB is refused and one just below is read`() throws {
        let comment = "#" + String(repeating: "x", count: 3_999_990) + "\n"
        #expect(try parse(comment + "a: 1")["a"]?.integer() == 1)
        #expect(try mistake(comment + "a: 123456789") == "a.yaml:1:1: the file is larger than 4 MB")
    }

    @Test func `a text of very many values is refused`() throws {
        #expect(
            try mistake("[" + String(repeating: "a,", count: 300_000) + "]").hasSuffix(
                "more than 250000 values"
            )
        )
    }

    @Test func `directives beyond a few are refused`() throws {
        #expect(try parse("%YAML 1.1\n---\na: 1\n")["a"]?.integer() == 1)
        let many = (0..<100_000).map { "%TAG !t\($0)! x\n" }.joined()
        #expect(try mistake(many + "---\na: 1\n") == "a.yaml:9:1: too many directives")
    }

    @Test func `no damage to a text makes the reader crash`() throws {
        let text = Array("a: &x [1, 'two', \"th\\u0072ee\"]\nb: {c: *x, d: |\n  block\n}\n? e\n: - f\n".utf8)
        var random = SplitMix(state: 7)
        for _ in 0..<5000 {
            var damaged = text
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<damaged.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: damaged[index] = UInt8.random(in: 0...255, using: &random)
                case 1: damaged.remove(at: index)
                default:
                    damaged.insert(
                        Array("[]{}:-&*!|>'\"%@`\t\n ,?#".utf8).randomElement(using: &random) ?? 0,
                        at: index
                    )
                }
            }
            do {
                #expect(try YAMLNode.parse(damaged, file: "a").line >= 1)
            } catch {
                #expect(error.line >= 1 && error.column >= 1)
            }
        }
    }
}

/// The same numbers in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
