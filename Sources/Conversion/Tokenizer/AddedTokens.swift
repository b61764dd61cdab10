/// The tokens that the reference's library adds to a vocabulary: those that `tokenizer.json` lists, and those that the
/// settings, or the class of the tokenizer, have beyond that.
struct AddedTokens: Sendable {
    /// All of them, each number once.
    private(set) var tokens: [AddedToken] = []
    /// The texts that begin and end a text and the like.
    let special: [[UInt8]]
    /// Those of them that have a name, such as `bos`.
    private let named: [String: [UInt8]]

    /// The tokens of classes of tokenizers, where the settings say nothing about them.
    private static let usual = [
        "LlamaTokenizer": ["unk": "<unk>", "bos": "<s>", "eos": "</s>"],
        "CodeLlamaTokenizer": ["unk": "<unk>", "bos": "<s>", "eos": "</s>"],
        "GPT2Tokenizer": ["unk": "<|endoftext|>", "bos": "<|endoftext|>", "eos": "<|endoftext|>"],
        "Qwen2Tokenizer": ["unk": "<|endoftext|>", "eos": "<|endoftext|>", "pad": "<|endoftext|>"],
        "GemmaTokenizer": ["unk": "<unk>", "bos": "<bos>", "eos": "<eos>", "pad": "<pad>"],
        "CohereTokenizer": ["unk": "<UNK>", "bos": "<BOS_TOKEN>", "eos": "<|END_OF_TURN_TOKEN|>"],
    ]
    /// The classes of the model types that have one, for settings that name none.
    private static let classes = [
        "llama": "LlamaTokenizer", "mistral": "LlamaTokenizer", "mixtral": "LlamaTokenizer",
        "phi3": "LlamaTokenizer", "qwen2": "Qwen2Tokenizer", "qwen2_moe": "Qwen2Tokenizer",
        "qwen3": "Qwen2Tokenizer", "qwen3_moe": "Qwen2Tokenizer", "gemma": "GemmaTokenizer",
        "gemma2": "GemmaTokenizer", "gemma3_text": "GemmaTokenizer",
    ]

    /// The class of a tokenizer, whether it is the slow one or the fast.
    static func kind(of files: TokenizerFiles) -> String? {
        guard let name = files.settings?["tokenizer_class"]?.string else {
            return files.configuration.modelType.flatMap { classes[$0] }
        }
        return name.hasSuffix("Fast") && name != "PreTrainedTokenizerFast" ? String(name.dropLast(4)) : name
    }

    init(_ files: TokenizerFiles) throws(HuggingFaceError) {
        let isLegacy = files.settings?["added_tokens_decoder"] == nil
        let map = isLegacy ? try files.folder.json("special_tokens_map.json")?.root.members : nil
        let named = Self.namedTexts(files, map)
        self.named = named
        let special = Self.specialTexts(files, map, named)
        self.special = special
        let listed = try files.addedTokens()
        let decoded = isLegacy ? try Self.legacy(files, listed, special) : try Self.decoded(files)
        let known = Set(listed.map(\.text) + decoded.map(\.text))
        let missing = special.filter { !known.contains($0) }
        let words = Set(decoded.map(\.text) + missing)
        let (numbers, count) = try Self.numbers(of: words, in: files)
        tokens = listed
        for token in decoded {
            add(token.marked(isSpecial: token.isSpecial || special.contains(token.text)), numbers, count)
        }
        for text in missing { add(AddedToken(number: 0, text: text, isSpecial: true), numbers, count) }
    }

    /// Adds a token; one that is known is changed, one that is new gets the next number.
    private mutating func add(_ token: AddedToken, _ numbers: [[UInt8]: Int], _ count: Int) {
        guard !token.text.isEmpty else { return }
        let known = tokens.first { $0.text == token.text }?.number ?? numbers[token.text]
        let largest = tokens.reduce(-1) { max($0, $1.number) }
        let added = token.numbered(known ?? max(largest + 1, count))
        if let place = tokens.firstIndex(where: { $0.number == added.number }) {
            tokens[place] = added
        } else {
            tokens.append(added)
        }
    }

    private static func text(_ value: JSONValue) -> [UInt8]? { value.utf8 ?? value["content"]?.utf8 }

    /// The number of the token with a name.
    func number(of name: String) -> Int? {
        guard let text = named[name] else { return nil }
        return tokens.first { $0.text == text }?.number
    }

    private static let names = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"]

    private static func namedTexts(_ files: TokenizerFiles, _ map: JSONMembers?) -> [String: [UInt8]] {
        let usual: [String: String] = kind(of: files).flatMap { Self.usual[$0] } ?? [:]
        var texts: [String: [UInt8]] = [:]
        for name in names {
            if let value = map?["\(name)_token"] ?? files.settings?["\(name)_token"] {
                texts[name] = text(value)
            } else {
                texts[name] = usual[name].map { Array($0.utf8) }
            }
        }
        return texts
    }

    private static func specialTexts(
        _ files: TokenizerFiles,
        _ map: JSONMembers?,
        _ named: [String: [UInt8]]
    ) -> [[UInt8]] {
        let others = [files.settings, map].flatMap { $0?["additional_special_tokens"]?.elements ?? [] }
        var texts: [[UInt8]] = []
        for text in names.compactMap({ named[$0] }) + others.compactMap(text) {
            if !text.isEmpty, !texts.contains(text) { texts.append(text) }
        }
        return texts
    }

    /// The tokens of `tokenizer_config.json`, by their numbers.
    private static func decoded(_ files: TokenizerFiles) throws(HuggingFaceError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        for (name, value) in files.settings?["added_tokens_decoder"]?.members.ordered ?? [] {
            let members = value.members
            guard let number = Int(String(decoding: name, as: UTF8.self)), number >= 0,
                let text = members["content"]?.utf8
            else { throw .tokenizer(.malformed("`added_tokens_decoder`")) }
            tokens.append(AddedToken(number: number, text: text, members: members))
        }
        return tokens.sorted { $0.number < $1.number }
    }

    /// The tokens of older folders, whose settings have none.
    private static func legacy(_ files: TokenizerFiles, _ listed: [AddedToken], _ special: [[UInt8]])
        throws(HuggingFaceError) -> [AddedToken]
    {
        var byNumber: [Int: AddedToken] = [:]
        for (text, value) in files.added?.ordered ?? [] {
            guard let number = value.integer, number >= 0 else {
                throw .tokenizer(.malformed("`added_tokens.json`"))
            }
            byNumber[number] = AddedToken(number: number, text: text, isSpecial: special.contains(text))
        }
        for token in listed { byNumber[token.number] = token }
        return byNumber.values.sorted { $0.number < $1.number }
    }

    /// The numbers that some words have in the vocabulary, and how many words it has.
    private static func numbers(of words: Set<[UInt8]>, in files: TokenizerFiles)
        throws(HuggingFaceError) -> (numbers: [[UInt8]: Int], count: Int)
    {
        let lengths = Set(words.map(\.count))
        var numbers: [[UInt8]: Int] = [:]
        var count = 0
        try Vocabulary.bytePairModel(of: files)["vocab"]?.forEachMember { name, value in
            count += 1
            guard let text = name.utf8, lengths.contains(text.count), words.contains(text) else { return }
            numbers[text] = value.integer
        }
        return (numbers, count)
    }
}
