extension Vocabulary {
    /// The vocabulary of a `tokenizer.json` that merges pairs of bytes; `preTokenizer` names how it finds words.
    static func bytePairs(_ files: TokenizerFiles, _ extra: AddedTokens, preTokenizer: String)
        throws(HuggingFaceError) -> Vocabulary
    {
        let model = try bytePairModel(of: files)
        guard let words = model["vocab"], words.isObject else { throw .tokenizer(.malformed("`vocab`")) }
        var places: [Int] = []
        var known = 0
        try words.forEachMember { name, value throws(HuggingFaceError) in
            guard let number = value.integer, (0..<TokenizerFiles.mostTokens).contains(number) else {
                throw .tokenizer(.malformed("`vocab`"))
            }
            if number >= places.count {
                places.append(contentsOf: repeatElement(-1, count: number + 1 - places.count))
            }
            if places[number] < 0 { known += 1 }
            places[number] = name.place
        }
        var added: [Int: AddedToken] = [:]
        for token in extra.tokens {
            if token.number >= places.count || places[token.number] < 0, added[token.number] == nil {
                known += 1
            }
            added[token.number] = token
        }
        let count = try files.modelTokens ?? known
        let largest = max(places.count - 1, added.keys.max() ?? -1)
        guard largest < count else { throw .tokenizer(.number(largest, limit: count)) }
        var vocabulary = Vocabulary(model: "gpt2", preTokenizer: preTokenizer)
        for number in 0..<count {
            if let token = added[number] {
                let isControl = token.isSpecial || TokenKind.looksSpecial(token.text)
                vocabulary.append(
                    isControl ? token.text : token.text.withPlainSpaces,
                    isControl ? .control : .userDefined
                )
            } else if number < places.count, places[number] >= 0 {
                let name = JSONValue(text: words.text, place: places[number])
                vocabulary.append(name.utf8 ?? [], .normal)
            } else {
                vocabulary.append("[PAD\(number)]".utf8, .unused)
            }
        }
        return vocabulary
    }

    /// The part of `tokenizer.json` that merges pairs.
    static func bytePairModel(of files: TokenizerFiles) throws(HuggingFaceError) -> JSONMembers {
        guard files.tokenizer != nil else { throw .missing("tokenizer.json") }
        guard let model = files.model else { throw .tokenizer(.malformed("`model`")) }
        let type = model["type"]?.string ?? "BPE"
        guard type == "BPE" else { throw .feature(.tokenizer(type)) }
        return model
    }

    /// Whether `tokenizer.json` is what became of a sentencepiece model: pairs, with bytes where there is no token.
    static func isOfSentencePieces(_ files: TokenizerFiles) -> Bool {
        guard let model = files.model else { return false }
        return model["type"]?.string == "BPE" && model["byte_fallback"]?.isTruthy == true
            && files.tokenizer?["decoder"]?["type"]?.string == "Sequence"
    }

    /// The vocabulary of such a `tokenizer.json`; it does not tell the scores.
    static func convertedSentencePieces(_ files: TokenizerFiles) throws(HuggingFaceError) -> Vocabulary {
        guard let words = try bytePairModel(of: files)["vocab"] else {
            throw .tokenizer(.malformed("`vocab`"))
        }
        var texts: [Int: [UInt8]] = [:]
        try words.forEachMember { name, value throws(HuggingFaceError) in
            guard let number = value.integer, (0..<TokenizerFiles.mostTokens).contains(number) else {
                throw .tokenizer(.malformed("`vocab`"))
            }
            texts[number] = name.utf8
        }
        let extra = try AddedTokens(files)
        let added = extra.tokens
        let special = Set(extra.special)
        let count = texts.count
        for token in added where token.number < count { texts[token.number] = token.text }
        var vocabulary = Vocabulary(model: "llama", preTokenizer: "default")
        for number in 0..<count {
            guard let text = texts[number] else { throw .tokenizer(.number(count, limit: number)) }
            let kind: TokenKind = text.isByteToken ? .byte : special.contains(text) ? .control : .normal
            vocabulary.append(text, kind, score: -1000)
        }
        for token in added.sorted(by: { $0.number < $1.number }) where token.number >= count {
            let kind: TokenKind = special.contains(token.text) ? .control : .userDefined
            vocabulary.append(token.text, kind, score: -1000)
        }
        return vocabulary
    }
}

extension [UInt8] {
    /// Whether it is `<0x0A>` or another byte.
    fileprivate var isByteToken: Bool {
        count == 6 && starts(with: "<0x".utf8) && self[3].hexadecimalDigit != nil
            && self[4].hexadecimalDigit != nil && self[5] == UInt8(ascii: ">")
    }
}
