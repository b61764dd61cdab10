/// An array in a GGUF's header; a long one, such as a vocabulary, is counted and only its beginning is kept.
public struct GGUFArray: Sendable, Hashable {
    /// The type of all elements.
    public let type: GGUFValueType
    /// The number of elements in the file.
    public let count: Int
    /// The number of elements that were kept, from the first.
    public let keptCount: Int

    /// The kept elements as a little-endian file of version 3 has them: they take no more room than there.
    let bytes: [UInt8]
    /// The kept elements of an array of arrays.
    let arrays: [GGUFArray]

    init(type: GGUFValueType, count: Int, keptCount: Int, bytes: [UInt8]) {
        self.type = type
        self.count = count
        self.keptCount = keptCount
        self.bytes = bytes
        arrays = []
    }

    init(count: Int, arrays: [GGUFArray]) {
        type = .array
        self.count = count
        keptCount = arrays.count
        bytes = []
        self.arrays = arrays
    }

    /// An array of all the given values, which must have the given type.
    init(of type: GGUFValueType, _ elements: [GGUFValue]) {
        precondition(elements.allSatisfy { $0.type == type }, "the elements of an array have its type")
        guard type != .array else {
            self.init(count: elements.count, arrays: elements.compactMap(\.array))
            return
        }
        var bytes: [UInt8] = []
        for element in elements { bytes.append(element) }
        self.init(type: type, count: elements.count, keptCount: elements.count, bytes: bytes)
    }

    /// Whether all elements were kept, also those of arrays in it.
    public var isWhole: Bool { keptCount == count && arrays.allSatisfy(\.isWhole) }

    /// The elements that were kept, from the first; they are made each time that they are asked for.
    public var elements: [GGUFValue] {
        guard type != .array else { return arrays.map(GGUFValue.array) }
        var elements: [GGUFValue] = []
        elements.reserveCapacity(keptCount)
        var place = 0
        for _ in 0..<keptCount { elements.append(value(at: &place)) }
        return elements
    }

    /// The value that begins at a place; the place moves on behind it.
    private func value(at place: inout Int) -> GGUFValue {
        let start = place
        place += type.byteCount
        switch type {
        case .uint8: return .uint8(bytes[start])
        case .int8: return .int8(Int8(bitPattern: bytes[start]))
        case .uint16: return .uint16(bytes.integer(at: start))
        case .int16: return .int16(bytes.integer(at: start))
        case .uint32: return .uint32(bytes.integer(at: start))
        case .int32: return .int32(bytes.integer(at: start))
        case .float32: return .float32(Float(bitPattern: bytes.integer(at: start)))
        case .bool: return .bool(bytes[start] != 0)
        case .string:
            let end = place + bytes.integer(Int.self, at: start)
            defer { place = end }
            return .string(String(decoding: bytes[place..<end], as: UTF8.self))
        case .array: preconditionFailure("an array of arrays keeps them as such")
        case .uint64: return .uint64(bytes.integer(at: start))
        case .int64: return .int64(bytes.integer(at: start))
        case .float64: return .float64(Double(bitPattern: bytes.integer(at: start)))
        }
    }
}

extension [UInt8] {
    /// Adds a value as a little-endian file of version 3 has it.
    mutating func append(_ value: GGUFValue) {
        switch value {
        case .uint8(let value): append(value)
        case .int8(let value): append(integer: value)
        case .uint16(let value): append(integer: value)
        case .int16(let value): append(integer: value)
        case .uint32(let value): append(integer: value)
        case .int32(let value): append(integer: value)
        case .float32(let value): append(integer: value.bitPattern)
        case .bool(let value): append(value ? 1 : 0)
        case .string(let value): append(text: value.utf8)
        case .uint64(let value): append(integer: value)
        case .int64(let value): append(integer: value)
        case .float64(let value): append(integer: value.bitPattern)
        case .array(let array):
            precondition(array.keptCount == array.count, "only a whole array can be written")
            append(integer: array.type.rawValue)
            append(integer: UInt64(array.count))
            append(contentsOf: array.bytes)
            for array in array.arrays { append(.array(array)) }
        }
    }
}
