/// Reads JSON from front to back, without making a tree of it: a header may have a hundred thousand entries.
///
/// It tells where in the file something is wrong, and hands out every member of an object, also one whose name occurs
/// twice.
struct JSONScanner {
    private let bytes: [UInt8]
    /// Where the text begins in the file.
    private let start: Int64
    private var place = 0
    private var depth = 0

    /// The format's own library goes no deeper.
    private static let deepest = 128

    init(_ bytes: [UInt8], at start: Int64) {
        self.bytes = bytes
        self.start = start
    }

    /// Where in the file the next thing begins.
    var offset: Int64 {
        mutating get {
            skipSpace()
            return start + Int64(place)
        }
    }

    /// Reads an object; `member` is called behind each name, with where the name lies, and reads the value.
    mutating func object(
        _ member: (_ name: String, _ offset: Int64, inout JSONScanner) throws(FormatError) -> Void
    ) throws(FormatError) {
        try nest(UInt8(ascii: "{"), UInt8(ascii: "}"), "an object is expected") {
            scanner throws(FormatError) in
            let offset = scanner.offset
            let name = try scanner.text()
            guard scanner.accept(UInt8(ascii: ":")) else { throw scanner.failure("a colon is missing") }
            try member(name, offset, &scanner)
        }
    }

    /// Reads an array; `element` reads each of its elements.
    mutating func array(
        _ element: (inout JSONScanner) throws(FormatError) -> Void
    ) throws(FormatError) {
        try nest(UInt8(ascii: "["), UInt8(ascii: "]"), "an array is expected", element)
    }

    private mutating func nest(
        _ opening: UInt8,
        _ closing: UInt8,
        _ expectation: String,
        _ part: (inout JSONScanner) throws(FormatError) -> Void
    ) throws(FormatError) {
        guard accept(opening) else { throw failure(expectation) }
        guard depth < Self.deepest else { throw failure("it is nested too deeply") }
        depth += 1
        if !accept(closing) {
            repeat { try part(&self) } while accept(UInt8(ascii: ","))
            guard accept(closing) else { throw failure("a comma is missing") }
        }
        depth -= 1
    }

    /// Reads a text.
    mutating func text() throws(FormatError) -> String {
        guard accept(UInt8(ascii: "\"")) else { throw failure("a text is expected") }
        let first = place
        var unescaped: [UInt8]?
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: unescaped ?? Array(bytes[first..<place]), as: UTF8.self)
                else { throw failure("a text is no UTF-8") }
                place += 1
                return text
            case UInt8(ascii: "\\"):
                if unescaped == nil { unescaped = Array(bytes[first..<place]) }
                let more = try escaped()
                unescaped?.append(contentsOf: more)
            case 0..<0x20: throw failure("a text has a control character")
            default:
                unescaped?.append(byte)
                place += 1
            }
        }
        throw failure("a text does not end")
    }

    private mutating func escaped() throws(FormatError) -> [UInt8] {
        place += 1
        guard let byte = next else { throw failure("a text does not end") }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]), next == UInt8(ascii: "\\") {
                place += 1
                guard next == UInt8(ascii: "u") else { throw failure("half a character is escaped") }
                place += 1
                units.append(try codeUnit())
            }
            guard let text = String(validating: units, as: UTF16.self) else {
                throw failure("half a character is escaped")
            }
            return Array(text.utf8)
        default: throw failure("nothing is escaped like this")
        }
    }

    private mutating func codeUnit() throws(FormatError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap({ Character(UnicodeScalar($0)).hexDigitValue }) else {
                throw failure("nothing is escaped like this")
            }
            unit = unit << 4 | UInt16(digit)
            place += 1
        }
        return unit
    }

    /// Whether a number comes next.
    var isNumber: Bool {
        mutating get {
            skipSpace()
            guard let next else { return false }
            return next == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next)
        }
    }

    /// Reads an integer.
    mutating func integer() throws(FormatError) -> Int {
        let text = try number()
        guard let integer = Int(text) else { throw failure("`\(text)` is no possible integer") }
        return integer
    }

    /// Reads a number as it is written.
    mutating func number() throws(FormatError) -> String {
        skipSpace()
        let first = place
        if next == UInt8(ascii: "-") { place += 1 }
        if next == UInt8(ascii: "0") {
            place += 1
        } else if skipDigits() == 0 {
            throw failure("a number is expected")
        }
        if next == UInt8(ascii: ".") {
            place += 1
            guard skipDigits() > 0 else { throw failure("a number does not end") }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            place += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { place += 1 }
            guard skipDigits() > 0 else { throw failure("a number does not end") }
        }
        return String(decoding: bytes[first..<place], as: UTF8.self)
    }

    private mutating func skipDigits() -> Int {
        let first = place
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
        return place - first
    }

    /// Passes over a value of any kind.
    mutating func skip() throws(FormatError) {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): try object { _, _, scanner throws(FormatError) in try scanner.skip() }
        case UInt8(ascii: "["): try array { scanner throws(FormatError) in try scanner.skip() }
        case UInt8(ascii: "\""): _ = try text()
        case UInt8(ascii: "t"): try skip("true")
        case UInt8(ascii: "f"): try skip("false")
        case UInt8(ascii: "n"): try skip("null")
        default: _ = try number()
        }
    }

    /// Passes over `null`, if that is what comes next; tells whether it was.
    mutating func skipNull() throws(FormatError) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: "n") else { return false }
        try skip("null")
        return true
    }

    private mutating func skip(_ word: StaticString) throws(FormatError) {
        for byte in word.description.utf8 {
            guard next == byte else { throw failure("a value is expected") }
            place += 1
        }
    }

    /// Makes sure that nothing follows.
    mutating func end() throws(FormatError) {
        skipSpace()
        guard next == nil else { throw failure("something follows the end") }
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func accept(_ byte: UInt8) -> Bool {
        skipSpace()
        guard next == byte else { return false }
        place += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
    }

    private func failure(_ reason: String) -> FormatError {
        .invalid(.json(reason), offset: start + Int64(place))
    }
}
