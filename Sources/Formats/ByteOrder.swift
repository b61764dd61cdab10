/// The order in which the bytes of a number lie in a file.
public enum ByteOrder: String, Sendable, Hashable, CaseIterable, Codable {
    /// The least significant byte comes first, as on the machines that this program runs on.
    case littleEndian
    /// The most significant byte comes first.
    case bigEndian
}

extension [UInt8] {
    /// The integer whose bytes begin at a place.
    func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self,
        at start: Int,
        _ order: ByteOrder = .littleEndian
    ) -> Integer {
        var value: UInt64 = 0
        for index in 0..<Integer.bitWidth / 8 { value |= UInt64(self[start + index]) << UInt64(8 * index) }
        let integer = Integer(truncatingIfNeeded: value)
        return order == .littleEndian ? integer : integer.byteSwapped
    }

    /// Adds an integer's bytes, the least significant first.
    mutating func append(integer value: some FixedWidthInteger) {
        let bits = UInt64(truncatingIfNeeded: value)
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
    }

    /// Adds a text with its length in front.
    mutating func append(text: some Collection<UInt8>) {
        append(integer: UInt64(text.count))
        append(contentsOf: text)
    }
}
