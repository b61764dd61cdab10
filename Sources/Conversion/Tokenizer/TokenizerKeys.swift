/// The keys of a tokenizer, as the family of the model has it.
struct TokenizerKeys {
    private let files: TokenizerFiles
    private let family: ModelFamily
    private let preTokenizer: String?
    /// How sure the name of the pre-tokenizer is; `nil` if none is needed.
    private(set) var recognition: PreTokenizerName?

    /// `preTokenizer` is the name to write, whatever the tokenizer looks like.
    init(_ files: TokenizerFiles, family: ModelFamily, preTokenizer: String?) {
        self.files = files
        self.family = family
        self.preTokenizer = preTokenizer
    }

    mutating func add(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        switch family.tokenizer {
        case .llama: try addLlama(to: &keys)
        case .bytePairs: try addBytePairs(to: &keys)
        case .either:
            if files.hasSentencePieces {
                try addSentencePieces(to: &keys)
            } else {
                try addBytePairs(to: &keys)
            }
        case .phi3:
            if files.settings?["tokenizer_class"]?.string == "GPT2Tokenizer" {
                try addBytePairs(to: &keys)
            } else {
                try addSentencePieces(strict: true, to: &keys)
            }
        case .gemma:
            try addSentencePieces(to: &keys)
            // The others that the reference sets have no key.
            try addSpecial(
                ["prefix", "suffix", "middle", "fsep", "eot"],
                ["eot": 107],
                template: false,
                to: &keys
            )
            keys.set("tokenizer.ggml.add_space_prefix", flag: false)
        case .gemma2:
            try addSentencePieces(to: &keys)
            keys.set("tokenizer.ggml.add_space_prefix", flag: false)
        case .gemma3:
            guard files.hasSentencePieces else { return try addBytePairs(to: &keys) }
            try addSentencePieces(to: &keys)
            keys.set("tokenizer.ggml.add_space_prefix", flag: false)
        }
    }

    private mutating func addLlama(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        if files.folder.has("tekken.json"), files.tokenizer == nil {
            throw .feature(.tokenizer("tekken.json"))
        }
        if let setting = files.settings?["add_prefix_space"]?.nonNull {
            keys.set("tokenizer.ggml.add_space_prefix", flag: setting.isTruthy)
        }
        if let kind = files.settings?["tokenizer_class"]?.string, kind == "HybridDNATokenizer" {
            throw .feature(.tokenizer(kind))
        }
        if files.hasSentencePieces {
            try addSentencePieces(to: &keys)
        } else if Vocabulary.isOfSentencePieces(files) {
            let vocabulary = try Vocabulary.convertedSentencePieces(files)
            vocabulary.add(to: &keys)
            try addSpecial(count: vocabulary.tokens.count, to: &keys)
        } else {
            try addBytePairs(to: &keys)
        }
        switch try files.modelTokens ?? 32000 {
        case 32016:
            try addSpecial(["prefix", "suffix", "middle", "eot"], ["eot": 32010], template: true, to: &keys)
        case 49152: keys.set("tokenizer.ggml.add_bos_token", flag: false)
        default: break
        }
    }

    private func addSentencePieces(strict: Bool = false, to keys: inout HeaderKeys) throws(HuggingFaceError) {
        let vocabulary = try Vocabulary.sentencePieces(files, strict: strict)
        vocabulary.add(to: &keys)
        try addSpecial(count: vocabulary.tokens.count, to: &keys)
    }

    private mutating func addBytePairs(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        let extra = try AddedTokens(files)
        let name = try PreTokenizerName(files, extra, override: preTokenizer)
        recognition = name
        try Vocabulary.bytePairs(files, extra, preTokenizer: name.name).add(to: &keys)
        try BytePairMerges.add(of: files, to: &keys)
        try addSpecial(count: nil, to: &keys)
    }

    private func addSpecial(count: Int?, to keys: inout HeaderKeys) throws(HuggingFaceError) {
        var special = SpecialTokens(files, limit: count)
        try special.load()
        try special.add(to: &keys, template: true)
    }

    /// Adds tokens of other kinds, for some of which the number is known.
    private func addSpecial(
        _ kinds: [String],
        _ numbers: [String: Int],
        template: Bool,
        to keys: inout HeaderKeys
    ) throws(HuggingFaceError) {
        var special = SpecialTokens(files, kinds: kinds, limit: nil)
        try special.load()
        for (kind, number) in numbers { try special.set(kind, number) }
        try special.add(to: &keys, template: template)
    }
}

/// The pairs that a tokenizer merges.
enum BytePairMerges {
    static func add(of files: TokenizerFiles, to keys: inout HeaderKeys) throws(HuggingFaceError) {
        let model = try Vocabulary.bytePairModel(of: files)
        var merges = TextList()
        if let list = model["merges"]?.nonNull {
            try forEach(list) { left, right throws(HuggingFaceError) in
                merges.append(right.map { left.withSignsForSpaces + [0x20] + $0.withSignsForSpaces } ?? left)
            }
        }
        if merges.count == 0 { merges = try listed(in: files) }
        keys.set("tokenizer.ggml.merges", texts: merges)
    }

    /// Hands out the pairs; one that is one text comes as such.
    static func forEach(
        _ list: JSONValue,
        _ body: (_ left: [UInt8], _ right: [UInt8]?) throws(HuggingFaceError) -> Void
    ) throws(HuggingFaceError) {
        guard list.isArray else { throw .tokenizer(.malformed("`merges`")) }
        try list.forEachElement { value throws(HuggingFaceError) in
            if let text = value.utf8 { return try body(text, nil) }
            let pair = value.elements
            guard pair.count == 2, let left = pair[0].utf8, let right = pair[1].utf8 else {
                throw .tokenizer(.malformed("`merges`"))
            }
            try body(left, right)
        }
    }

    /// The pairs of `merges.txt`, which counts only where `tokenizer.json` has none.
    private static func listed(in files: TokenizerFiles) throws(HuggingFaceError) -> TextList {
        var merges = TextList()
        guard let text = try files.folder.text("merges.txt") else { return merges }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if index == 0, line.hasPrefix("#") { continue }
            let parts = line.split(whereSeparator: \.isWhitespace)
            if parts.count == 2 { merges.append("\(parts[0]) \(parts[1])".utf8) }
        }
        return merges
    }
}

extension [UInt8] {
    /// The text with the character that stands for a space in such vocabularies.
    fileprivate var withSignsForSpaces: [UInt8] {
        contains(0x20) ? flatMap { $0 == 0x20 ? [0xC4, 0xA0] : [$0] } : self
    }
}
