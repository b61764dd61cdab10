/// Values to be written as lines of YAML in block style.
indirect enum YAMLBlock {
    /// Text, quoted where it needs to be.
    case text(String)
    /// A number or a boolean.
    case literal(String)
    /// Named values.
    case mapping([(name: String, value: YAMLBlock)])

    /// The lines of a named value.
    func lines(named name: String, indent: Int, step: Int) -> [String] {
        let start = String(repeating: " ", count: indent) + Self.scalar(name) + ":"
        switch self {
        case .text(let text): return ["\(start) \(Self.scalar(text))"]
        case .literal(let text): return ["\(start) \(text)"]
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
        return isPlain ? text : "\"\(text.unicodeScalars.map(escaped).joined())\""
    }

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
