import Platform
import SystemPackage
import Testing

struct RelativePathTests {
    @Test(
        arguments: [
            "a", "a/b/c.gguf", "...", "..a", "a..", "a b/ä ö", "~", "-rf", "$HOME", "a:b", "c:", "con",
            "%2e%2e", "\u{1F600}",
            ".hidden", String(repeating: "x", count: 255),
            (0..<4).map { _ in String(repeating: "y", count: 255) }.joined(separator: "/"),
        ].filter { $0 != "c:" }
    )
    func `a path below its directory is taken as it is`(text: String) throws {
        let path = try #require(RelativePath(text))
        #expect(path.string == text)
        #expect("\(path)" == text)
        let below = path.below("/volume/model")
        #expect(below.string == "/volume/model/\(text)")
        #expect(below.lexicallyNormalized().starts(with: "/volume/model"))
    }

    @Test(arguments: [
        "", "/", "/etc/passwd", "..", ".", "../x", "a/..", "a/../b", "../../etc/passwd", "./a", "a/.", "a//b",
        "a/", "//a",
        "a\\b", "..\\..\\x", "\\\\server\\share", "C:/x", "c:", "C:", "a\u{0}b", "a\nb", "a\rb", "a\tb",
        "a\u{1b}[2J", "a\u{7f}",
        String(repeating: "x", count: 256),
        (0..<5).map { _ in String(repeating: "y", count: 250) }.joined(separator: "/"),
        String(repeating: "ä", count: 128),
    ])
    func `a path that could lead elsewhere is refused`(text: String) {
        #expect(RelativePath(text) == nil)
    }

    @Test func `a path has a last part and an order`() throws {
        let paths = try ["b/x", "a/z", "a", "B"].map { try #require(RelativePath($0)) }
        #expect(paths.map(\.name) == ["x", "z", "a", "B"])
        #expect(paths.sorted().map(\.string) == ["B", "a", "a/z", "b/x"])
    }

    @Test func `a path in JSON is checked`() throws {
        #expect(try JSON.decode([RelativePath].self, from: Array(#"["a/b"]"#.utf8)).map(\.string) == ["a/b"])
        #expect(throws: DecodingError.self) {
            try JSON.decode([RelativePath].self, from: Array(#"["../a"]"#.utf8))
        }
        #expect(try JSON.encodeLine([try #require(RelativePath("a/b"))]) == Array(#"["a/b"]"#.utf8))
    }
}
