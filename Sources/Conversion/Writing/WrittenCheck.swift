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
            try check(tensor.source, as: tensor.type, at: plan.path) { start, count throws(ConversionError) in
                try refusable { () throws(SystemError) in
                    try file.read(at: plan.dataOffset + tensor.offset + start, count: count)
                }
            }
        }
    }

    /// Checks a model that another program has made: it has the source's tensors, and they are near those of the source as
    /// far as their types are known.
    func run(_ made: GGUFSource, at path: FilePath) throws(ConversionError) {
        let found = Dictionary(made.tensors.map { ($0.name, $0) }) { first, _ in first }
        guard found.count == source.tensors.count else { throw .written(.tensors, path: path) }
        for tensor in source.tensors {
            guard let own = found[tensor.name], own.elements == tensor.elements else {
                throw .written(.tensors, path: path)
            }
            guard own.type == tensor.type || own.type.canBeMade && tensor.type.canBeMade else { continue }
            try check(tensor, as: own.type, at: path) { start, count throws(ConversionError) in
                try made.bytes(of: own, at: start, count: count)
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
        _ tensor: SourceTensor,
        as type: TensorType,
        at path: FilePath,
        reading: (_ start: Int64, _ count: Int) throws(ConversionError) -> [UInt8]
    ) throws(ConversionError) {
        for range in Self.samples(of: tensor.elements) {
            guard let start = type.byteCount(elements: range.lowerBound),
                let count = type.byteCount(elements: range.count)
            else { preconditionFailure("a sample is whole blocks") }
            let bytes = try reading(start, Int(count))
            try source.withElements(range, of: tensor) { original throws(ConversionError) in
                let isSame = bytes.withUnsafeBytes { written in
                    type == tensor.type
                        ? written.elementsEqual(original)
                        : isNear(written, type, original, tensor.type, count: range.count)
                }
                guard isSame else {
                    let flaw = ConversionError.WrittenFlaw.content(
                        tensor: tensor.name,
                        element: range.lowerBound
                    )
                    throw .written(flaw, path: path)
                }
            }
        }
    }

    private func isNear(
        _ written: UnsafeRawBufferPointer,
        _ type: TensorType,
        _ original: UnsafeRawBufferPointer,
        _ originalType: TensorType,
        count: Int
    ) -> Bool {
        guard Int64(written.count) == type.byteCount(elements: count) else { return false }
        let found = floats(type, written, count: count)
        let expected = floats(originalType, original, count: count)
        let block = max(type.blockElements, 32)
        for start in stride(from: 0, to: count, by: block) {
            let range = start..<min(start + block, count)
            let largest = expected[range].reduce(0) { max($0, abs($1)) }
            let bound = largest * type.tolerance(isWeighted: isWeighted) + type.lost
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
