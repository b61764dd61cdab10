/// The end of what an engine has written, in lines that are safe to show.
///
/// It is a foreign program's output: of any length, in any encoding, with anything in it that a terminal would obey.
public struct RunLog: Sendable {
    /// How many lines are kept, the last ones of all.
    public static let mostLines = 2000
    /// How many bytes are kept of all lines together.
    public static let mostBytes = 1 << 20
    /// How many bytes are kept of one line.
    static let longestLine = 4096

    /// What is kept, and for a while more than that.
    private var kept: [String] = []
    private var size = 0
    /// What has come of lines that have not ended, for each of the outputs.
    private var begun: [Int: [UInt8]] = [:]

    /// A log that nothing was written to.
    public init() {}

    /// The log of a program that has written so much and no more.
    public init(_ bytes: [UInt8]) {
        take(bytes)
        finish()
    }

    /// The lines, the oldest first; empty ones are among them.
    public var lines: [String] {
        var (count, size) = (0, 0)
        for line in kept.suffix(Self.mostLines).reversed() {
            size += line.utf8.count
            guard size <= Self.mostBytes else { break }
            count += 1
        }
        return Array(kept.suffix(count))
    }

    /// Takes what came next; each of a program's outputs has a number and lines of its own.
    public mutating func take(_ bytes: [UInt8], of output: Int = 0) {
        var line = begun.removeValue(forKey: output) ?? []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                add(line)
                line.removeAll(keepingCapacity: true)
                continue
            }
            // A bar is drawn again and again on a line that does not end: what counts is how it was drawn last.
            if line.last == UInt8(ascii: "\r") { line.removeAll(keepingCapacity: true) }
            if line.count < Self.longestLine || byte == UInt8(ascii: "\r") { line.append(byte) }
        }
        begun[output] = line
    }

    /// Takes the lines that nothing has ended as they are.
    public mutating func finish() {
        for output in begun.keys.sorted() {
            if let line = begun[output], !line.isEmpty { add(line) }
        }
        begun = [:]
    }

    private mutating func add(_ bytes: [UInt8]) {
        let line = Self.shown(bytes)
        kept.append(line)
        size += line.utf8.count
        // Rarely and much at once, as what is behind has to move up.
        guard kept.count > 2 * Self.mostLines || size > 2 * Self.mostBytes else { return }
        kept = lines
        size = kept.reduce(0) { $0 + $1.utf8.count }
    }
}

// MARK: Foreign bytes

extension RunLog {
    /// A line of foreign bytes without what a terminal would obey, and without spaces at its end.
    static func shown(_ bytes: [UInt8]) -> String {
        var safe = String.UnicodeScalarView()
        for scalar in String(decoding: withoutSequences(bytes), as: UTF8.self).unicodeScalars {
            if scalar == "\t" { safe.append(" ") } else if !isObeyed(scalar) { safe.append(scalar) }
        }
        while safe.last == " " { safe.removeLast() }
        return String(safe)
    }

    /// Leaves out what tells a terminal colours, titles and places; their letters alone would be noise in the line.
    private static func withoutSequences(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(0x1B) else { return bytes }
        var rest = bytes[...]
        var plain: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == 0x1B else {
                plain.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "["):
                while let next = rest.popFirst(), !(0x40...0x7E).contains(next) {}
            case UInt8(ascii: "]"):
                while let next = rest.popFirst(), next != 0x07 {
                    guard next == 0x1B else { continue }
                    if rest.first == UInt8(ascii: "\\") { rest.removeFirst() }
                    break
                }
            default: break
            }
        }
        return plain
    }

    private static func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x20, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}
