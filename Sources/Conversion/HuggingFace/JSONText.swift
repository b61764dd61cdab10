/// A JSON document whose values are found in its text when they are asked for: a vocabulary takes no more room than
/// its file.
///
/// The whole text was checked when it was made, so its values can be read without further ado.
final class JSONText: Sendable {
    let bytes: [UInt8]

    /// What is wrong with a text.
    struct Flaw: Error, Equatable {
        let reason: String
        let offset: Int
    }

    init(_ bytes: [UInt8]) throws(Flaw) {
        self.bytes = bytes
        try JSONCheck.run(bytes)
    }

    /// The outermost value.
    var root: JSONValue { JSONValue(text: self, place: spaceEnd(0)) }

    /// The first place from one on that is no space.
    func spaceEnd(_ start: Int) -> Int {
        var place = start
        while place < bytes.count, bytes[place].isJSONSpace { place += 1 }
        return place
    }

    /// The place behind the value that begins at one.
    func end(of start: Int) -> Int {
        switch bytes[start] {
        case UInt8(ascii: "\""): return textEnd(start)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            var place = start
            repeat {
                switch bytes[place] {
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                case UInt8(ascii: "\""): place = textEnd(place) - 1
                default: break
                }
                place += 1
            } while depth > 0
            return place
        default:
            var place = start
            while place < bytes.count, bytes[place].isInJSONWord { place += 1 }
            return place
        }
    }

    private func textEnd(_ start: Int) -> Int {
        var place = start + 1
        while bytes[place] != UInt8(ascii: "\"") { place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1 }
        return place + 1
    }
}

extension UInt8 {
    var isJSONSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }

    fileprivate var isInJSONWord: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

/// A value of a JSON document.
struct JSONValue: Sendable {
    let text: JSONText
    let place: Int

    private var first: UInt8 { text.bytes[place] }

    var isObject: Bool { first == UInt8(ascii: "{") }
    var isArray: Bool { first == UInt8(ascii: "[") }
    var isText: Bool { first == UInt8(ascii: "\"") }
    var isNull: Bool { first == UInt8(ascii: "n") }

    /// The value; `nil` for `null`.
    var nonNull: JSONValue? { isNull ? nil : self }

    /// Whether Python takes the value for true.
    var isTruthy: Bool {
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let next = text.bytes[text.spaceEnd(place + 1)]
            return next != UInt8(ascii: "}") && next != UInt8(ascii: "]")
        case UInt8(ascii: "\""): return text.bytes[place + 1] != UInt8(ascii: "\"")
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"), UInt8(ascii: "n"): return false
        default: return number != 0
        }
    }

    var flag: Bool? {
        switch first {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    /// The number, also one that Python writes though JSON has none such.
    var number: Double? {
        guard !isObject, !isArray, !isText, flag == nil, !isNull else { return nil }
        let word = String(decoding: text.bytes[place..<text.end(of: place)], as: UTF8.self)
        return switch word {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: Double(word)
        }
    }

    /// The integer, also one written as `3.0`.
    var integer: Int? {
        guard let number else { return nil }
        let word = String(decoding: text.bytes[place..<text.end(of: place)], as: UTF8.self)
        return Int(word) ?? Int(exactly: number)
    }

    /// The bytes of a text.
    var utf8: [UInt8]? {
        guard isText else { return nil }
        var bytes: [UInt8] = []
        appendText(to: &bytes)
        return bytes
    }

    var string: String? { utf8.map { String(decoding: $0, as: UTF8.self) } }

    /// Adds the bytes of a text.
    func appendText(to bytes: inout [UInt8]) {
        let end = text.end(of: place) - 1
        var next = place + 1
        while next < end {
            let stop = text.bytes[next..<end].firstIndex(of: UInt8(ascii: "\\")) ?? end
            bytes.append(contentsOf: text.bytes[next..<stop])
            next = stop
            if next < end { next = text.appendEscaped(at: next, to: &bytes) }
        }
    }

    /// Hands out the members of an object; one whose name comes again is handed out again.
    func forEachMember<Failure: Error>(
        _ body: (_ name: JSONValue, _ value: JSONValue) throws(Failure) -> Void
    ) throws(Failure) {
        guard isObject else { return }
        var next = text.spaceEnd(place + 1)
        while text.bytes[next] != UInt8(ascii: "}") {
            let value = text.spaceEnd(text.spaceEnd(text.end(of: next)) + 1)
            try body(JSONValue(text: text, place: next), JSONValue(text: text, place: value))
            next = text.spaceEnd(text.end(of: value))
            if text.bytes[next] == UInt8(ascii: ",") { next = text.spaceEnd(next + 1) }
        }
    }

    /// Hands out the elements of an array.
    func forEachElement<Failure: Error>(_ body: (JSONValue) throws(Failure) -> Void) throws(Failure) {
        guard isArray else { return }
        var next = text.spaceEnd(place + 1)
        while text.bytes[next] != UInt8(ascii: "]") {
            try body(JSONValue(text: text, place: next))
            next = text.spaceEnd(text.end(of: next))
            if text.bytes[next] == UInt8(ascii: ",") { next = text.spaceEnd(next + 1) }
        }
    }

    /// The elements of an array that is known to be short.
    var elements: [JSONValue] {
        var elements: [JSONValue] = []
        forEachElement { elements.append($0) }
        return elements
    }

    /// The members of an object, by name; of those with the same name the last.
    var members: JSONMembers {
        var members = JSONMembers()
        forEachMember { name, value in members.set(name.utf8 ?? [], value) }
        return members
    }

    /// A member of an object; to ask for many, take `members`.
    subscript(_ name: String) -> JSONValue? {
        var found: JSONValue?
        forEachMember { key, value in
            if key.utf8?.elementsEqual(name.utf8) == true { found = value }
        }
        return found
    }
}

/// The members of an object in the order in which their names came first.
struct JSONMembers: Sendable {
    private(set) var ordered: [(name: [UInt8], value: JSONValue)] = []
    private var places: [[UInt8]: Int] = [:]

    mutating func set(_ name: [UInt8], _ value: JSONValue) {
        if let place = places[name] {
            ordered[place].value = value
        } else {
            places[name] = ordered.count
            ordered.append((name, value))
        }
    }

    subscript(_ name: String) -> JSONValue? { places[Array(name.utf8)].map { ordered[$0].value } }
}

extension JSONText {
    /// Adds what is escaped at a place; tells where it ends.
    fileprivate func appendEscaped(at place: Int, to result: inout [UInt8]) -> Int {
        switch bytes[place + 1] {
        case UInt8(ascii: "b"): result.append(8)
        case UInt8(ascii: "f"): result.append(12)
        case UInt8(ascii: "n"): result.append(10)
        case UInt8(ascii: "r"): result.append(13)
        case UInt8(ascii: "t"): result.append(9)
        case UInt8(ascii: "u"):
            let unit = codeUnit(at: place + 2)
            guard UTF16.isLeadSurrogate(unit) else {
                result.append(contentsOf: String(decoding: [unit], as: UTF16.self).utf8)
                return place + 6
            }
            let units = [unit, codeUnit(at: place + 8)]
            result.append(contentsOf: String(decoding: units, as: UTF16.self).utf8)
            return place + 12
        default: result.append(bytes[place + 1])
        }
        return place + 2
    }

    private func codeUnit(at place: Int) -> UInt16 {
        bytes[place..<place + 4].reduce(0) { $0 << 4 | UInt16($1.hexadecimalDigit ?? 0) }
    }
}

extension UInt8 {
    var hexadecimalDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
