import CKernels
public import Formats
import Glibc

/// The inner loops for one instruction set.
struct Kernels: Sendable {
    private let table: kernels

    /// The fastest that this machine has.
    static let fastest = Kernels(table: kernels_fastest().pointee)
}

extension Kernels {
    /// Whether all numbers, or the scales of all blocks, are finite; a type that is not known has none.
    func isFinite(_ type: TensorType, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let address = bytes.baseAddress else { return true }
        let elements = bytes.count / type.blockBytes * type.blockElements
        return switch type {
        case .f32:
            table.is_finite_f32(address.assumingMemoryBound(to: Float.self), elements) != 0
        case .f16:
            table.is_finite_f16(address.assumingMemoryBound(to: UInt16.self), elements) != 0
        case .bf16:
            table.is_finite_bf16(address.assumingMemoryBound(to: UInt16.self), elements) != 0
        default:
            type.kernelFormat.map { kernels_has_finite_scales($0, address, elements) != 0 } ?? true
        }
    }

    /// Makes floats of what a tensor holds; the type must be one that `canBeMade`.
    func widen(
        _ type: TensorType,
        _ bytes: UnsafeRawBufferPointer,
        to numbers: UnsafeMutableBufferPointer<Float>
    ) {
        guard let address = bytes.baseAddress, let wide = numbers.baseAddress else { return }
        switch type {
        case .f32: memcpy(wide, address, bytes.count)
        case .f16:
            table.widen_f16(address.assumingMemoryBound(to: UInt16.self), wide, numbers.count)
        case .bf16:
            table.widen_bf16(address.assumingMemoryBound(to: UInt16.self), wide, numbers.count)
        default:
            guard let format = type.kernelFormat else { preconditionFailure("\(type) cannot be read") }
            kernels_dequantize(format, address, wide, numbers.count)
        }
    }

    /// Makes what a tensor holds of rows of floats; the type must be one that `canBeMade`.
    func narrow(
        _ type: TensorType,
        _ numbers: UnsafeBufferPointer<Float>,
        weights: UnsafePointer<Float>?,
        columns: Int,
        to bytes: UnsafeMutableRawBufferPointer
    ) {
        guard let wide = numbers.baseAddress, let address = bytes.baseAddress else { return }
        switch type {
        case .f32: memcpy(address, wide, bytes.count)
        case .f16:
            table.narrow_f16(wide, address.assumingMemoryBound(to: UInt16.self), numbers.count)
        case .bf16:
            table.narrow_bf16(wide, address.assumingMemoryBound(to: UInt16.self), numbers.count)
        default:
            guard let format = type.kernelFormat else { preconditionFailure("\(type) cannot be made") }
            table.quantize(format, wide, weights, columns, numbers.count / columns, address)
        }
    }
}

extension TensorType {
    /// The format of the kernels; `nil` for a type that is no quantization, or none that they know.
    var kernelFormat: kernels_format? {
        switch self {
        case .q4_0: .q4_0
        case .q4_1: .q4_1
        case .q5_0: .q5_0
        case .q5_1: .q5_1
        case .q8_0: .q8_0
        case .q2_K: .q2_K
        case .q3_K: .q3_K
        case .q4_K: .q4_K
        case .q5_K: .q5_K
        case .q6_K: .q6_K
        default: nil
        }
    }

    /// Whether tensors of this type can be made here, which is also whether they can be read.
    public var canBeMade: Bool { kernelFormat != nil || [.f32, .f16, .bf16].contains(self) }
}
