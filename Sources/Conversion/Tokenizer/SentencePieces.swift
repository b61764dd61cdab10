/// The pieces of a `tokenizer.model`: a message of protocol buffers whose first field they are.
struct SentencePieces: Sendable {
    struct Piece: Sendable, Equatable {
        var text: [UInt8] = []
        var score: Float = 0
        var kind = 1
    }

    let pieces: [Piece]

    init(_ bytes: [UInt8]) throws(HuggingFaceError) {
        var pieces: [Piece] = []
        try Fields(bytes, 0..<bytes.count).forEach { field throws(HuggingFaceError) in
            guard field.number == 1, case .bytes(let range) = field.value else { return }
            guard pieces.count < TokenizerFiles.mostTokens else { throw Fields.flaw }
            var piece = Piece()
            try Fields(bytes, range).forEach { part throws(HuggingFaceError) in
                switch (part.number, part.value) {
                case (1, .bytes(let text)): piece.text = Array(bytes[text])
                case (2, .word(let bits)): piece.score = Float(bitPattern: bits)
                case (3, .number(let kind)): piece.kind = Int(clamping: kind)
                default: break
                }
            }
            pieces.append(piece)
        }
        guard !pieces.isEmpty else { throw Fields.flaw }
        self.pieces = pieces
    }
}

/// The fields of a message of protocol buffers.
private struct Fields {
    enum Value {
        case number(UInt64)
        case word(UInt32)
        case bytes(Range<Int>)
        case other
    }

    static let flaw = HuggingFaceError.tokenizer(.malformed("`tokenizer.model`"))

    private let bytes: [UInt8]
    private let end: Int
    private var place: Int

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        place = range.lowerBound
        end = range.upperBound
    }

    consuming func forEach(
        _ body: (_ field: (number: UInt64, value: Value)) throws(HuggingFaceError) -> Void
    ) throws(HuggingFaceError) {
        while place < end {
            let tag = try number()
            let value: Value
            switch tag & 7 {
            case 0: value = .number(try number())
            case 1:
                _ = try skip(8)
                value = .other
            case 2: value = .bytes(try skip(try number()))
            case 5:
                let range = try skip(4)
                value = .word(range.reversed().reduce(0) { $0 << 8 | UInt32(bytes[$1]) })
            default: throw Self.flaw
            }
            try body((tag >> 3, value))
        }
    }

    private mutating func skip(_ count: UInt64) throws(HuggingFaceError) -> Range<Int> {
        guard count <= UInt64(end - place) else { throw Self.flaw }
        defer { place += Int(count) }
        return place..<place + Int(count)
    }

    private mutating func number() throws(HuggingFaceError) -> UInt64 {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard place < end else { throw Self.flaw }
            let byte = bytes[place]
            place += 1
            number |= UInt64(byte & 127) << shift
            if byte < 128 { return number }
        }
        throw Self.flaw
    }
}
