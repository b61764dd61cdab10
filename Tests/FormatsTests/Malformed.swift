/// Bytes of a file's header, written without any check.
struct RawHeader {
    private(set) var bytes: [UInt8] = []

    /// Starts a GGUF.
    init(magic: String = "GGUF", version: UInt32 = 3, tensors: UInt64 = 0, keys: UInt64 = 0) {
        bytes += magic.utf8
        append(version)
        append(tensors)
        append(keys)
    }

    mutating func append(_ value: some FixedWidthInteger) {
        for byte in 0..<value.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }

    mutating func append(text: String) {
        append(UInt64(text.utf8.count))
        bytes += text.utf8
    }

    mutating func append(key: String, type: UInt32) {
        append(text: key)
        append(type)
    }

    mutating func append(tensor: String, type: UInt32 = 0, shape: [UInt64] = [8], offset: UInt64 = 0) {
        append(text: tensor)
        append(UInt32(shape.count))
        for dimension in shape { append(dimension) }
        append(type)
        append(offset)
    }

    /// Fills up to the alignment and adds so many bytes of data.
    func with(data: Int) -> [UInt8] {
        let padding = (32 - bytes.count % 32) % 32
        return bytes + [UInt8](repeating: 0, count: padding + data)
    }
}

/// Always the same numbers from the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

/// Damages a file in one of the ways in which files get damaged.
func mutated(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.removeSubrange(place...)
        case 3: bytes.remove(at: place)
        case 4: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        default:
            // A length or a count at its extreme.
            let extreme: UInt8 = Bool.random(using: &generator) ? 0xFF : 0x7F
            for index in place..<min(bytes.count, place + 8) {
                bytes[index] = index == place + 7 ? extreme : 0xFF
            }
        }
    }
    return bytes
}
