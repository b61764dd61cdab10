/// A value of the front matter of a model's card.
public indirect enum CardValue: Sendable, Equatable {
    /// A text; numbers and dates are such here.
    case text(String)
    /// A list.
    case list([CardValue])
    /// A map, in its order.
    case map([CardEntry])
    /// Nothing.
    case null

    /// The text, if it is one.
    var text: String? { if case .text(let text) = self { text } else { nil } }

    /// The texts of a list, or the one text.
    var texts: [String] {
        switch self {
        case .text(let text): [text]
        case .list(let values): values.compactMap(\.text)
        default: []
        }
    }
}

/// A key of a map with its value.
public struct CardEntry: Sendable, Equatable {
    /// The key.
    public let key: String
    /// The value.
    public let value: CardValue

    /// States an entry.
    public init(_ key: String, _ value: CardValue) {
        self.key = key
        self.value = value
    }
}

/// The front matter of a model's card, as whoever can read YAML found it.
///
/// Before it is read, `- no` at the end of a line must become `- "no"`, for that is a language here and no falsehood.
public struct ModelCard: Sendable, Equatable {
    private let entries: [CardEntry]

    /// States what a card says; of entries with the same key the last counts.
    public init(_ entries: [CardEntry] = []) { self.entries = entries }

    subscript(_ key: String) -> CardValue? { entries.last { $0.key == key }?.value }
}
