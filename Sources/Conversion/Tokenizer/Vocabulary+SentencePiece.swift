extension Vocabulary {
    /// The vocabulary of `tokenizer.model`, with the tokens that other files add to it.
    ///
    /// In a `strict` one, which is that of Phi 3, tokens are what the files say they are, and more files say it.
    static func sentencePieces(_ files: TokenizerFiles, strict: Bool) throws(HuggingFaceError) -> Vocabulary {
        guard let bytes = try files.folder.bytes("tokenizer.model") else { throw .missing("tokenizer.model") }
        let pieces = try SentencePieces(bytes).pieces
        var places = TokenPlaces(count: try files.modelTokens ?? pieces.count)
        for (number, piece) in pieces.prefix(places.count).enumerated() {
            // What users defined is a token like others.
            let kind: TokenKind =
                switch piece.kind {
                case 2: .unknown
                case 3: .control
                case 5: .unused
                case 6: .byte
                default: .normal
                }
            places.put(piece.text, kind, score: piece.score, at: number)
        }
        for (name, value) in files.added?.ordered ?? [] {
            guard let number = value.integer, number >= 0 else {
                throw .tokenizer(.malformed("`added_tokens.json`"))
            }
            if number < places.count { places.put(name, .userDefined, at: number) }
        }
        try putDecoded(files, strict: strict, into: &places)
        if strict {
            for token in try files.addedTokens() {
                try check(token.number, below: places.count)
                places.put(token.text, token.isSpecial ? .control : .userDefined, at: token.number)
            }
        }
        return places.vocabulary(model: "llama", preTokenizer: "default")
    }

    private static func check(_ number: Int, below limit: Int) throws(HuggingFaceError) {
        guard (0..<limit).contains(number) else { throw .tokenizer(.number(number, limit: limit)) }
    }

    /// Puts the tokens of `tokenizer_config.json`.
    private static func putDecoded(_ files: TokenizerFiles, strict: Bool, into places: inout TokenPlaces)
        throws(HuggingFaceError)
    {
        for (name, value) in files.settings?["added_tokens_decoder"]?.members.ordered ?? [] {
            let members = value.members
            guard let number = Int(String(decoding: name, as: UTF8.self)), number >= 0,
                let text = members["content"]?.utf8
            else { throw .tokenizer(.malformed("`added_tokens_decoder`")) }
            guard number < places.count else {
                if strict { try check(number, below: places.count) }
                continue
            }
            let isSpecial = members["special"]?.isTruthy ?? false
            if isSpecial || !strict && TokenKind.looksSpecial(text) {
                places.put(text, .control, at: number)
            } else {
                places.put(strict ? text : text.withPlainSpaces, .userDefined, at: number)
            }
        }
    }
}
