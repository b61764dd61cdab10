import Platform

/// What a setting may be set to.
public indirect enum SettingRule: Sendable {
    /// Text of one line.
    case word
    /// The name or the address of a machine.
    case host
    /// A model, as it is named on the command line.
    case model
    /// The name of a quantization.
    case quantization
    /// One of some words.
    case choice([String])
    /// A whole number, or one of some words.
    case integer(ClosedRange<Int>, or: [String] = [])
    /// A number; with `excludesLowest` it must be above the lower bound.
    case number(ClosedRange<Double>, excludesLowest: Bool = false)
    /// `true` or `false`.
    case boolean
    /// Bytes a second, at least a thousand, for example `40MB`.
    case rate
    /// A span of time, for example `10m`.
    case span
    /// Where a secret is: `env:NAME` or `file:PATH`.
    case secret
    /// Several values of one kind.
    case list(SettingRule)
    /// Named values.
    case fields([Setting])
}

extension SettingRule {
    /// Reads what a file says.
    func read(_ node: YAMLNode) throws(DeclarationError) -> SettingValue {
        switch self {
        case .word: return .text(try node.word())
        case .boolean: return .boolean(try node.boolean())
        case .number: return try number(node)
        case .integer(let range, let words):
            if case .scalar(let text, _) = node.content, words.contains(text) { return .text(text) }
            do throws(DeclarationError) { return .integer(try node.integer(in: range)) } catch {
                guard !words.isEmpty else { throw error }
                throw node.error("`\(node.shownText)` is not allowed: it must be \(expected)")
            }
        case .list(let rule):
            guard case .sequence(let items) = node.content else { return .list([try rule.read(node)]) }
            var values: [SettingValue] = []
            for item in items { values.append(try rule.read(item)) }
            return .list(values)
        case .fields(let settings): return .fields(try fields(settings, node))
        case .model, .quantization, .choice, .rate, .span, .secret, .host:
            let text = try node.word()
            guard let canonical = canonical(text) else {
                throw node.error("`\(node.shownText)` is not allowed: it must be \(expected)")
            }
            return .text(canonical)
        }
    }

    /// The word in its usual spelling, or `nil` if the rule has no such word.
    private func canonical(_ text: String) -> String? {
        switch self {
        case .quantization: return Quantization(parsing: text)?.name
        case .choice(let words): return words.first { $0 == text.lowercased() }
        case .rate: return ByteCount(parsing: text).map { $0 >= 1000 } == true ? text : nil
        case .span: return Duration(parsing: text).map { $0 > .zero } == true ? text : nil
        case .secret: return SecretReference(parsing: text) == nil ? nil : text
        case .host:
            let isHost =
                text.first != "-"
                && text.utf8.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F: true
                    default: false
                    }
                }
            return isHost ? text : nil
        case .model: return (try? ModelReference(parsing: text)) == nil ? nil : text
        default: return text
        }
    }

    private func number(_ node: YAMLNode) throws(DeclarationError) -> SettingValue {
        guard case .number(let range, let excludesLowest) = self else { return .number(try node.number()) }
        let value = try node.number()
        guard range.contains(value), !excludesLowest || value > range.lowerBound else {
            throw node.error("\(node.shownText) is out of range: it must be \(expected)")
        }
        return .number(value)
    }

    private func fields(
        _ settings: [Setting],
        _ node: YAMLNode
    ) throws(DeclarationError) -> [String: SettingValue] {
        var reader = DeclarationReader()
        var values: [String: SettingValue] = [:]
        reader.mapping(node, known: settings.map(\.name))
        for setting in settings {
            if let field = node[setting.name] {
                values[setting.name] = reader.keep { () throws(DeclarationError) in
                    try setting.rule.read(field)
                }
            } else if setting.isRequired {
                reader.report(node.error("`\(setting.name)` is missing"))
            }
        }
        try reader.throwFirst()
        return values
    }

    /// Reads what a variable or an argument says; `place` names it in errors.
    public func read(_ text: String, place: String) throws(DeclarationError) -> SettingValue {
        do throws(DeclarationError) { return try read(YAMLNode.typed(text, for: self, place: place)) } catch {
            // A word on a command line has no lines and columns of its own.
            throw DeclarationError(file: place, line: 0, column: 0, message: error.message)
        }
    }

    /// What is allowed, in a few words.
    public var expected: String {
        switch self {
        case .word: "text"
        case .host: "the name or the address of a machine"
        case .model: "a model, for example `qwen2.5-coder:7b` or `OWNER/NAME`"
        case .quantization: "the name of a quantization, for example `q4_k_m`"
        case .choice(let words): "one of \(Self.shown(words))"
        case .integer(let range, let words):
            (words.isEmpty ? "" : "\(Self.shown(words)) or ") + Self.shown(range)
        case .number(let range, let excludesLowest):
            range.upperBound.isFinite && range.upperBound < 1e6
                ? (excludesLowest
                    ? "above \(Self.shown(range.lowerBound)) and at most "
                    : "from \(Self.shown(range.lowerBound)) to ")
                    + Self.shown(range.upperBound)
                : "a number, \(excludesLowest ? "above" : "at least") \(Self.shown(range.lowerBound))"
        case .boolean: "`true` or `false`"
        case .rate: "bytes a second, at least `1k`, for example `40MB`"
        case .span: "a span of time, for example `90s` or `10m`"
        case .secret: "`env:NAME` or `file:PATH`"
        case .list(let rule): "a list: \(rule.expected)"
        case .fields(let settings): "\(Self.shown(settings.map(\.name)))"
        }
    }

    private static func shown(_ words: [String]) -> String {
        words.map { "`\($0)`" }.joined(separator: ", ")
    }

    private static func shown(_ range: ClosedRange<Int>) -> String {
        range.upperBound >= 1 << 30
            ? "a whole number, at least \(range.lowerBound)"
            : "a whole number from \(range.lowerBound) to \(range.upperBound)"
    }

    private static func shown(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e9 ? "\(Int(number))" : "\(number)"
    }
}

extension YAMLNode {
    /// What somebody typed for a value, as if a file said it.
    static func typed(_ text: String, for rule: SettingRule, place: String) throws(DeclarationError)
        -> YAMLNode
    {
        switch rule {
        case .list(let rule):
            if text.hasPrefix("[") || text.hasPrefix("{") { return try parse(Array(text.utf8), file: place) }
            let words = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
            var items: [YAMLNode] = []
            for word in words { items.append(try typed(String(word), for: rule, place: place)) }
            return YAMLNode(.sequence(items), file: place, line: 1, column: 1, lastLine: 1)
        case .fields: return try parse(Array(text.utf8), file: place)
        case .integer, .number, .boolean:
            return YAMLNode(.scalar(text, plain: true), file: place, line: 1, column: 1, lastLine: 1)
        default: return YAMLNode(.scalar(text, plain: false), file: place, line: 1, column: 1, lastLine: 1)
        }
    }

    /// The text of a value for a message.
    fileprivate var shownText: String {
        guard case .scalar(let text, _) = content else { return "…" }
        return text.count > 40 ? "\(text.prefix(40))…" : text
    }
}
