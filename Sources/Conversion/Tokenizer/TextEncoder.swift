/// Makes tokens of one short text, as the tokenizer of a model does.
///
/// It looks only for what the text has: the vocabulary stays in its file.
struct TextEncoder {
    private let files: TokenizerFiles
    private let model: JSONMembers
    private let finder: WordFinder?
    private let extra: AddedTokens

    /// Prepares to encode; `nil` if the tokenizer does something that is not known here.
    init?(_ files: TokenizerFiles, _ extra: AddedTokens) throws(HuggingFaceError) {
        self.files = files
        model = try Vocabulary.bytePairModel(of: files)
        self.extra = extra
        guard Self.leavesComposed(files.tokenizer?["normalizer"]?.nonNull) else { return nil }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] where model[key]?.isTruthy == true {
            return nil
        }
        guard let value = files.tokenizer?["pre_tokenizer"]?.nonNull else {
            finder = nil
            return
        }
        // The library sets this step right by the settings, where it is the only one.
        let isAlone = value["type"]?.string == "ByteLevel"
        let addsSpace = isAlone ? Self.addsSpace(files) : nil
        guard let finder = WordFinder(value, addsSpace: addsSpace) else { return nil }
        self.finder = finder
    }

    /// What the settings say of the space in front of a text; to some classes saying nothing means as it is.
    private static func addsSpace(_ files: TokenizerFiles) -> Bool? {
        if let setting = files.settings?["add_prefix_space"] { return setting.nonNull?.isTruthy }
        let kind = AddedTokens.kind(of: files)
        return kind == "LlamaTokenizer" || kind == "CodeLlamaTokenizer" ? nil : false
    }

    /// Whether a text of composed characters, such as the check text is, stays as it is.
    private static func leavesComposed(_ normalizer: JSONValue?) -> Bool {
        guard let normalizer else { return true }
        switch normalizer["type"]?.string {
        case "NFC": return true
        case "Sequence": return (normalizer["normalizers"]?.elements ?? []).allSatisfy(leavesComposed)
        default: return false
        }
    }

    /// The tokens of a text, with those that are put around it; `nil` if that is not known here.
    func numbers(of text: String) -> [Int]? {
        var words: [(token: Int?, text: [UInt8])] = []
        for part in AddedTokenFinder(extra.tokens).parts(of: text) {
            if let token = part.token {
                words.append((token, []))
            } else {
                let found = finder?.words(of: part.text) ?? [part.text]
                words += found.map { (nil, Array($0.utf8)) }
            }
        }
        guard let pairs = BytePairs(model, for: words.map(\.text)), let around = surroundings else {
            return nil
        }
        return around.before
            + words.flatMap { word in word.token.map { [$0] } ?? pairs.numbers(of: word.text) }
            + around.behind
    }

    /// The tokens before and behind every text.
    private var surroundings: (before: [Int], behind: [Int])? {
        let settings = files.settings
        // These classes put tokens where their own settings say, whatever the file has.
        let ownClasses = ["LlamaTokenizer", "CodeLlamaTokenizer", "GemmaTokenizer", "CohereTokenizer"]
        if let kind = AddedTokens.kind(of: files), ownClasses.contains(kind) {
            let wanted = [
                ("bos", settings?["add_bos_token"]?.flag ?? true),
                ("eos", settings?["add_eos_token"]?.flag ?? false),
            ]
            let numbers = wanted.map { $1 ? extra.number(of: $0).map { [$0] } : [] }
            guard let before = numbers[0], let behind = numbers[1] else { return nil }
            return (before, behind)
        }
        var around: (before: [Int], behind: [Int]) = ([], [])
        guard let processor = files.tokenizer?["post_processor"]?.nonNull else { return around }
        for step in processor["processors"]?.elements ?? [processor] {
            switch step["type"]?.string {
            case "ByteLevel": break
            case "TemplateProcessing":
                guard let found = template(step) else { return nil }
                around = (found.before + around.before, around.behind + found.behind)
            default: return nil
            }
        }
        return around
    }

    private func template(_ step: JSONValue) -> (before: [Int], behind: [Int])? {
        var before: [Int] = []
        var behind: [Int] = []
        var isBehind = false
        for part in step["single"]?.elements ?? [] {
            if part["Sequence"] != nil {
                guard !isBehind else { return nil }
                isBehind = true
            } else {
                guard let name = part["SpecialToken"]?["id"]?.string,
                    let numbers = step["special_tokens"]?[name]?["ids"]?.elements.map(\.integer)
                else { return nil }
                let known = numbers.compactMap { $0 }
                if isBehind { behind += known } else { before += known }
            }
        }
        return isBehind ? (before, behind) : nil
    }
}
