import Formats

/// Bytes of a file's header, written without any check.
struct RawHeader {
    private(set) var bytes: [UInt8] = []
    /// Where the numbers lie.
    private(set) var numbers: [Range<Int>] = []
    private let version: UInt32
    private let byteOrder: ByteOrder

    /// Starts a GGUF.
    init(
        magic: String = "GGUF",
        version: UInt32 = 3,
        tensors: UInt64 = 0,
        keys: UInt64 = 0,
        _ byteOrder: ByteOrder = .littleEndian
    ) {
        self.version = version
        self.byteOrder = byteOrder
        bytes += magic.utf8
        append(version)
        append(word: tensors)
        append(word: keys)
    }

    mutating func append<Integer: FixedWidthInteger>(_ value: Integer) {
        let value = byteOrder == .littleEndian ? value : value.byteSwapped
        numbers.append(bytes.count..<bytes.count + Integer.bitWidth / 8)
        for byte in 0..<Integer.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }

    /// A length, a count or a dimension, for which the first version had half the room.
    mutating func append(word: UInt64) {
        if version == 1 { append(UInt32(truncatingIfNeeded: word)) } else { append(word) }
    }

    mutating func append(text: String) {
        append(word: UInt64(text.utf8.count))
        bytes += text.utf8
    }

    mutating func append(key: String, type: UInt32) {
        append(text: key)
        append(type)
    }

    mutating func append(tensor: String, type: UInt32 = 0, shape: [UInt64] = [8], offset: UInt64 = 0) {
        append(text: tensor)
        append(UInt32(shape.count))
        for dimension in shape { append(word: dimension) }
        append(type)
        append(offset)
    }

    /// Fills up to the alignment and adds so many bytes of data.
    func with(data: Int) -> [UInt8] {
        let padding = (32 - bytes.count % 32) % 32
        return bytes + [UInt8](repeating: 0, count: padding + data)
    }
}
