/// How the elements of a tensor are stored: the types of ggml and those of safetensors.
public enum TensorType: String, Sendable, Hashable, CaseIterable, Codable {
    case f64, f32, f16, bf16
    case i64, i32, i16, i8
    case q4_0, q4_1, q5_0, q5_1, q8_0, q8_1, q1_0, q2_0
    case q2_K, q3_K, q4_K, q5_K, q6_K, q8_K
    case iq1_s, iq1_m, iq2_xxs, iq2_xs, iq2_s, iq3_xxs, iq3_s, iq4_nl, iq4_xs
    case tq1_0, tq2_0
    case mxfp4, nvfp4
    case bool, u8, u16, u32, u64, c64
    case f8_e4m3, f8_e5m2, f8_e4m3fnuz, f8_e5m2fnuz, f8_e8m0, f6_e2m3, f6_e3m2, f4

    /// The number of elements that are stored together; a row holds a whole number of blocks.
    public var blockElements: Int { geometry.elements }
    /// The number of bytes of a block.
    public var blockBytes: Int { geometry.bytes }
    /// The bits of an element.
    public var bitsPerElement: Double { Double(blockBytes * 8) / Double(blockElements) }

    /// The bytes of `elements` elements; `nil` if they are no whole number of blocks or too many to count.
    public func byteCount(elements: Int) -> Int64? {
        guard elements >= 0, elements % blockElements == 0 else { return nil }
        let (bytes, overflow) = Int64(elements / blockElements).multipliedReportingOverflow(
            by: Int64(blockBytes)
        )
        return overflow ? nil : bytes
    }

    private var geometry: (elements: Int, bytes: Int) {
        switch self {
        case .f64, .i64, .u64, .c64: (1, 8)
        case .f32, .i32, .u32: (1, 4)
        case .f16, .bf16, .i16, .u16: (1, 2)
        case .i8, .u8, .bool, .f8_e4m3, .f8_e5m2, .f8_e4m3fnuz, .f8_e5m2fnuz, .f8_e8m0: (1, 1)
        case .f6_e2m3, .f6_e3m2: (4, 3)
        case .f4: (2, 1)
        case .q4_0, .iq4_nl: (32, 18)
        case .q4_1: (32, 20)
        case .q5_0: (32, 22)
        case .q5_1: (32, 24)
        case .q8_0: (32, 34)
        case .q8_1: (32, 36)
        case .mxfp4: (32, 17)
        case .nvfp4: (64, 36)
        case .q2_0: (64, 18)
        case .q1_0: (128, 18)
        default: (256, superBlockBytes)
        }
    }

    /// The bytes of a block of 256 elements, for the types that have such.
    private var superBlockBytes: Int {
        switch self {
        case .q2_K: 84
        case .q3_K: 110
        case .q4_K: 144
        case .q5_K: 176
        case .q6_K: 210
        case .q8_K: 292
        case .iq1_s: 50
        case .iq1_m: 56
        case .iq2_xxs: 66
        case .iq2_xs: 74
        case .iq2_s: 82
        case .iq3_xxs: 98
        case .iq3_s: 110
        case .iq4_xs: 136
        case .tq1_0: 54
        case .tq2_0: 66
        default: preconditionFailure("\(rawValue) has no super-block")
        }
    }
}

// MARK: ggml

extension TensorType {
    private static let ggmlTypes: [UInt32: TensorType] = [
        0: .f32, 1: .f16, 2: .q4_0, 3: .q4_1, 6: .q5_0, 7: .q5_1, 8: .q8_0, 9: .q8_1,
        10: .q2_K, 11: .q3_K, 12: .q4_K, 13: .q5_K, 14: .q6_K, 15: .q8_K,
        16: .iq2_xxs, 17: .iq2_xs, 18: .iq3_xxs, 19: .iq1_s, 20: .iq4_nl, 21: .iq3_s, 22: .iq2_s, 23: .iq4_xs,
        24: .i8, 25: .i16, 26: .i32, 27: .i64, 28: .f64, 29: .iq1_m, 30: .bf16,
        34: .tq1_0, 35: .tq2_0, 39: .mxfp4, 40: .nvfp4, 41: .q1_0, 42: .q2_0,
    ]
    private static let ggmlNumbers = Dictionary(uniqueKeysWithValues: ggmlTypes.map { ($0.value, $0.key) })
    /// Types that files had once and that ggml no longer reads.
    private static let removedNames: [UInt32: String] = [
        4: "q4_2", 5: "q4_3", 31: "q4_0_4_4", 32: "q4_0_4_8", 33: "q4_0_8_8",
        36: "iq4_nl_4_4", 37: "iq4_nl_4_8", 38: "iq4_nl_8_8",
    ]

    /// The type that a GGUF means by a number; `nil` if ggml has none, or no longer.
    public init?(ggml number: UInt32) {
        guard let type = Self.ggmlTypes[number] else { return nil }
        self = type
    }

    /// The number that a GGUF has for the type; `nil` if it cannot hold such tensors.
    public var ggml: UInt32? { Self.ggmlNumbers[self] }

    /// Whether a name is that of a type that ggml once had.
    static func isRemoved(_ name: String) -> Bool { removedNames.values.contains(name) }

    static func nameOfUnsupported(ggml number: UInt32) -> String { removedNames[number] ?? "\(number)" }
}

// MARK: safetensors

extension TensorType {
    private static let safetensorsTypes: [String: TensorType] = [
        "BOOL": .bool, "U8": .u8, "I8": .i8, "U16": .u16, "I16": .i16, "U32": .u32, "I32": .i32, "U64": .u64,
        "I64": .i64, "F16": .f16, "BF16": .bf16, "F32": .f32, "F64": .f64, "C64": .c64,
        "F8_E4M3": .f8_e4m3, "F8_E5M2": .f8_e5m2, "F8_E8M0": .f8_e8m0,
        "F8_E4M3FNUZ": .f8_e4m3fnuz, "F8_E5M2FNUZ": .f8_e5m2fnuz,
        "F6_E2M3": .f6_e2m3, "F6_E3M2": .f6_e3m2, "F4": .f4,
    ]
    private static let safetensorsNames = Dictionary(
        uniqueKeysWithValues: safetensorsTypes.map { ($0.value, $0.key) }
    )

    /// The type that a safetensors header means by a name; `nil` if there is none.
    public init?(safetensors name: String) {
        guard let type = Self.safetensorsTypes[name] else { return nil }
        self = type
    }

    /// The name that a safetensors header has for the type; `nil` if it cannot hold such tensors.
    public var safetensors: String? { Self.safetensorsNames[self] }
}
