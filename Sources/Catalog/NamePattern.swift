/// A pattern of names of models, as people and repositories write them: `qwen2.5-coder:*`, `*/Qwen2.5-Coder-*`.
///
/// `*` stands for any text without a `/`, `?` for one character that is none; capitals do not matter.
public struct NamePattern: Sendable, Hashable, CustomStringConvertible {
    /// The pattern as it was written.
    public let description: String
    /// How many characters it fixes: of two patterns that a name has, the one with more says more of it.
    public let literals: Int
    /// What stands between the `/`, in lower case.
    private let segments: [[UInt8]]

    private static let star = UInt8(ascii: "*")
    private static let any = UInt8(ascii: "?")

    /// A pattern; `nil` for a text that no name could have, or that has brackets, which mean nothing here.
    public init?(_ text: String) {
        guard !text.isEmpty,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"[]{}\\".utf8.contains($0) })
        else { return nil }
        description = text
        literals = text.utf8.count { $0 != Self.star && $0 != Self.any }
        segments = Self.segments(of: text)
    }

    /// Whether it is a pattern of the name.
    public func matches(_ name: String) -> Bool {
        let parts = Self.segments(of: name)
        return parts.count == segments.count && zip(segments, parts).allSatisfy(Self.matches)
    }

    /// Whether there could be a name that both are a pattern of.
    public func overlaps(_ other: NamePattern) -> Bool {
        segments.count == other.segments.count && zip(segments, other.segments).allSatisfy(Self.overlap)
    }

    private static func segments(of text: String) -> [[UInt8]] {
        text.lowercased().utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(
            Array.init
        )
    }

    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (place, position) = (0, 0)
        // Where to go on if what follows the last star is not here: the star takes one character more.
        var retry: (place: Int, position: Int)?
        while position < text.count {
            if place < pattern.count, pattern[place] == star {
                place += 1
                retry = (place, position)
            } else if place < pattern.count, pattern[place] == any || pattern[place] == text[position] {
                (place, position) = (place + 1, position + 1)
            } else if let last = retry {
                (place, position) = (last.place, last.position + 1)
                retry = (place, position)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == star }
    }

    /// Goes through both at once: which rests of the one can begin like which rests of the other.
    private static func overlap(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        var row = [Bool](repeating: false, count: right.count + 1)
        for place in stride(from: left.count, through: 0, by: -1) {
            let below = row
            for other in stride(from: right.count, through: 0, by: -1) {
                let (isLeftAtEnd, isRightAtEnd) = (place == left.count, other == right.count)
                if isLeftAtEnd, isRightAtEnd {
                    row[other] = true
                } else if !isLeftAtEnd, left[place] == star {
                    row[other] = below[other] || (!isRightAtEnd && row[other + 1])
                } else if !isRightAtEnd, right[other] == star {
                    row[other] = row[other + 1] || (!isLeftAtEnd && below[other])
                } else if !isLeftAtEnd, !isRightAtEnd {
                    let (one, two) = (left[place], right[other])
                    row[other] = below[other + 1] && (one == two || one == any || two == any)
                } else {
                    row[other] = false
                }
            }
        }
        return row[0]
    }
}
