/// The columns that text takes on a terminal, once it is sanitized.
public func columns(of text: String) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x7F }) { return text.utf8.count }
    return sanitized(text).reduce(0) { $0 + columns(of: $1) }
}

/// Text from outside, safe to show: what a terminal obeys, or what turns letters round, is replaced.
public func sanitized(_ text: String) -> String {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
    var safe = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\t", "\n", "\r": safe.append(" ")
        case "\u{200C}", "\u{200D}": safe.append(scalar)
        default: safe.append(scalar.isObeyed ? "\u{FFFD}" : scalar)
        }
    }
    return String(safe)
}

/// Text cut to at most `width` columns, with `…` for what is missing.
public func truncated(_ text: String, to width: Int) -> String {
    let text = sanitized(text)
    guard columns(of: text) > width else { return text }
    guard width > 0 else { return "" }
    var kept = ""
    var used = 0
    for character in text {
        used += columns(of: character)
        if used > width - 1 { break }
        kept.append(character)
    }
    return kept + "…"
}

/// Text in lines of at most `width` columns, broken between words; a word that is longer is broken anywhere.
func wrapped(_ text: String, to width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    var used = 0
    for word in sanitized(text).split(separator: " ") {
        let size = columns(of: String(word))
        if !line.isEmpty, used + 1 + size > width {
            lines.append(line)
            (line, used) = ("", 0)
        }
        if !line.isEmpty {
            line += " "
            used += 1
        }
        for character in word {
            let size = columns(of: character)
            if used + size > width, !line.isEmpty {
                lines.append(line)
                (line, used) = ("", 0)
            }
            line.append(character)
            used += size
        }
    }
    return lines + (line.isEmpty && !lines.isEmpty ? [] : [line])
}

/// A cut in the middle keeps both what a name begins with and what tells it from its neighbours.
func truncatedInTheMiddle(_ text: String, to width: Int) -> String {
    let text = sanitized(text)
    guard columns(of: text) > width else { return text }
    guard width > 4 else { return truncated(text, to: width) }
    var tail = ""
    var used = 0
    for character in text.reversed() {
        used += columns(of: character)
        if used > (width - 1) / 2 { break }
        tail = String(character) + tail
    }
    return truncated(text, to: width - columns(of: tail)) + tail
}

/// Names without the end that all of them share, such as `-of-00009.gguf`, so that a cut leaves what tells them apart.
///
/// The end begins where a word ends: of `a-12` and `a-22` nothing is left out.
func withoutSharedEnd(_ names: [String]) -> [String] {
    guard let first = names.first, names.count > 1 else { return names }
    var shared = names.dropFirst().reduce(Substring(first)) { shared, name in
        let count = zip(shared.reversed(), name.reversed()).prefix { $0 == $1 }.count
        return shared.suffix(count)
    }
    shared = shared.drop { $0.isLetter || $0.isNumber }
    guard shared.count > 1 else { return names }
    return names.map { $0.dropLast(shared.count) + "…" }
}

/// Text filled up with spaces to `width` columns.
func padded(_ text: String, to width: Int, trailing: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - columns(of: text)))
    return trailing ? space + text : text + space
}

/// A character's scalars are drawn in the place of the first; a selector for pictures makes it a wide one.
private func columns(of character: Character) -> Int {
    let scalars = character.unicodeScalars
    guard let widest = scalars.lazy.map(\.columns).max() else { return 0 }
    return widest == 1 && scalars.count > 1 && scalars.contains("\u{FE0F}") ? 2 : widest
}

extension Unicode.Scalar {
    fileprivate var isObeyed: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }

    fileprivate var columns: Int {
        if value < 0x300 { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        // The second and third letters of a Korean syllable are drawn into the first.
        if (0x1160...0x11FF).contains(value) { return 0 }
        return properties.isEmojiPresentation || Self.wide.contains { $0.contains(value) } ? 2 : 1
    }

    /// The blocks whose letters Unicode's East Asian Width calls wide or full-width.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97C,
        0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
        0xFFE0...0xFFE6, 0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD,
    ]
}
