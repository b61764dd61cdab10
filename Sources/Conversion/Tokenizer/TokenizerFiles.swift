/// The files of a folder that a tokenizer is made of.
struct TokenizerFiles: Sendable {
    let folder: HuggingFaceFolder
    let configuration: Configuration
    /// `tokenizer.json`.
    let tokenizer: JSONMembers?
    /// Its `model`, found once: with a large vocabulary that is many megabytes to go through.
    let model: JSONMembers?
    /// `tokenizer_config.json`.
    let settings: JSONMembers?
    /// `added_tokens.json`.
    let added: JSONMembers?

    init(_ folder: HuggingFaceFolder, configuration: Configuration) throws(HuggingFaceError) {
        self.folder = folder
        self.configuration = configuration
        tokenizer = try Self.object("tokenizer.json", in: folder)
        model = tokenizer?["model"]?.members
        settings = try Self.object("tokenizer_config.json", in: folder)
        added = try Self.object("added_tokens.json", in: folder)
    }

    private static func object(_ name: String, in folder: HuggingFaceFolder) throws(HuggingFaceError)
        -> JSONMembers?
    {
        guard let json = try folder.json(name) else { return nil }
        guard json.root.isObject else { throw .tokenizer(.malformed(name)) }
        return json.root.members
    }

    var hasSentencePieces: Bool { folder.has("tokenizer.model") }

    /// No model has more tokens than this.
    static let mostTokens = 1 << 24

    /// The number of tokens that the model has, also such as the tokenizer does not know.
    var modelTokens: Int? {
        get throws(HuggingFaceError) {
            guard let count = try configuration.integer("vocab_size") else { return nil }
            guard count > 0, count <= Self.mostTokens else { throw .configuration(key: "vocab_size") }
            return count
        }
    }

    /// The tokens that were added to the vocabulary, as `tokenizer.json` lists them.
    func addedTokens() throws(HuggingFaceError) -> [AddedToken] {
        guard let list = tokenizer?["added_tokens"]?.nonNull else { return [] }
        guard list.isArray else { throw .tokenizer(.malformed("`added_tokens`")) }
        var tokens: [AddedToken] = []
        try list.forEachElement { value throws(HuggingFaceError) in
            let members = value.members
            guard let text = members["content"]?.utf8, let number = members["id"]?.integer,
                (0..<Self.mostTokens).contains(number)
            else { throw .tokenizer(.malformed("`added_tokens`")) }
            tokens.append(AddedToken(number: number, text: text, members: members))
        }
        return tokens
    }
}

/// A token that is found in a text before anything else is done to it.
struct AddedToken: Sendable {
    private(set) var number: Int
    let text: [UInt8]
    private(set) var isSpecial: Bool
    /// Whether it is looked for only after the text was normalized, and other tokens were found.
    private(set) var isNormalized: Bool
    /// Whether only whole words are it.
    private(set) var isWord = false
    /// Whether it takes the space before or behind it.
    private(set) var takesSpaceBefore = false
    private(set) var takesSpaceBehind = false

    init(number: Int, text: [UInt8], isSpecial: Bool) {
        self.number = number
        self.text = text
        self.isSpecial = isSpecial
        isNormalized = !isSpecial
    }

    init(number: Int, text: [UInt8], members: JSONMembers) {
        self.init(number: number, text: text, isSpecial: members["special"]?.isTruthy ?? false)
        if let normalized = members["normalized"] { isNormalized = normalized.isTruthy }
        isWord = members["single_word"]?.isTruthy ?? false
        takesSpaceBefore = members["lstrip"]?.isTruthy ?? false
        takesSpaceBehind = members["rstrip"]?.isTruthy ?? false
    }

    func numbered(_ number: Int) -> AddedToken {
        var token = self
        token.number = number
        return token
    }

    func marked(isSpecial: Bool) -> AddedToken {
        var token = self
        token.isSpecial = isSpecial
        return token
    }
}

/// What kind of token one is, in the numbers of a GGUF.
enum TokenKind: Int32, Sendable {
    case normal = 1
    case unknown, control, userDefined, unused, byte

    /// Whether a token must be meant to control something, though nobody says so.
    static func looksSpecial(_ text: [UInt8]) -> Bool {
        func isBetween(_ start: String, _ end: String) -> Bool {
            text.count >= max(start.utf8.count, end.utf8.count) && text.starts(with: start.utf8)
                && text.suffix(end.utf8.count).elementsEqual(end.utf8)
        }
        let known = ["<pad>", "<mask>", "<2mass>", "[@BOS@]"]
        return known.contains { text.elementsEqual($0.utf8) } || isBetween("<|", "|>")
            || isBetween("<｜", "｜>")
            || isBetween("<unused", ">")
    }
}

extension [UInt8] {
    /// The text with the sign for a space made a space.
    var withPlainSpaces: [UInt8] {
        let sign: [UInt8] = [0xE2, 0x96, 0x81]
        var result: [UInt8] = []
        var place = 0
        while place < count {
            if self[place...].starts(with: sign) {
                result.append(0x20)
                place += sign.count
            } else {
                result.append(self[place])
                place += 1
            }
        }
        return result
    }
}
