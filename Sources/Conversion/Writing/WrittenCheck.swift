import Formats
import Platform
import SystemPackage

/// Checks a file after it was written: its structure, and samples of its content against the source.
struct WrittenCheck {
    private let source: any TensorSource
    private let isWeighted: Bool
    private let kernels: Kernels

    /// A sample is a few blocks of any type.
    private static let sample = 1024
    /// Enough to notice a part that went to a wrong place, few enough to take no time.
    private static let samplesOfTensor = 8

    init(_ source: any TensorSource, options: QuantizationOptions, kernels: Kernels) {
        self.source = source
        isWeighted = options.importance != nil
        self.kernels = kernels
    }

    /// Reads a file that should be as planned.
    func run(_ plan: PlannedFile) throws(ConversionError) {
        let header: GGUFHeader
        do throws(FormatError) {
            header = try GGUFHeader.read(plan.path)
            try header.checkStructure()
        } catch {
            throw .format(error, path: plan.path)
        }
        let isAsPlanned =
            header.fileSize.bytes == plan.size && header.dataOffset == plan.dataOffset
            && header.tensors.count == plan.tensors.count
            && zip(header.tensors, plan.tensors).allSatisfy { found, planned in
                found.name == planned.source.name && found.type == planned.type
                    && found.offset == planned.offset && found.size.bytes == planned.size
            }
        guard isAsPlanned else { throw .written(.tensors, path: plan.path) }
        let file = try refusable { () throws(SystemError) in try File(plan.path, .read) }
        for tensor in plan.tensors {
            for range in Self.samples(of: tensor.source.elements) {
                try check(range, of: tensor, in: file, from: plan.dataOffset)
            }
        }
    }

    /// The first and the last elements, and some at equal distances between.
    private static func samples(of elements: Int) -> [Range<Int>] {
        guard elements > sample * samplesOfTensor else { return elements == 0 ? [] : [0..<elements] }
        let last = elements - sample
        return (0..<samplesOfTensor).map { index in
            let start = last * index / (samplesOfTensor - 1) / 256 * 256
            return start..<min(start + sample + 256, elements)
        }
    }

    private func check(
        _ range: Range<Int>,
        of tensor: PlannedFile.Tensor,
        in file: File,
        from dataOffset: Int64
    ) throws(ConversionError) {
        guard let start = tensor.type.byteCount(elements: range.lowerBound),
            let count = tensor.type.byteCount(elements: range.count)
        else { preconditionFailure("a sample is whole blocks") }
        let bytes = try refusable { () throws(SystemError) in
            try file.read(at: dataOffset + tensor.offset + start, count: Int(count))
        }
        try source.withElements(range, of: tensor.source) { original throws(ConversionError) in
            let isSame = bytes.withUnsafeBytes { written in
                tensor.type == tensor.source.type
                    ? written.elementsEqual(original)
                    : isNear(written, original, of: tensor, count: range.count)
            }
            guard isSame else {
                let flaw = ConversionError.WrittenFlaw.content(
                    tensor: tensor.source.name,
                    element: range.lowerBound
                )
                throw .written(flaw, path: file.path)
            }
        }
    }

    private func isNear(
        _ written: UnsafeRawBufferPointer,
        _ original: UnsafeRawBufferPointer,
        of tensor: PlannedFile.Tensor,
        count: Int
    ) -> Bool {
        guard Int64(written.count) == tensor.type.byteCount(elements: count) else { return false }
        let found = floats(tensor.type, written, count: count)
        let expected = floats(tensor.source.type, original, count: count)
        let block = max(tensor.type.blockElements, 32)
        for start in stride(from: 0, to: count, by: block) {
            let range = start..<min(start + block, count)
            let largest = expected[range].reduce(0) { max($0, abs($1)) }
            let bound = largest * tensor.type.tolerance(isWeighted: isWeighted) + tensor.type.lost
            guard range.allSatisfy({ abs(found[$0] - expected[$0]) <= bound }) else { return false }
        }
        return true
    }

    private func floats(_ type: TensorType, _ bytes: UnsafeRawBufferPointer, count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            kernels.widen(type, bytes, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            filled = count
        }
    }
}

extension TensorType {
    /// How far a number may be from what it was, as a part of the largest one of its block: half as much again as the
    /// worst that was found with numbers of all kinds.
    fileprivate func tolerance(isWeighted: Bool) -> Float {
        switch self {
        case .f16: return 0x1p-10
        case .bf16: return 0x1p-7
        case .q8_0: return 0.0065
        // With weights, what does not matter may come out anywhere up to the largest, or a little beyond.
        case _ where isWeighted: return 2
        case .q6_K: return 0.04
        case .q5_1: return 0.05
        case .q5_0, .q4_1, .q5_K: return 0.1
        case .q4_0, .q4_K: return 0.19
        case .q3_K: return 0.42
        case .q2_K: return 1
        default: return 0
        }
    }

    /// What may be lost of any number since scales are halves: as many of the smallest half as levels make of it.
    fileprivate var lost: Float {
        let steps: Float =
            switch self {
            case .f16: 1
            case .q4_0: 8
            case .q4_1, .q5_0: 31
            case .q5_1: 63
            case .q8_0, .q3_K: 128
            case .q2_K: 63
            case .q4_K: 1008
            case .q5_K: 2016
            case .q6_K: 4096
            default: 0
            }
        return steps * 0x1p-24
    }
}
