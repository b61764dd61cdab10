/// A value of JSON within a word of a command: in the order that it is given, unlike an encoder's.
enum JSONText {
    /// Text.
    case text(String)
    /// A number.
    case number(Double)

    /// An object on one line.
    static func object(_ parts: [(String, JSONText)]) -> String {
        "{" + parts.map { "\(quoted($0)):\($1.written)" }.joined(separator: ",") + "}"
    }

    private var written: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .number(let number): number.word
        }
    }

    private static func quoted(_ text: String) -> String {
        let safe = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": return "\\\""
            case "\\": return "\\\\"
            default:
                guard scalar.value < 0x20 else { return String(scalar) }
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return "\"\(safe.joined())\""
    }
}
