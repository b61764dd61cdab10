public import Formats

/// Weights that depend on the name of their tensor and on nothing else.
public enum GoldenWeights {
    private static let seed: UInt64 = 0x5EED_57AC_C71E_0001

    /// Sums of four random lanes: FNV-1a of the name seeds splitmix64.
    public static func values(_ name: String, count: Int) -> [Float] {
        let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var state = hash ^ seed
        let center: Float = name.hasSuffix("norm.weight") ? 1 : 0
        return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            for index in 0..<count {
                state &+= 0x9E37_79B9_7F4A_7C15
                var word = state
                word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
                word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
                word ^= word >> 31
                var sum = Int32(Int16(truncatingIfNeeded: word))
                sum &+= Int32(Int16(truncatingIfNeeded: word >> 16))
                sum &+= Int32(Int16(truncatingIfNeeded: word >> 32))
                sum &+= Int32(Int16(truncatingIfNeeded: word >> 48))
                buffer[index] = center + Float(sum) / 1_048_576
            }
            filled = count
        }
    }

    /// The values, rounded to one type, as another type has them.
    public static func bytes(_ values: [Float], rounding: TensorType, as type: TensorType) -> [UInt8] {
        let width = type.blockBytes
        return [UInt8](unsafeUninitializedCapacity: values.count * width) { buffer, filled in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for (index, value) in values.enumerated() {
                let half = rounding == .f16 ? Float16(value).bitPattern : bfloat(value)
                if width == 2 {
                    raw.storeBytes(of: half, toByteOffset: 2 * index, as: UInt16.self)
                } else {
                    let wide =
                        rounding == .f16
                        ? Float(Float16(bitPattern: half)) : Float(bitPattern: UInt32(half) << 16)
                    raw.storeBytes(of: wide.bitPattern, toByteOffset: 4 * index, as: UInt32.self)
                }
            }
            filled = values.count * width
        }
    }

    private static func bfloat(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }
}
