import Platform

/// What llama.cpp calls the way in which a tokenizer finds words.
struct PreTokenizerName: Sendable, Equatable {
    /// How the name was found.
    enum Origin: Sendable, Equatable {
        /// It was given.
        case given
        /// The tokens of the check text are known.
        case known
        /// The tokens of the check text are not known, but the steps of a tokenizer of this name are the same.
        case similar(hash: String?)
    }

    let name: String
    let origin: Origin

    init(_ files: TokenizerFiles, _ extra: AddedTokens, override: String?) throws(HuggingFaceError) {
        if let override {
            name = override
            origin = .given
            return
        }
        let hash = try Self.hash(files, extra)
        if let known = hash.flatMap({ Self.hashes[$0] }) {
            name = known
            origin = .known
        } else if let similar = try Self.similar(files) {
            name = similar
            origin = .similar(hash: hash)
        } else {
            throw .feature(.preTokenizer(hash: hash))
        }
    }

    /// The hash of what the tokenizer makes of the check text; `nil` if it does something that is not known here.
    static func hash(_ files: TokenizerFiles, _ extra: AddedTokens) throws(HuggingFaceError) -> String? {
        guard let encoder = try TextEncoder(files, extra) else { return nil }
        guard let numbers = encoder.numbers(of: checkText) else { return nil }
        let list = "[\(numbers.map(String.init).joined(separator: ", "))]"
        return Digest.of(Array(list.utf8)).hex
    }

    /// The text that tells tokenizers apart.
    static let checkText =
        "\n \n\n \n\n\n \t \t\t \t\n  \n   \n    \n     \n🚀 (normal) 😶\u{200D}🌫️ (multiple emojis concatenated) "
        + "✅ 🦙🦙 3 33 333 3333 33333 333333 3333333 33333333 3.3 3..3 3...3 កាន់តែពិសេសអាច😁 "
        + "?我想在apple工作1314151天～ ------======= нещо на Български ''''''```````\"\"\"\"......!!!!!!?????? "
        + "I've been 'told he's there, 'RE you sure? 'M not sure I'll make it, 'D you like some tea? We'Ve a'lL"

    private static func similar(_ files: TokenizerFiles) throws(HuggingFaceError) -> String? {
        let model = try Vocabulary.bytePairModel(of: files)
        guard let value = files.tokenizer?["pre_tokenizer"]?.nonNull,
            let steps = WordFinder(value, addsSpace: nil)?.description
        else { return nil }
        // Whole words may be tokens that no pair makes: llama.cpp knows that by the name alone.
        let takesWords = model["ignore_merges"]?.isTruthy ?? false
        return shapes.first { $0.steps == steps && $0.takesWords == takesWords }?.name
    }

    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let letters = #"[^\r\n\p{L}\p{N}]?\p{L}+"#
    private static let tail = #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let upper = #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
    private static let slashTail = #" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// Steps of tokenizers by which a name is guessed.
    private static let shapes: [(name: String, takesWords: Bool, steps: String)] = [
        ("llama-bpe", true, "split \(contractions)|\(letters)|\\p{N}{1,3}|\(tail); bytes"),
        ("dbrx", false, "split \(contractions)|\(letters)|\\p{N}{1,3}|\(tail); bytes"),
        ("qwen2", false, "split \(contractions)|\(letters)|\\p{N}|\(tail); bytes"),
        (
            "qwen35", false,
            "split \(contractions)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*"
                + #"|\s*[\r\n]+|\s+(?!\S)|\s+; bytes"#
        ),
        ("tekken", true, "split \(upper)*\(lower)+|\(upper)+\(lower)*|\\p{N}|\(slashTail); bytes"),
        (
            "gpt-4o", false,
            "split \(upper)*\(lower)+\(contractions)?|\(upper)+\(lower)*\(contractions)?|\\p{N}{1,3}|\(slashTail); "
                + "bytes"
        ),
        ("gpt-2", false, "words; bytes"),
        ("starcoder", false, "digit; words; bytes"),
        (
            "deepseek-coder", false,
            #"split [\r\n]; split \s?\p{L}+; split \s?\p{P}+; split [一-龥ࠀ-一가-퟿]+; digit; bytes"#
        ),
        (
            "deepseek-v3", false,
            #"split \p{N}{1,3}; split [一-龥぀-ゟ゠-ヿ]+; "#
                + ##"split [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"##
                + #"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+; bytes"#
        ),
    ]
}
