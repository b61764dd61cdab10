import Conversion
import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// Tokenizers that are not what they should be.
struct HostileTokenizerTests {
    private func refusal(_ files: [String: [UInt8]], tokens: Int = 300) throws -> HuggingFaceError? {
        let folder = try TemporaryDirectory()
        try folder.write("{\(SmallFolder.configuration(tokens: tokens))}", to: "config.json")
        let weights = SmallFolder.tensors(tokens: min(tokens, 1000))
        try HubFolder.write(weights, to: "model.safetensors", in: folder)
        for (file, bytes) in files { try folder.write(bytes, to: file) }
        do throws(HuggingFaceError) {
            _ = try HuggingFaceModel(folder.path)
            return nil
        } catch {
            return error
        }
    }

    private func refusal(tokenizer: String, tokens: Int = 300) throws -> HuggingFaceError? {
        try refusal(["tokenizer.json": Array(tokenizer.utf8)], tokens: tokens)
    }

    /// A tokenizer whose steps are known, with some of it changed.
    private func tokenizer(
        vocabulary: String = #"{"a":0,"b":1,"ab":2}"#,
        merges: String = #"["a b"]"#,
        added: String = "[]",
        steps: String = #"{"type":"ByteLevel","add_prefix_space":false}"#
    ) -> String {
        #"""
        {"added_tokens":\#(added),"pre_tokenizer":\#(steps),
        "model":{"type":"BPE","vocab":\#(vocabulary),"merges":\#(merges)}}
        """#
    }

    @Test func `the tokenizer that the others are made from is accepted`() throws {
        #expect(try refusal(tokenizer: tokenizer()) == nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a tokenizer that is nested ten thousand deep is refused`() throws {
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        guard case .json("it is nested too deeply", _, _)? = try refusal(tokenizer: deep) else {
            Issue.record("nothing should be nested so deeply")
            return
        }
        let objects =
            String(repeating: #"{"a":"#, count: 10_000) + "1" + String(repeating: "}", count: 10_000)
        guard case .json("it is nested too deeply", _, _)? = try refusal(tokenizer: objects) else {
            Issue.record("nothing should be nested so deeply")
            return
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a tokenizer of a hundred megabytes is refused`() throws {
        let huge = [UInt8](repeating: 0x20, count: 100_000_000)
        guard case .system? = try refusal(["tokenizer.json": huge]) else {
            Issue.record("no vocabulary is as long")
            return
        }
    }

    @Test(arguments: [
        #"{"a":"\ud800"}"#, #"{"a":"\u12"}"#, #"{"a":01}"#, #"{"a":1.}"#, #"{"a" 1}"#, #"{"a":1,}"#,
        #"["a"]]"#, "", "nul",
        #"{"a":"b"#, #"{"a":-}"#, "{\"a\":\"\u{1}\"}", #"{"a":1e}"#, #"{"a":tru}"#,
    ])
    func `what is no JSON is refused`(text: String) throws {
        guard case .json? = try refusal(tokenizer: text) else {
            Issue.record("it was accepted, or refused for something else")
            return
        }
    }

    @Test(arguments: [
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0x80],
    ])
    func `texts must be UTF-8`(bytes: [UInt8]) throws {
        let text = Array(#"{"a":""#.utf8) + bytes + Array(#""}"#.utf8)
        guard case .json("a text is no UTF-8", _, _)? = try refusal(["tokenizer.json": text]) else {
            Issue.record("it was accepted, or refused for something else")
            return
        }
    }

    @Test func `numbers of tokens must be possible`() throws {
        #expect(
            try refusal(tokenizer: tokenizer(vocabulary: #"{"a":300}"#))
                == .tokenizer(.number(300, limit: 300))
        )
        for number in ["-1", "99999999999", "\"1\"", "1.5", "null"] {
            let flaw = HuggingFaceError.tokenizer(.malformed("`vocab`"))
            #expect(try refusal(tokenizer: tokenizer(vocabulary: #"{"a":\#(number)}"#)) == flaw)
        }
        let added = #"[{"id":99999999999,"content":"x"}]"#
        #expect(try refusal(tokenizer: tokenizer(added: added)) == .tokenizer(.malformed("`added_tokens`")))
    }

    @Test func `what a tokenizer does not have is told`() throws {
        #expect(try refusal(tokenizer: "[]") == .tokenizer(.malformed("tokenizer.json")))
        #expect(try refusal(tokenizer: "{}") == .tokenizer(.malformed("`model`")))
        #expect(
            try refusal(tokenizer: #"{"model":{"type":"Unigram"}}"#) == .feature(.tokenizer("Unigram"))
        )
        let pairs = tokenizer(merges: #"[["a"]]"#)
        #expect(try refusal(tokenizer: pairs) == .tokenizer(.malformed("`merges`")))
        let unknown = tokenizer(steps: #"{"type":"Magic"}"#)
        #expect(try refusal(tokenizer: unknown) == .feature(.preTokenizer(hash: nil)))
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            #"(\\S+)+$"#, #"(?:a*)*b"#, #"\\S*\\S*\\S*\\S*\\S*\\S*\\S*\\S*\\S*z"#, #"((a|b){2,})+"#, "(",
            "[a", "a{1,99999}{1,99999}",
        ]
    )
    func `a pattern that might take for ever is not tried`(pattern: String) throws {
        let steps = #"{"type":"Split","pattern":{"Regex":"\#(pattern)"},"behavior":"Isolated"}"#
        #expect(try refusal(tokenizer: tokenizer(steps: steps)) == .feature(.preTokenizer(hash: nil)))
    }

    @Test(arguments: [
        [], [0x0A], [0x0A, 0x05, 0x41],
        [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0x0A, 0x02, 0x0A, 0x7F], [0x0B], [0x0A, 0x02, 0x15, 0x00],
    ])
    func `sentence pieces that lie are refused`(bytes: [UInt8]) throws {
        #expect(
            try refusal(["tokenizer.model": bytes]) == .tokenizer(.malformed("`tokenizer.model`"))
        )
    }

    @Test func `tokens that others add must have possible numbers`() throws {
        let pieces: [UInt8] = [0x0A, 0x03, 0x0A, 0x01, 0x41]
        #expect(try refusal(["tokenizer.model": pieces]) == nil)
        let added = #"{"x":-1}"#
        #expect(
            try refusal(["tokenizer.model": pieces, "added_tokens.json": Array(added.utf8)])
                == .tokenizer(.malformed("`added_tokens.json`"))
        )
        let decoded = #"{"added_tokens_decoder":{"-4":{"content":"x"}}}"#
        #expect(
            try refusal(["tokenizer.model": pieces, "tokenizer_config.json": Array(decoded.utf8)])
                == .tokenizer(.malformed("`added_tokens_decoder`"))
        )
    }
}
