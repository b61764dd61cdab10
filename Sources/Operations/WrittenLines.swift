import Docker

/// The lines of what a program writes for people, as they come; a bar that is drawn over and over counts each time.
struct WrittenLines: Sendable {
    private var lines = LineSplitter(limit: 65_536)

    /// The lines that these bytes complete.
    mutating func feed(_ bytes: [UInt8]) -> [String] {
        // What comes without an end would be kept for ever.
        if lines.isTooLong { _ = lines.finish() }
        return lines.feed(bytes.map { $0 == UInt8(ascii: "\r") ? UInt8(ascii: "\n") : $0 })
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// What has come since the last end of a line.
    mutating func finish() -> String { String(decoding: lines.finish() ?? [], as: UTF8.self) }
}
