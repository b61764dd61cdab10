import Platform

extension GGUFHeader {
    /// Some texts of an array, by their places in it, from the bytes of the array's `Entry`; also those that were not
    /// kept when the header was read.
    ///
    /// Places beyond the end are left out, as is all behind bytes that are not what the header was read from.
    public func texts(at places: Set<Int>, ofArrayIn value: [UInt8]) -> [Int: String] {
        var walk = TextWalk(bytes: value, byteOrder: byteOrder, hasShortLengths: version == 1)
        guard let last = places.max(), let count = walk.begin() else { return [:] }
        var found: [Int: String] = [:]
        for place in 0..<count {
            guard place <= last, let range = walk.next() else { break }
            if places.contains(place) { found[place] = String(decoding: value[range], as: UTF8.self) }
        }
        return found
    }
}

/// Goes from text to text in the bytes of an array.
private struct TextWalk {
    let bytes: [UInt8]
    let byteOrder: ByteOrder
    let hasShortLengths: Bool
    private var place = 0

    init(bytes: [UInt8], byteOrder: ByteOrder, hasShortLengths: Bool) {
        (self.bytes, self.byteOrder, self.hasShortLengths) = (bytes, byteOrder, hasShortLengths)
    }

    /// Reads what stands before the texts; the number of texts, if it is an array of such.
    mutating func begin() -> Int? {
        guard integer(4) == UInt64(GGUFValueType.array.rawValue),
            integer(4) == UInt64(GGUFValueType.string.rawValue)
        else { return nil }
        return length()
    }

    /// Where the next text lies.
    mutating func next() -> Range<Int>? {
        guard let length = length(), length <= bytes.count - place else { return nil }
        defer { place += length }
        return place..<place + length
    }

    private mutating func length() -> Int? { integer(hasShortLengths ? 4 : 8).flatMap { Int(exactly: $0) } }

    private mutating func integer(_ count: Int) -> UInt64? {
        guard count <= bytes.count - place else { return nil }
        var value: UInt64 = 0
        for index in 0..<count {
            let shift = 8 * (byteOrder == .bigEndian ? count - 1 - index : index)
            value |= UInt64(bytes[place + index]) << UInt64(shift)
        }
        place += count
        return value
    }
}
