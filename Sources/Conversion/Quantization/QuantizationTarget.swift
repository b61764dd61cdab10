public import Formats

/// What a whole model is quantized to: a type for most tensors, and a mixture around it.
public enum QuantizationTarget: String, Sendable, Hashable, CaseIterable, Codable {
    case f32, f16, bf16
    case q8_0, q4_0, q4_1, q5_0, q5_1
    case q2_k
    case q3_k_s, q3_k_m, q3_k_l
    case q4_k_s, q4_k_m
    case q5_k_s, q5_k_m
    case q6_k

    /// Finds a target by its name in any case; `q3_k`, `q4_k` and `q5_k` are the ones in the middle.
    public init?(name: some StringProtocol) {
        let name = name.lowercased()
        let aliases = ["q3_k": Self.q3_k_m, "q4_k": .q4_k_m, "q5_k": .q5_k_m]
        guard let target = Self(rawValue: name) ?? aliases[name] else { return nil }
        self = target
    }

    /// The number that a GGUF has for it.
    public var fileType: UInt32 {
        switch self {
        case .f32: 0
        case .f16: 1
        case .q4_0: 2
        case .q4_1: 3
        case .q8_0: 7
        case .q5_0: 8
        case .q5_1: 9
        case .q2_k: 10
        case .q3_k_s: 11
        case .q3_k_m: 12
        case .q3_k_l: 13
        case .q4_k_s: 14
        case .q4_k_m: 15
        case .q5_k_s: 16
        case .q5_k_m: 17
        case .q6_k: 18
        case .bf16: 32
        }
    }

    /// The type of the tensors for which nothing else is chosen.
    public var tensorType: TensorType {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .q8_0: .q8_0
        case .q4_0: .q4_0
        case .q4_1: .q4_1
        case .q5_0: .q5_0
        case .q5_1: .q5_1
        case .q2_k: .q2_K
        case .q3_k_s, .q3_k_m, .q3_k_l: .q3_K
        case .q4_k_s, .q4_k_m: .q4_K
        case .q5_k_s, .q5_k_m: .q5_K
        case .q6_k: .q6_K
        }
    }

    /// Whether numbers get scales in common, and not just another width.
    var isQuantized: Bool { tensorType.kernelFormat != nil }
}
