import CKernels
import TestSupport
import Testing

/// The kernels of each instruction set against the plain reference.
struct KernelTests {
    struct Format: Sendable, CustomTestStringConvertible {
        let format: kernels_format
        let testDescription: String
        let elements: Int
        let bytes: Int
        /// How far a number may come out from what it was, as a part of the largest of its block.
        let tolerance: Float
    }

    static let formats = [
        Format(format: .q4_0, testDescription: "q4_0", elements: 32, bytes: 18, tolerance: 0.13),
        Format(format: .q4_1, testDescription: "q4_1", elements: 32, bytes: 20, tolerance: 0.07),
        Format(format: .q5_0, testDescription: "q5_0", elements: 32, bytes: 22, tolerance: 0.07),
        Format(format: .q5_1, testDescription: "q5_1", elements: 32, bytes: 24, tolerance: 0.04),
        Format(format: .q8_0, testDescription: "q8_0", elements: 32, bytes: 34, tolerance: 0.005),
        Format(format: .q2_K, testDescription: "q2_K", elements: 256, bytes: 84, tolerance: 0.6),
        Format(format: .q3_K, testDescription: "q3_K", elements: 256, bytes: 110, tolerance: 0.3),
        Format(format: .q4_K, testDescription: "q4_K", elements: 256, bytes: 144, tolerance: 0.2),
        Format(format: .q5_K, testDescription: "q5_K", elements: 256, bytes: 176, tolerance: 0.1),
        Format(format: .q6_K, testDescription: "q6_K", elements: 256, bytes: 210, tolerance: 0.05),
    ]

    /// The sets of this machine, the reference first.
    private static let sets: [kernels] = (0..<8).compactMap { kernels_set($0)?.pointee }.filter {
        $0.is_supported() != 0
    }

    private func blocks(
        _ set: kernels,
        _ format: Format,
        _ numbers: [Float],
        _ weights: [Float]?,
        length: Int
    ) -> [UInt8] {
        // Bytes behind the blocks must stay as they are.
        let size = numbers.count / format.elements * format.bytes
        var bytes = [UInt8](repeating: 0xA5, count: size + 64)
        set.quantize(
            format.format,
            numbers,
            weights,
            length,
            length == 0 ? 0 : numbers.count / length,
            &bytes
        )
        #expect(bytes[size...].allSatisfy { $0 == 0xA5 })
        return Array(bytes[..<size])
    }

    @Test func `there are several sets, and the fastest is one of them`() {
        let names = Self.sets.map { String(cString: $0.name) }
        #expect(
            names.prefix(2) == ["scalar", "baseline"]
                && names.last == String(cString: kernels_fastest().pointee.name)
        )
    }

    @Test(arguments: formats)
    func `all sets make the same blocks of all kinds of numbers`(format: Format) {
        for kind in Numbers.allCases {
            let numbers = kind.make(256 * 7)
            for length in [256, 256 * 7] {
                for weights in [nil, Self.weights(length)] {
                    let expected = blocks(Self.sets[0], format, numbers, weights, length: length)
                    for set in Self.sets.dropFirst() {
                        let found = blocks(set, format, numbers, weights, length: length)
                        // Blocks that are refused for their scales may differ in what does not matter.
                        let isSame =
                            found == expected
                            || kernels_has_finite_scales(format.format, expected, numbers.count) == 0
                        #expect(isSame, "\(kind) \(String(cString: set.name)) \(weights == nil)")
                    }
                }
            }
        }
    }

    @Test(arguments: formats)
    func `all sets make the same blocks of any number of blocks`(format: Format) {
        for count in [0, 1, 2, 3, 5, 15, 16, 17, 31, 33] {
            let numbers = Numbers.allScales.make(count * format.elements, seed: count)
            let expected = blocks(Self.sets[0], format, numbers, nil, length: numbers.count)
            for set in Self.sets {
                #expect(blocks(set, format, numbers, nil, length: numbers.count) == expected)
            }
        }
    }

    @Test(arguments: formats)
    func `numbers come out near to what they were`(format: Format) {
        for kind in [Numbers.usual, .heavyTails, .few, .negative, .sparse, .constant] {
            let numbers = kind.make(256 * 8)
            let bytes = blocks(kernels_fastest().pointee, format, numbers, nil, length: numbers.count)
            var found = [Float](repeating: .nan, count: numbers.count)
            kernels_dequantize(format.format, bytes, &found, found.count)
            for start in stride(from: 0, to: numbers.count, by: format.elements) {
                let range = start..<start + format.elements
                let bound = numbers[range].map(abs).reduce(0, max) * format.tolerance + 1e-7
                #expect(range.allSatisfy { abs(found[$0] - numbers[$0]) <= bound }, "\(kind)")
            }
        }
    }

    @Test(arguments: formats)
    func `scales that are not finite are noticed`(format: Format) {
        var numbers = Numbers.usual.make(512)
        func areFinite() -> Bool {
            let bytes = blocks(Self.sets[0], format, numbers, nil, length: 512)
            return kernels_has_finite_scales(format.format, bytes, 512) != 0
        }
        #expect(areFinite())
        numbers[300] = 1e10
        numbers[301] = -1e10
        #expect(!areFinite())
    }

    /// Some weigh nothing, few weigh much.
    private static func weights(_ count: Int) -> [Float] {
        Numbers.heavyTails.make(count, seed: 7).enumerated().map { $0 % 11 == 3 ? 0 : abs($1) }
    }
}

// MARK: Numbers of other widths

extension KernelTests {
    @Test func `halves widen exactly and narrow to the nearest one`() {
        let halves = (0...UInt16.max).filter { Float16(bitPattern: $0).isFinite }
        let wide = halves.map { Float(Float16(bitPattern: $0)) }
        // The middle between two neighbours, and its own neighbours.
        let between = wide.indices.dropLast().map { (wide[$0] + wide[$0 + 1]) / 2 }
        let numbers =
            wide + between + between.map(\.nextUp) + between.map(\.nextDown) + [
                65519.996, 65520, -7e4, 1e-30,
            ]
        let narrow = numbers.map { Float16($0).bitPattern }
        for set in Self.sets {
            var found = [Float](repeating: .nan, count: halves.count)
            set.widen_f16(halves, &found, halves.count)
            #expect(found.map(\.bitPattern) == wide.map(\.bitPattern))
            var foundNarrow = [UInt16](repeating: 0, count: numbers.count)
            set.narrow_f16(numbers, &foundNarrow, numbers.count)
            #expect(foundNarrow == narrow)
        }
    }

    @Test func `brain floats widen exactly and narrow to the nearest one`() {
        let numbers = Numbers.anyBits.make(4099) + [1.00390625, 1.01171875, -0.0]
        let narrow = numbers.map { value in
            let bits = value.bitPattern
            return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
        }
        for set in Self.sets {
            var found = [UInt16](repeating: 1, count: numbers.count)
            set.narrow_bf16(numbers, &found, numbers.count)
            #expect(found == narrow)
            var wide = [Float](repeating: .nan, count: narrow.count)
            set.widen_bf16(narrow, &wide, narrow.count)
            #expect(wide.map(\.bitPattern) == narrow.map { UInt32($0) << 16 })
        }
    }

    @Test(arguments: [0, 1, 31, 32, 33, 63, 64, 65, 255, 256, 257])
    func `a number that is not finite is found wherever it is`(count: Int) {
        let halves = Numbers.usual.make(count).map { Float16($0).bitPattern }
        for set in Self.sets {
            #expect(set.is_finite_f16(halves, count) != 0 && set.is_finite_bf16(halves, count) != 0)
            #expect(set.is_finite_f32(Numbers.anyBits.make(count), count) != 0)
            for place in 0..<count {
                var changed = halves
                changed[place] = 0xFC00
                #expect(set.is_finite_f16(changed, count) == 0)
                changed[place] = 0x7F80
                #expect(set.is_finite_bf16(changed, count) == 0)
                var floats = [Float](repeating: 1, count: count)
                floats[place] = place % 2 == 0 ? .nan : -.infinity
                #expect(set.is_finite_f32(floats, count) == 0)
            }
        }
    }
}
