import Formats
import Platform
import SystemPackage
import TestSupport
import Testing

/// A vocabulary of llama.cpp's, and how its tokenizer finds words.
struct RealVocabulary: Sendable, CustomTestStringConvertible {
    let name: String
    /// The steps of `tokenizer.json`.
    let steps: String
    var normalizer = "null"
    /// The token that begins every text.
    var beginning: String?
    var takesWords = false

    var testDescription: String { name }

    static let words = #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#
    private static let bytes =
        #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}"#
    private static let digits = #"{"type":"Digits","individual_digits":true}"#

    private static func sequence(_ steps: String...) -> String {
        #"{"type":"Sequence","pretokenizers":[\#(steps.joined(separator: ","))]}"#
    }

    private static func split(_ pattern: String) -> String {
        let escaped = pattern.replacing("\\", with: "\\\\")
        return #"{"type":"Split","pattern":{"Regex":"\#(escaped)"},"behavior":"Isolated","invert":false}"#
    }

    private static func letters(digits: String) -> String {
        split(
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
                + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        )
    }

    static let all = [
        RealVocabulary(
            name: "llama-bpe",
            steps: sequence(letters(digits: #"\p{N}{1,3}"#), bytes),
            beginning: "<|begin_of_text|>",
            takesWords: true
        ),
        RealVocabulary(
            name: "qwen2",
            steps: sequence(letters(digits: #"\p{N}"#), bytes),
            normalizer: #"{"type":"NFC"}"#
        ),
        RealVocabulary(name: "gpt-2", steps: words),
        RealVocabulary(name: "starcoder", steps: sequence(digits, words)),
        RealVocabulary(name: "refact", steps: sequence(digits, words)),
        RealVocabulary(
            name: "deepseek-coder",
            steps: sequence(
                split(#"[\r\n]"#),
                split(#"\s?\p{L}+"#),
                split(#"\s?\p{P}+"#),
                split("[一-龥ࠀ-一가-퟿]+"),
                digits,
                bytes
            ),
            normalizer: #"{"type":"Sequence","normalizers":[]}"#,
            beginning: "<｜begin▁of▁sentence｜>"
        ),
        RealVocabulary(
            name: "falcon",
            steps: sequence(
                #"{"type":"Punctuation","behavior":"Contiguous"}"#,
                words,
                #"{"type":"Digits","individual_digits":false}"#,
                split("[0-9][0-9][0-9]")
            )
        ),
        RealVocabulary(
            name: "command-r",
            steps: sequence(digits, words),
            normalizer: #"{"type":"NFC"}"#,
            beginning: "<BOS_TOKEN>"
        ),
    ]

    /// Writes a folder of a model with the vocabulary.
    func write(to directory: TemporaryDirectory) async throws {
        let path = try await Vocabularies.folder.value.appending("ggml-vocab-\(name).gguf")
        let header = try GGUFHeader.read(path, arrayLimit: .max)
        func list(_ key: String) throws -> [GGUFValue] {
            try #require(header["tokenizer.ggml.\(key)"]?.array).elements
        }
        let tokens = try list("tokens").compactMap(\.text)
        let kinds = try list("token_type").compactMap(\.integer)
        let merges = try list("merges").compactMap(\.text)
        var entries: [String] = []
        var added: [String] = []
        for (number, (token, kind)) in zip(tokens, kinds).enumerated() {
            if kind == 1 || kind == 4 && !token.hasPrefix("[PAD") {
                entries.append("\(Self.quoted(token)):\(number)")
            }
            if kind == 3 {
                added.append(#"{"id":\#(number),"content":\#(Self.quoted(token)),"special":true}"#)
            }
        }
        let vocabulary = entries.joined(separator: ",\n")
        let pairs = merges.map(Self.quoted).joined(separator: ",\n")
        try directory.write(
            #"""
            {"version":"1.0","added_tokens":[\#(added.joined(separator: ",\n"))],"normalizer":\#(normalizer),
            "pre_tokenizer":\#(steps),"post_processor":\#(try processor(tokens)),
            "model":{"type":"BPE","ignore_merges":\#(takesWords),"vocab":{\#(vocabulary)},"merges":[\#(pairs)]}}
            """#,
            to: "tokenizer.json"
        )
        try directory.write("{\(SmallFolder.configuration(tokens: tokens.count))}", to: "config.json")
        try directory.write(#"{"tokenizer_class":"PreTrainedTokenizerFast"}"#, to: "tokenizer_config.json")
        try HubFolder.write(
            SmallFolder.tensors(tokens: tokens.count),
            to: "model.safetensors",
            in: directory
        )
    }

    private func processor(_ tokens: [String]) throws -> String {
        guard let beginning else { return "null" }
        let number = try #require(tokens.firstIndex { $0.utf8.elementsEqual(beginning.utf8) })
        let token = Self.quoted(beginning)
        return #"""
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":\#(token),"type_id":0}},
            {"Sequence":{"id":"A","type_id":0}}],"special_tokens":{\#(token):{"id":\#(token),"ids":[\#(number)]}}}
            """#
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
