import Formats

/// How the weights of a converted model are stored.
public enum ConversionType: String, Sendable, CaseIterable {
    case f32, f16, bf16, q8_0
    /// As most of the original's are.
    case auto

    /// The number that the file has for it.
    var fileType: Int {
        switch self {
        case .f32: 0
        case .f16, .auto: 1
        case .q8_0: 7
        case .bf16: 32
        }
    }

    /// The type of a tensor.
    func type(of name: String, shape: [Int]) -> TensorType {
        let isPrecise =
            shape.count <= 1 || name.hasSuffix("_norm.weight") || name.hasSuffix(".ffn_gate_inp.weight")
            || name.hasSuffix(".ffn_gate_inp_shexp.weight")
            || ![".weight", ".lora_a", ".lora_b"].contains { name.hasSuffix($0) }
        if isPrecise { return .f32 }
        switch self {
        case .f32: return .f32
        case .f16, .auto: return .f16
        case .bf16: return .bf16
        // A row that is no whole number of blocks cannot be quantized.
        case .q8_0: return shape[0].isMultiple(of: 32) ? .q8_0 : .f16
        }
    }

    /// The type that `auto` means for weights: that of the first matrix in half precision.
    static func found(in weights: [StoredTensor]) -> ConversionType {
        for tensor in weights
        where tensor.shape.count >= 2 && TensorArrangement.textName(of: tensor.name) != nil {
            if tensor.type == .bf16 { return .bf16 }
            if tensor.type == .f16 { return .f16 }
        }
        return .f16
    }
}
