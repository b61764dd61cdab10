import Glibc

/// A piece of a line, where `*` stands for whatever the line has in its place.
public struct SignaturePattern: Sendable, Equatable, CustomStringConvertible {
    /// The pattern as it was written.
    public let description: String
    /// What must follow each other in a line; between two of them may be anything.
    private let pieces: [[UInt8]]

    /// A pattern; every text is one.
    public init(_ text: String) {
        description = text
        pieces = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(
            Array.init
        )
    }

    /// How many parts of a line it leaves open.
    public var wildcards: Int { pieces.count - 1 }
    /// How many bytes of a line it fixes.
    var fixed: Int { pieces.reduce(0) { $0 + $1.count } }

    /// What the line has in the places left open, or `nil` if the pattern is not in it.
    public func captures(in line: [UInt8]) -> [String]? {
        var captures: [String] = []
        var position = 0
        for (index, piece) in pieces.enumerated() {
            let isOpenEnd = index > 0 && index == pieces.count - 1 && piece.isEmpty
            guard let start = isOpenEnd ? line.count : Self.find(piece, in: line, from: position) else {
                return nil
            }
            if index > 0 { captures.append(String(decoding: line[position..<start], as: UTF8.self)) }
            position = start + piece.count
        }
        return captures
    }

    /// What a line of text has in the places left open, or `nil` if the pattern is not in it.
    public func captures(in line: String) -> [String]? { captures(in: Array(line.utf8)) }

    private static func find(_ piece: [UInt8], in line: [UInt8], from start: Int) -> Int? {
        guard let first = piece.first else { return start }
        // A log has a million bytes and each of them is looked at a hundred times: that is work for the C library.
        return line.withUnsafeBytes { line in
            piece.withUnsafeBytes { piece in
                var position = start
                while position + piece.count <= line.count {
                    let rest = UnsafeRawBufferPointer(rebasing: line[position...(line.count - piece.count)])
                    guard let begin = rest.baseAddress, let whole = piece.baseAddress,
                        let found = memchr(begin, Int32(first), rest.count)
                    else { return nil }
                    if memcmp(found, whole, piece.count) == 0 {
                        return position + (UnsafeRawPointer(found) - begin)
                    }
                    position += UnsafeRawPointer(found) - begin + 1
                }
                return nil
            }
        }
    }
}
