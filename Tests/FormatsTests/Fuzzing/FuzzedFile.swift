import Formats
import TestSupport

/// A file to be damaged, with what a damage would best aim at.
struct FuzzedFile {
    var bytes: [UInt8]
    /// Where numbers lie: lengths, counts, types, dimensions, offsets.
    var numbers: [Range<Int>]
    var byteOrder = ByteOrder.littleEndian

    /// Damages the file in some of the ways in which files are damaged, or made to do damage.
    mutating func damage(with other: FuzzedFile, using generator: inout SeededNumbers) {
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<12, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.removeSubrange(place...)
            case 3: bytes.remove(at: place)
            case 4: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
            case 5: bytes.insert(contentsOf: piece(using: &generator), at: place)
            case 6: bytes.insert(contentsOf: other.piece(using: &generator), at: place)
            case 7: overwrite(place, with: other.piece(using: &generator))
            default: changeNumber(using: &generator)
            }
        }
    }

    /// Some bytes that lie side by side.
    private func piece(using generator: inout SeededNumbers) -> ArraySlice<UInt8> {
        guard !bytes.isEmpty else { return [] }
        let start = Int.random(in: 0..<bytes.count, using: &generator)
        return bytes[start..<min(bytes.count, start + Int.random(in: 1...64, using: &generator))]
    }

    private mutating func overwrite(_ place: Int, with piece: ArraySlice<UInt8>) {
        let end = min(bytes.count, place + piece.count)
        bytes.replaceSubrange(place..<end, with: piece.prefix(end - place))
    }

    /// Gives a number one of the values that programs forget to think of.
    private mutating func changeNumber(using generator: inout SeededNumbers) {
        guard let range = numbers.randomElement(using: &generator), range.upperBound <= bytes.count
        else { return }
        var value: UInt64 = 0
        for index in range { value = value << 8 | UInt64(bytes[index]) }
        if byteOrder == .littleEndian { value = value.byteSwapped >> UInt64(64 - 8 * range.count) }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: value = UInt64(Int.random(in: 0...16, using: &generator))
        case 1: value = Self.edges.randomElement(using: &generator) ?? 0
        case 2: value = value &+ UInt64(Int.random(in: 1...3, using: &generator)) &- 2
        default: value = UInt64(bytes.count) &+ UInt64(Int.random(in: 0...64, using: &generator)) &- 32
        }
        for (index, place) in range.enumerated() {
            let shift = 8 * (byteOrder == .littleEndian ? index : range.count - 1 - index)
            bytes[place] = UInt8(truncatingIfNeeded: value >> UInt64(shift))
        }
    }

    private static let edges: [UInt64] = [
        0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFE0,
        0xFFFF_FFFF, 1 << 32, 1 << 36, 1 << 40, 1 << 48, 1 << 59, 1 << 60, 1 << 61, 1 << 62,
        UInt64(Int64.max) - 31, UInt64(Int64.max), 1 << 63, .max - 31, .max - 7, .max,
    ]
}

// MARK: Whole files

extension FuzzedFile {
    /// A small sound GGUF of some version and byte order, with some of all that can be in one; or a shard of one.
    static func gguf(
        _ version: UInt32,
        _ byteOrder: ByteOrder,
        shard: (number: UInt16, count: UInt16)? = nil,
        using generator: inout SeededNumbers
    ) -> FuzzedFile {
        let keys = UInt64(Int.random(in: 0...10, using: &generator))
        let tensors = Int.random(in: 1...5, using: &generator)
        var raw = RawHeader(
            version: version,
            tensors: UInt64(tensors),
            keys: 5 + keys + (shard == nil ? 0 : 3),
            byteOrder
        )
        raw.append(key: "general.architecture", type: 8)
        raw.append(text: "llama")
        for (name, value) in [("block_count", 2), ("embedding_length", 64), ("attention.head_count", 4)] {
            raw.append(key: "llama.\(name)", type: 4)
            raw.append(UInt32(value))
        }
        raw.append(key: "general.alignment", type: 4)
        raw.append(UInt32(32))
        if let shard {
            for (name, value) in [("no", shard.number), ("count", shard.count)] {
                raw.append(key: "split.\(name)", type: 2)
                raw.append(value)
            }
            raw.append(key: "split.tensors.count", type: 5)
            raw.append(Int32(tensors * Int(shard.count)))
        }
        for index in 0..<keys {
            let type = UInt32(Int.random(in: 0...12, using: &generator))
            raw.append(key: index == 0 ? "llama.attention.head_count_kv" : "key.\(index)", type: type)
            raw.append(valueOf: type, depth: 0, using: &generator)
        }
        let name = "blk.\(shard?.number ?? 0)"
        return FuzzedFile(raw, tensors: tensors, name: name, byteOrder, using: &generator)
    }

    private init(
        _ header: RawHeader,
        tensors: Int,
        name: String,
        _ byteOrder: ByteOrder,
        using generator: inout SeededNumbers
    ) {
        var raw = header
        var offset = 0
        let types = TensorType.allCases.filter { $0.ggml != nil }
        for index in 0..<tensors {
            let type = types.randomElement(using: &generator) ?? .f32
            let shape = [type.blockElements, Int.random(in: 1...3, using: &generator)]
            raw.append(
                tensor: "\(name).\(index)",
                type: type.ggml ?? 0,
                shape: shape.map { UInt64($0) },
                offset: UInt64(offset)
            )
            offset += (shape[1] * type.blockBytes + 31) / 32 * 32
        }
        self.init(bytes: raw.with(data: offset), numbers: raw.numbers, byteOrder: byteOrder)
    }

    /// A file of the given text, which may have a header's length in front.
    static func text(_ text: String, hasLength: Bool, data: Int = 0) -> FuzzedFile {
        let length = hasLength ? (0..<8).map { UInt8(truncatingIfNeeded: text.utf8.count >> (8 * $0)) } : []
        return FuzzedFile(
            bytes: length + text.utf8 + [UInt8](repeating: 7, count: data),
            numbers: hasLength ? [0..<8] : []
        )
    }
}

extension RawHeader {
    /// Some value of a type.
    fileprivate mutating func append(valueOf type: UInt32, depth: Int, using generator: inout SeededNumbers) {
        switch GGUFValueType(rawValue: type) {
        case .uint8, .int8, .bool: append(UInt8.random(in: 0...1, using: &generator))
        case .uint16, .int16: append(UInt16.random(in: 0...9, using: &generator))
        case .uint32, .int32, .float32: append(UInt32.random(in: 0...99, using: &generator))
        case .uint64, .int64, .float64: append(UInt64.random(in: 0...999, using: &generator))
        case .string: append(text: String(repeating: "é", count: Int.random(in: 0...9, using: &generator)))
        case .array:
            let element = UInt32(Int.random(in: 0...(depth < 2 ? 12 : 8), using: &generator))
            let count = Int.random(in: 0...(element == 9 ? 2 : 6), using: &generator)
            append(element)
            append(word: UInt64(count))
            for _ in 0..<count { append(valueOf: element, depth: depth + 1, using: &generator) }
        case nil: break
        }
    }
}
