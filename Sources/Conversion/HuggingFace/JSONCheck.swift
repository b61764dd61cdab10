/// Goes through a JSON text once and makes sure that all of it is well-formed.
struct JSONCheck {
    private let bytes: [UInt8]
    private var place = 0

    /// Nobody nests deeper; each level would take some of the stack.
    private static let deepest = 128

    static func run(_ bytes: [UInt8]) throws(JSONText.Flaw) {
        var check = JSONCheck(bytes: bytes)
        try check.value(depth: 0)
        check.skipSpace()
        guard check.place == bytes.count else { throw check.flaw("something follows the end") }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private func flaw(_ reason: String) -> JSONText.Flaw { JSONText.Flaw(reason: reason, offset: place) }

    private mutating func skipSpace() {
        while let next, next.isJSONSpace { place += 1 }
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        skipSpace()
        guard next == byte else { return false }
        place += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONText.Flaw) {
        guard depth <= Self.deepest else { throw flaw("it is nested too deeply") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"):
            place += 1
            if accept(UInt8(ascii: "}")) { return }
            repeat {
                skipSpace()
                try text()
                guard accept(UInt8(ascii: ":")) else { throw flaw("a colon is missing") }
                try value(depth: depth + 1)
            } while accept(UInt8(ascii: ","))
            guard accept(UInt8(ascii: "}")) else { throw flaw("a comma is missing") }
        case UInt8(ascii: "["):
            place += 1
            if accept(UInt8(ascii: "]")) { return }
            repeat { try value(depth: depth + 1) } while accept(UInt8(ascii: ","))
            guard accept(UInt8(ascii: "]")) else { throw flaw("a comma is missing") }
        case UInt8(ascii: "\""): try text()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        // Python writes these into configurations.
        case UInt8(ascii: "N"): try word("NaN")
        case UInt8(ascii: "I"): try word("Infinity")
        default: try number()
        }
    }

    private mutating func word(_ word: StaticString) throws(JSONText.Flaw) {
        for byte in word.description.utf8 {
            guard next == byte else { throw flaw("a value is expected") }
            place += 1
        }
    }

    private mutating func number() throws(JSONText.Flaw) {
        if next == UInt8(ascii: "-") { place += 1 }
        if next == UInt8(ascii: "I") { return try word("Infinity") }
        if next == UInt8(ascii: "0") {
            place += 1
        } else if digits() == 0 {
            throw flaw("a value is expected")
        }
        if next == UInt8(ascii: ".") {
            place += 1
            guard digits() > 0 else { throw flaw("a number does not end") }
        }
        guard next == UInt8(ascii: "e") || next == UInt8(ascii: "E") else { return }
        place += 1
        if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { place += 1 }
        guard digits() > 0 else { throw flaw("a number does not end") }
    }

    private mutating func digits() -> Int {
        let first = place
        while let next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { place += 1 }
        return place - first
    }

    private mutating func text() throws(JSONText.Flaw) {
        guard next == UInt8(ascii: "\"") else { throw flaw("a text is expected") }
        place += 1
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                return
            case UInt8(ascii: "\\"): try escape()
            case 0..<0x20: throw flaw("a text has a control character")
            case 0x20..<0x80: place += 1
            default: try character(byte)
            }
        }
        throw flaw("a text does not end")
    }

    private mutating func escape() throws(JSONText.Flaw) {
        place += 1
        guard let byte = next else { throw flaw("a text does not end") }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            guard UTF16.isSurrogate(unit) else { return }
            guard UTF16.isLeadSurrogate(unit), next == UInt8(ascii: "\\") else {
                throw flaw("half a character")
            }
            place += 1
            guard next == UInt8(ascii: "u") else { throw flaw("half a character") }
            place += 1
            guard UTF16.isTrailSurrogate(try codeUnit()) else { throw flaw("half a character") }
        default: throw flaw("nothing is escaped like this")
        }
    }

    private mutating func codeUnit() throws(JSONText.Flaw) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = next?.hexadecimalDigit else { throw flaw("nothing is escaped like this") }
            unit = unit << 4 | UInt16(digit)
            place += 1
        }
        return unit
    }

    /// A character of several bytes, none of which may be missing, too many or too large.
    private mutating func character(_ first: UInt8) throws(JSONText.Flaw) {
        let (count, lowest, highest): (Int, UInt8, UInt8) =
            switch first {
            case 0xC2...0xDF: (1, 0x80, 0xBF)
            case 0xE0: (2, 0xA0, 0xBF)
            case 0xED: (2, 0x80, 0x9F)
            case 0xE1...0xEF: (2, 0x80, 0xBF)
            case 0xF0: (3, 0x90, 0xBF)
            case 0xF1...0xF3: (3, 0x80, 0xBF)
            case 0xF4: (3, 0x80, 0x8F)
            default: (0, 0, 0)
            }
        guard count > 0, place + count < bytes.count, (lowest...highest).contains(bytes[place + 1]) else {
            throw flaw("a text is no UTF-8")
        }
        for index in 1..<(count + 1) where bytes[place + index] & 0xC0 != 0x80 {
            throw flaw("a text is no UTF-8")
        }
        place += count + 1
    }
}
