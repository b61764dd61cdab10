import Platform

/// Reads the head of an answer from bytes as they come, whatever they are.
struct HeadReader {
    /// A server that says more than this before its body is not one.
    private static let mostBytes = 64 * 1024
    private var bytes: [UInt8] = []

    /// The head, once it is whole.
    private(set) var head: HTTPHead?
    /// What came behind it.
    private(set) var rest: [UInt8] = []

    mutating func feed(_ more: [UInt8]) throws(TransportError) {
        guard head == nil else {
            rest += more
            return
        }
        let searched = max(0, bytes.count - 3)
        bytes += more
        guard let end = endOfHead(from: searched) else {
            guard bytes.count <= Self.mostBytes else {
                throw .broken("the header of the answer does not end")
            }
            return
        }
        guard end <= Self.mostBytes else { throw .broken("the header of the answer does not end") }
        let head = try Self.parse(bytes[..<end])
        rest = Array(bytes[end...])
        bytes = []
        // What precedes the answer proper says nothing.
        if head.status < 200, head.status != 101 {
            let behind = rest
            rest = []
            return try feed(behind)
        }
        self.head = head
    }

    /// Where the empty line that ends a head is over.
    private func endOfHead(from start: Int) -> Int? {
        var place = start
        while place + 3 < bytes.count {
            if bytes[place] == 0x0D, bytes[place + 1] == 0x0A, bytes[place + 2] == 0x0D,
                bytes[place + 3] == 0x0A
            {
                return place + 4
            }
            place += 1
        }
        return nil
    }

    private static func parse(_ bytes: ArraySlice<UInt8>) throws(TransportError) -> HTTPHead {
        let lines = bytes.split(separator: 0x0A).map { line in
            String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
        }
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3,
            let status = Int(words[1]),
            status >= 100
        else { throw .broken("the answer is not HTTP") }
        var fields: [(name: String, value: String)] = []
        for line in lines.dropFirst() where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex, !line.hasPrefix(" ") else {
                throw .broken("the answer has a malformed header field")
            }
            let value = line[line.index(after: colon)...].trimmed
            fields.append((line[..<colon].lowercased(), String(value)))
        }
        return HTTPHead(status: status, headers: fields)
    }
}

/// Reads the body of an answer that refuses something: a few words, which may never come to an end.
struct BodyReader {
    private static let mostBytes = 64 * 1024
    private let isChunked: Bool
    private let length: Int?
    private var raw: [UInt8] = []

    init(_ head: HTTPHead) {
        isChunked = head["transfer-encoding"]?.lowercased() == "chunked"
        length = head.contentLength.map { Int(clamping: $0) }
    }

    /// Takes the next bytes; tells whether the body is whole.
    mutating func feed(_ bytes: [UInt8]) throws(TransportError) -> Bool {
        raw += bytes
        guard raw.count <= Self.mostBytes else { throw .tooLarge }
        return isChunked ? chunks.isWhole : length.map { raw.count >= $0 } ?? false
    }

    /// What has come.
    var bytes: [UInt8] { isChunked ? chunks.bytes : length.map { Array(raw.prefix($0)) } ?? raw }

    private var chunks: (bytes: [UInt8], isWhole: Bool) {
        var (found, place) = ([UInt8](), 0)
        while let end = raw[place...].firstIndex(of: 0x0A) {
            let digits = String(decoding: raw[place..<end], as: UTF8.self).prefix { $0.isHexDigit }
            guard let size = Int(digits, radix: 16), size <= raw.count - end - 1 else { break }
            if size == 0 { return (found, true) }
            found += raw[(end + 1)..<(end + 1 + size)]
            // Behind a chunk is an empty line.
            place = min(end + 1 + size + 2, raw.count)
        }
        return (found, false)
    }
}
