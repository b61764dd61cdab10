import Catalog
import Testing

struct NamePatternTests {
    @Test(arguments: [
        ("qwen2.5-coder:*", "qwen2.5-coder:7b", true), ("qwen2.5-coder:*", "qwen2.5-coder", false),
        ("qwen2.5-coder:*", "Qwen2.5-CODER:7B", true), ("qwen2.5-coder:*", "my-qwen2.5-coder:7b", false),
        ("*/Qwen2.5-Coder-*", "bartowski/qwen2.5-coder-7b-instruct-GGUF", true),
        ("*/Qwen2.5-Coder-*", "qwen2.5-coder-7b", false), ("*", "org/name", false), ("*", "phi:2b", true),
        ("*", "", true), ("*/*", "org/name", true), ("?i:*", "yi:6b", true), ("?i:*", "i:6b", false),
        ("*-1m*", "a-1-1mb", true), ("a*b*c", "abbbcbc", true), ("a*b*c", "acb", false),
        ("a**", "a", true), ("a?", "a", false), ("a/", "a/", true), ("a/?", "a//", false),
    ])
    func `a pattern is of names that differ where it has stars`(pattern: String, name: String, matches: Bool)
        throws
    {
        #expect(try #require(NamePattern(pattern)).matches(name) == matches)
    }

    @Test(arguments: ["", "a b", "a\tb", "[ab]", "{a,b}", "a\\*", "é*"])
    func `what no name could be is no pattern`(_ text: String) {
        #expect(NamePattern(text) == nil)
    }

    @Test(arguments: [
        ("a:*", "b:*", false), ("a:*", "a:*", true), ("a:*", "A:?", true), ("*a", "*b", false),
        ("*a*", "*b*", true),
        ("a*b", "a?b", true), ("a*b", "c*", false), ("*", "a/b", false), ("*/b", "a/*", true),
        ("a*", "ab", true),
        ("a?c", "abd", false), ("a*c", "abd", false), ("a*c*e", "abde", false), ("a*c*e", "a?c?e", true),
        ("*", "**", true), ("a", "a?", false), ("v*.2", "v*.3", false), ("*.2*", "*.3*", true),
    ])
    func `two patterns overlap if a name could have both`(left: String, right: String, overlap: Bool) throws {
        let (one, two) = (try #require(NamePattern(left)), try #require(NamePattern(right)))
        #expect(one.overlaps(two) == overlap && two.overlaps(one) == overlap)
    }

    @Test func `patterns that a name has overlap, whatever they are`() throws {
        let texts = ["", "a", "b", "*", "?", "ab", "a*", "*b", "a?", "?b", "*a*", "a*b", "**", "?*"]
        let patterns = texts.flatMap { first in texts.map { first + $0 } }.compactMap(NamePattern.init)
        let names = [
            "", "a", "b", "aa", "ab", "ba", "bb", "aab", "aba", "abb", "bab", "abab", "aabb", "baab",
        ]
        for left in patterns {
            let own = names.filter(left.matches)
            for right in patterns where own.contains(where: right.matches) {
                #expect(left.overlaps(right) && right.overlaps(left), "\(left) and \(right)")
            }
        }
        #expect(patterns.count > 150)
    }

    @Test func `what stands for nothing else is counted`() throws {
        let literals = try ["*", "qwen3:*", "*/Qwen3-?B*", "a/b"].map {
            try #require(NamePattern($0)).literals
        }
        #expect(literals == [0, 6, 8, 3])
    }
}
