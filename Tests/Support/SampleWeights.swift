import Formats

/// Weights that depend on the name of their tensor and on nothing else.
enum SampleWeights {
    /// The values in BF16, from sums of four random lanes: FNV-1a of the name seeds splitmix64.
    static func values(_ name: String, count: Int) -> [UInt16] {
        var state = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let center: Float = name.hasSuffix("norm.weight") ? 1 : 0
        return (0..<count).map { _ in
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            word ^= word >> 31
            let sum = (0..<4).reduce(0) { $0 + Int(Int16(truncatingIfNeeded: word >> (16 * $1))) }
            let bits = (center + Float(sum) / 1_048_576).bitPattern
            return UInt16(truncatingIfNeeded: (bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
        }
    }

    /// The values as a tensor's bytes of another type.
    static func bytes(_ values: [UInt16], as type: TensorType) -> [UInt8] {
        switch type {
        case .bf16: values.flatMap { little($0) }
        case .f16: values.flatMap { little(Float16(widened($0)).bitPattern) }
        case .q8_0:
            stride(from: 0, to: values.count, by: 32).flatMap { block(values[$0..<$0 + 32].map(widened)) }
        default: values.flatMap { little(widened($0).bitPattern) }
        }
    }

    /// The rows of `width` elements in the order in which llama.cpp rotates them: the halves of each head
    /// interleaved.
    static func permuted(_ values: [UInt16], heads: Int, width: Int) -> [UInt16] {
        let half = values.count / width / heads / 2
        return (0..<heads * half * 2).flatMap { row in
            let (head, place) = row.quotientAndRemainder(dividingBy: half * 2)
            let from = head * half * 2 + place % 2 * half + place / 2
            return values[from * width..<(from + 1) * width]
        }
    }

    private static func block(_ values: [Float]) -> [UInt8] {
        let scale = (values.map(abs).max() ?? 0) / 127
        let inverse = scale == 0 ? 0 : 1 / scale
        let quants = values.map { UInt8(bitPattern: Int8(($0 * inverse).rounded())) }
        return little(Float16(scale).bitPattern) + quants
    }

    private static func widened(_ value: UInt16) -> Float { Float(bitPattern: UInt32(value) << 16) }

    private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
