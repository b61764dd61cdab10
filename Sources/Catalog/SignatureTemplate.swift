/// Texts of signatures in which `{…}` stands for something that is known only then.
public enum SignatureTemplate {
    /// The text with the values in their places.
    public static func filled(_ text: String, _ values: [String: String]) -> String {
        parts(of: text).reduce(into: "") { filled, part in
            switch part {
            case .text(let text): filled += text
            case .place(let name): filled += values[name] ?? "{\(name)}"
            }
        }
    }

    /// The names that stand in it, in their order.
    static func places(in text: String) -> [String] {
        parts(of: text).compactMap { if case .place(let name) = $0 { String(name) } else { nil } }
    }

    private enum Part {
        case text(Substring)
        case place(String)
    }

    /// A brace that holds no name is itself.
    private static func parts(of text: String) -> [Part] {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            let inside = rest[rest.index(after: open)...]
            let name = inside.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
            guard !name.isEmpty, name.endIndex < rest.endIndex, rest[name.endIndex] == "}" else {
                parts.append(.text(rest[...open]))
                rest = inside
                continue
            }
            parts += [.text(rest[..<open]), .place(String(name))]
            rest = rest[rest.index(after: name.endIndex)...]
        }
        return parts + [.text(rest)]
    }
}
