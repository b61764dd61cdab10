/// Which tokens begin a text, end it and so on, whether they are added, and how a chat is written.
struct SpecialTokens {
    private let files: TokenizerFiles
    /// Numbers from here on are no tokens.
    private let limit: Int?
    private(set) var kinds: [String]
    private var numbers: [(kind: String, number: Int)] = []
    private var added: [(kind: String, isAdded: Bool)] = []
    /// What the settings say of each kind, as far as it was changed.
    private var changed: [String: Entry] = [:]
    private var normalizer: [(key: String, flag: Bool)] = []

    /// What the settings say a token is.
    enum Entry: Equatable {
        case none
        case text([UInt8])
        /// An object with a text; it equals no text.
        case object([UInt8]?)

        var isSaid: Bool {
            switch self {
            case .none: false
            case .text(let text): !text.isEmpty
            case .object: true
            }
        }

        func isText(_ other: [UInt8]) -> Bool { self == .text(other) }
    }

    init(
        _ files: TokenizerFiles,
        kinds: [String] = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"],
        limit: Int?
    ) {
        self.files = files
        self.kinds = kinds
        self.limit = limit
    }

    /// Finds out everything that the files say.
    mutating func load() throws(HuggingFaceError) {
        if let tokenizer = files.tokenizer {
            if let normalizer = tokenizer["normalizer"]?.nonNull { readNormalizer(normalizer) }
            readProcessors(tokenizer["post_processor"]?.nonNull)
        }
        if let settings { try readSettings(settings) }
        try readConfiguration()
    }

    /// The settings, unless there is nothing in them.
    private var settings: JSONMembers? {
        files.settings.flatMap { $0.ordered.isEmpty ? nil : $0 }
    }

    func entry(_ kind: String) -> Entry {
        if let entry = changed[kind] { return entry }
        guard let value = settings?["\(kind)_token"]?.nonNull else { return .none }
        if let text = value.utf8 { return .text(text) }
        return value.isObject && value.isTruthy ? .object(value["content"]?.utf8) : .none
    }

    /// Changes what the settings say; where there are none, nothing.
    mutating func change(_ kind: String, _ entry: Entry) {
        if settings != nil { changed[kind] = entry }
    }

    var hasSettings: Bool { settings != nil }

    mutating func setAdded(_ kind: String, _ isAdded: Bool) {
        if let place = added.firstIndex(where: { $0.kind == kind }) {
            added[place].isAdded = isAdded
        } else {
            added.append((kind, isAdded))
        }
    }

    mutating func setAddedUnlessKnown(_ kind: String, _ isAdded: Bool) {
        if !added.contains(where: { $0.kind == kind }) { added.append((kind, isAdded)) }
    }

    mutating func addKind(_ kind: String) { kinds.append(kind) }

    /// Sets the number of a kind unless it is known; the first that says it counts.
    mutating func set(_ kind: String, _ number: Int) throws(HuggingFaceError) {
        guard number >= 0 else { throw .tokenizer(.specialToken(kind, number)) }
        guard limit.map({ number < $0 }) ?? true, !numbers.contains(where: { $0.kind == kind }) else {
            return
        }
        numbers.append((kind, number))
    }

    private mutating func readNormalizer(_ value: JSONValue) {
        func set(_ key: String, _ flag: Bool) {
            normalizer.removeAll { $0.key == key }
            normalizer.append((key, flag))
        }
        switch value["type"]?.string {
        case "Lowercase": set("lowercase", true)
        case "StripAccents": set("strip_accents", true)
        case "BertNormalizer":
            for key in ["lowercase", "strip_accents"] {
                if let flag = value[key]?.flag { set(key, flag) }
            }
        case "Sequence": for part in value["normalizers"]?.elements ?? [] { readNormalizer(part) }
        default: break
        }
    }

    private mutating func readSettings(_ settings: JSONMembers) throws(HuggingFaceError) {
        let known = try files.addedTokens()
        for kind in kinds {
            if let flag = settings["add_\(kind)_token"]?.flag { setAddedUnlessKnown(kind, flag) }
            let text: [UInt8]
            switch entry(kind) {
            case .text(let said), .object(let said?): text = said
            default: continue
            }
            if let token = known.first(where: { $0.text == text }) { try set(kind, token.number) }
        }
    }

    private mutating func readConfiguration() throws(HuggingFaceError) {
        let root = files.configuration.root
        for kind in kinds {
            let key = "\(kind)_token_id"
            guard let value = root[key]?.nonNull ?? root["text_config"]?[key]?.nonNull else { continue }
            // To Python a falsehood is the number zero.
            if let flag = value.flag { try set(kind, flag ? 1 : 0) }
            if value.isWholeNumber, let number = value.integer { try set(kind, number) }
        }
    }

    private static let names = [
        "bos": "bos", "eos": "eos", "unk": "unknown", "sep": "seperator", "pad": "padding", "mask": "mask",
        "eot": "eot", "eom": "eom",
    ]

    /// Adds the keys; the template of a chat only where it is wanted.
    func add(to keys: inout HeaderKeys, template: Bool) throws(HuggingFaceError) {
        for (kind, number) in numbers {
            if let name = Self.names[kind] {
                try keys.set("tokenizer.ggml.\(name)_token_id", unsigned: number)
            }
        }
        for (kind, isAdded) in added where ["bos", "eos", "sep"].contains(kind) {
            keys.set("tokenizer.ggml.add_\(kind)_token", flag: isAdded)
        }
        if template, hasSettings { try ChatTemplates(files).add(to: &keys) }
        for key in ["lowercase", "strip_accents"] {
            guard let entry = normalizer.first(where: { $0.key == key }) else { continue }
            keys.set("tokenizer.ggml.normalizer.\(key)", flag: entry.flag)
        }
    }
}

extension JSONValue {
    /// Whether it is written as an integer.
    fileprivate var isWholeNumber: Bool {
        guard number != nil else { return false }
        let word = text.bytes[place..<text.end(of: place)]
        return word.allSatisfy {
            $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
    }
}
