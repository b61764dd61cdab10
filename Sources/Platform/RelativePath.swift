public import SystemPackage

/// A path that was checked to stay below the directory it is put in: relative, no `..`, no empty or `.` part, no
/// backslash, no control character, in UTF-8.
public struct RelativePath: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The path with `/` between its parts.
    public let string: String

    /// Accepts a path that comes from outside; `nil` if it could lead elsewhere.
    public init?(_ string: some StringProtocol) {
        let parts = string.split(separator: "/", omittingEmptySubsequences: false)
        guard !string.isEmpty, string.utf8.count <= 1024,
            parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }),
            string.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" })
        else { return nil }
        // `C:` at the front is a drive on some systems that a volume may be shared with.
        if let first = parts.first, first.count == 2, first.last == ":" { return nil }
        self.string = String(string)
    }

    /// The last part.
    public var name: String { string.split(separator: "/").last.map(String.init) ?? string }
    /// The path in a directory.
    public func below(_ directory: FilePath) -> FilePath { directory.pushing(FilePath(string)) }

    /// The path itself.
    public var description: String { string }
    /// Orders by code points.
    public static func < (left: Self, right: Self) -> Bool { left.string < right.string }
}

extension RelativePath: Codable {
    /// Reads a string and checks it.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let path = RelativePath(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "`\(text)` leaves its directory"
            )
        }
        self = path
    }

    /// Writes a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(string)
    }
}
