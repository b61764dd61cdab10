/// One value of a YAML file, with the place where it was written.
public struct YAMLNode: Sendable {
    /// What kind of value it is.
    public enum Content: Sendable {
        /// Text; `plain` if it was written without quotes, so that it may mean a number, a boolean or
        /// nothing.
        case scalar(String, plain: Bool)
        /// A list.
        case sequence([YAMLNode])
        /// Named values, in the order of the file.
        case mapping([Pair])
    }

    /// A named value of a mapping.
    public struct Pair: Sendable {
        /// The name and its place.
        public let key: YAMLNode
        /// The text of the name.
        public let name: String
        /// What it stands for.
        public let value: YAMLNode
    }

    /// The value.
    public let content: Content
    /// The file as it was named to the reader.
    public let file: String
    /// The line, from 1.
    public let line: Int
    /// The column in characters, from 1.
    public let column: Int
    /// The last line that belongs to the value.
    let lastLine: Int
    /// Where it ends, if that is the end of the value alone: a block of lines has no such end.
    let end: YAMLPlace?
    /// Whether it was written with brackets or braces.
    let isFlow: Bool
    /// The number of values in it, itself and what aliases stand for included.
    let weight: Int
    /// The number of collections one in another, aliases followed.
    let height: Int

    init(
        _ content: Content,
        file: String,
        line: Int,
        column: Int,
        lastLine: Int,
        end: YAMLPlace? = nil,
        isFlow: Bool = false
    ) {
        self.content = content
        self.file = file
        self.line = line
        self.column = column
        self.lastLine = lastLine
        self.end = end
        self.isFlow = isFlow
        switch content {
        case .scalar:
            weight = 1
            height = 0
        case .sequence(let items):
            weight = items.reduce(1) { $0 + $1.weight }
            height = 1 + (items.lazy.map(\.height).max() ?? 0)
        case .mapping(let pairs):
            weight = pairs.reduce(1) { $0 + 1 + $1.value.weight }
            height = 1 + (pairs.lazy.map(\.value.height).max() ?? 0)
        }
    }

    /// A mistake at this place.
    public func error(_ message: String) -> DeclarationError {
        DeclarationError(file: file, line: line, column: column, message: message)
    }

    /// Whether nothing was written, or `null`.
    public var isNull: Bool {
        guard case .scalar(let text, plain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The value of a name, if this is a mapping that has it.
    public subscript(_ name: String) -> YAMLNode? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs.first { $0.name == name }?.value
    }
}

// MARK: Typed values

extension YAMLNode {
    /// Text; a number written without quotes counts as text, a boolean does not.
    public func string() throws(DeclarationError) -> String {
        guard case .scalar(let text, let plain) = content, !isNull else { throw unexpected("text") }
        if plain, Self.booleans[text] != nil {
            throw error("`\(text)` is a boolean here: quote it to mean text")
        }
        return text
    }

    /// Text of one line that is not empty.
    public func word() throws(DeclarationError) -> String {
        let text = try string()
        if text.isEmpty { throw error("this must not be empty") }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw error("this must not have control characters")
        }
        return text
    }

    /// A whole number in decimal digits.
    public func integer(in range: ClosedRange<Int> = 0 ... .max) throws(DeclarationError) -> Int {
        guard case .scalar(let text, plain: true) = content, let value = Int(text) else {
            throw unexpected("a whole number")
        }
        guard range.contains(value) else {
            let limits =
                range.upperBound == .max
                ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw error("\(value) is out of range: it must be \(limits)")
        }
        return value
    }

    /// A number, whole or with a fraction.
    public func number() throws(DeclarationError) -> Double {
        guard case .scalar(let text, plain: true) = content,
            text.utf8.allSatisfy({
                (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0)
            }),
            let value = Double(text), value.isFinite
        else { throw unexpected("a number") }
        return value
    }

    /// `true` or `false`; `yes` and `no` are text, as in YAML 1.2.
    public func boolean() throws(DeclarationError) -> Bool {
        guard case .scalar(let text, plain: true) = content, let value = Self.booleans[text] else {
            throw unexpected("`true` or `false`")
        }
        return value
    }

    /// The items of a list; a value that is not a list counts as a mistake.
    public func list() throws(DeclarationError) -> [YAMLNode] {
        guard case .sequence(let items) = content else { throw unexpected("a list") }
        return items
    }

    /// A list of texts; one text counts as a list of it.
    public func words() throws(DeclarationError) -> [String] {
        if case .scalar = content { return [try word()] }
        var words: [String] = []
        for item in try list() { words.append(try item.word()) }
        return words
    }

    /// One of the words of an enumeration.
    public func choice<Choice>(of type: Choice.Type) throws(DeclarationError) -> Choice
    where Choice: RawRepresentable<String> & CaseIterable {
        let text = try word()
        if let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        throw error("`\(text)` is none of \(words)")
    }

    /// The name of a quantization.
    func quantization() throws(DeclarationError) -> Quantization {
        let text = try word()
        guard let quantization = Quantization(parsing: text) else {
            throw error("`\(text)` is not the name of a quantization")
        }
        return quantization
    }

    /// The named values of a mapping; nothing written counts as an empty one.
    public func pairs() throws(DeclarationError) -> [Pair] {
        if isNull { return [] }
        guard case .mapping(let pairs) = content else { throw unexpected("a mapping") }
        return pairs
    }

    private static let booleans = [
        "true": true, "True": true, "TRUE": true, "false": false, "False": false, "FALSE": false,
    ]

    private func unexpected(_ expected: String) -> DeclarationError {
        let found =
            switch content {
            case .scalar where isNull: "nothing"
            case .scalar(let text, _): "`\(text.count > 40 ? text.prefix(40) + "…" : text[...])`"
            case .sequence: "a list"
            case .mapping: "a mapping"
            }
        return error("expected \(expected), found \(found)")
    }
}
