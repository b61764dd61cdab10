/// Marks text with bold and colour, or leaves it as it is.
public struct Style: Sendable, Equatable {
    /// A way to mark text.
    public enum Tone: Int, Sendable, CaseIterable {
        /// Stronger.
        case bold = 1
        /// Weaker.
        case dim = 2
        /// For what failed.
        case red = 31
        /// For what is well.
        case green = 32
        /// For what needs attention.
        case yellow = 33
        /// For names and commands.
        case cyan = 36
    }

    /// Whether text is marked at all.
    public let isOn: Bool

    /// Switches marking on or off.
    public init(isOn: Bool) { self.isOn = isOn }
    /// Leaves all text as it is.
    public static let plain = Style(isOn: false)

    /// Marks text; no tone leaves it as it is.
    public func callAsFunction(_ text: String, _ tone: Tone?) -> String {
        guard isOn, let tone, !text.isEmpty else { return text }
        return "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m"
    }

    /// Bold text.
    public func bold(_ text: String) -> String { self(text, .bold) }
    /// Dim text.
    public func dim(_ text: String) -> String { self(text, .dim) }
    /// Red text.
    public func red(_ text: String) -> String { self(text, .red) }
    /// Green text.
    public func green(_ text: String) -> String { self(text, .green) }
    /// Yellow text.
    public func yellow(_ text: String) -> String { self(text, .yellow) }
    /// Cyan text.
    public func cyan(_ text: String) -> String { self(text, .cyan) }
}

/// Text as it was before it was marked.
func withoutTones(_ text: String) -> String {
    let parts = text.split(separator: "\u{1B}[", omittingEmptySubsequences: false)
    return parts.dropFirst().reduce(parts.first.map { String($0) } ?? "") { plain, part in
        plain + part.drop { $0 != "m" }.dropFirst()
    }
}
