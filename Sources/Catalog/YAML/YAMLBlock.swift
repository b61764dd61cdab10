/// Values to be written as lines of YAML in block style.
public indirect enum YAMLBlock: Sendable {
    /// Text, quoted where it needs to be.
    case text(String)
    /// A number or a boolean.
    case literal(String)
    /// Named values.
    case mapping([(name: String, value: YAMLBlock)])
    /// A list, which is written in brackets.
    case sequence([YAMLBlock])
    /// A list with a line or more for each item.
    case items([YAMLBlock])

    /// Whether it takes lines of its own.
    var isBlock: Bool {
        switch self {
        case .text, .literal, .sequence: false
        case .mapping, .items: true
        }
    }

    /// The lines of an item of a list; `prefix` is the dash with the spaces around it.
    func itemLines(prefix: String, step: Int) -> [String] {
        guard case .mapping(let pairs) = self else { return [prefix + flow] }
        let lines = pairs.flatMap { $0.value.lines(named: $0.name, indent: prefix.count, step: step) }
        return lines.enumerated().map { $0 == 0 ? prefix + $1.dropFirst(prefix.count) : $1 }
    }

    /// The value on one line, lists in brackets and named values in braces.
    var flow: String {
        switch self {
        case .text(let text): Self.scalar(text)
        case .literal(let text): text
        case .sequence(let items), .items(let items): "[\(items.map(\.flow).joined(separator: ", "))]"
        case .mapping(let pairs):
            "{\(pairs.map { "\(Self.scalar($0.name)): \($0.value.flow)" }.joined(separator: ", "))}"
        }
    }

    /// The lines of a named value.
    func lines(named name: String, indent: Int, step: Int) -> [String] {
        let start = String(repeating: " ", count: indent) + Self.scalar(name) + ":"
        switch self {
        case .text(let text): return ["\(start) \(Self.scalar(text))"]
        case .literal, .sequence: return ["\(start) \(flow)"]
        case .items(let items):
            let prefix = String(repeating: " ", count: indent + step) + "- "
            return [start] + items.flatMap { $0.itemLines(prefix: prefix, step: step) }
        case .mapping(let pairs):
            return [start]
                + pairs.flatMap { $0.value.lines(named: $0.name, indent: indent + step, step: step) }
        }
    }

    /// Text as it is if no reader can take it for something else, in quotes otherwise.
    private static func scalar(_ text: String) -> String {
        let lower = text.lowercased()
        // `7b` is text to every reader; `12`, `1e5` and `0x1f` are not.
        let isWord =
            text.first?.isLetter == true || (text.first?.isNumber == true && text.last?.isLetter == true)
        let isPlain =
            isWord && text.last != " " && !["0x", "0o", "0b"].contains { lower.hasPrefix($0) }
            && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(lower)
            && text.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789 ._/+-".unicodeScalars.contains($0))
            }
        return isPlain ? text : quoted(text)
    }

    /// Text in double quotes.
    static func quoted(_ text: String) -> String { "\"\(text.unicodeScalars.map(escaped).joined())\"" }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\t": return "\\t"
        default:
            let isShown =
                scalar.properties.generalCategory != .control && scalar.value != 0xFEFF
                && scalar.properties.generalCategory != .lineSeparator
                && scalar.properties.generalCategory != .paragraphSeparator
            if isShown { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
    }
}
