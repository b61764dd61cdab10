import Formats
import Platform
import SystemPackage

/// One of the threads that write, with memory of its own.
final class WritingWorker {
    private let source: any TensorSource
    private let importance: ImportanceMatrix?
    private let kernels: Kernels
    private var wide = Memory()
    private var narrow = Memory()
    /// The weights that were read last, since neighbouring pieces need the same ones.
    private var weights: (tensor: String, expert: Int, values: [Float])?

    init(_ source: any TensorSource, options: QuantizationOptions, kernels: Kernels) {
        self.source = source
        importance = options.importance
        self.kernels = kernels
    }

    /// Reads a piece and writes all that becomes of it.
    func process(_ piece: WritingWork.Piece, into files: [WrittenFile]) throws(ConversionError) {
        let tensor = piece.task.tensor
        try source.withElements(piece.range, of: tensor) { bytes throws(ConversionError) in
            guard kernels.isFinite(tensor.type, bytes) else { throw .notFinite(tensor: tensor.name) }
            var numbers: UnsafeMutableBufferPointer<Float>?
            for destination in piece.task.destinations {
                if destination.type == tensor.type {
                    try write(bytes, of: piece, as: destination, to: files)
                    continue
                }
                let floats = numbers ?? widened(bytes, of: piece)
                numbers = floats
                let made = try narrowed(UnsafeBufferPointer(floats), of: piece, to: destination.type)
                try write(made, of: piece, as: destination, to: files)
            }
        }
    }

    private func widened(_ bytes: UnsafeRawBufferPointer, of piece: WritingWork.Piece)
        -> UnsafeMutableBufferPointer<Float>
    {
        let floats = wide.lend(piece.range.count * 4).bindMemory(to: Float.self)
        kernels.widen(piece.task.tensor.type, bytes, to: floats)
        return floats
    }

    private func narrowed(
        _ numbers: UnsafeBufferPointer<Float>,
        of piece: WritingWork.Piece,
        to type: TensorType
    ) throws(ConversionError) -> UnsafeRawBufferPointer {
        let tensor = piece.task.tensor
        let bytes = narrow.lend(Int(type.byteCount(elements: numbers.count) ?? 0))
        if let entry = piece.task.importance, type.kernelFormat != nil {
            let weights = try weights(entry, of: piece)
            weights.withUnsafeBufferPointer {
                kernels.narrow(type, numbers, weights: $0.baseAddress, columns: tensor.columns, to: bytes)
            }
        } else {
            // Rows matter only where there are weights.
            kernels.narrow(type, numbers, weights: nil, columns: numbers.count, to: bytes)
        }
        let made = UnsafeRawBufferPointer(bytes)
        guard kernels.isFinite(type, made) else { throw .outOfRange(tensor: tensor.name, type: type) }
        return made
    }

    private func weights(_ entry: ImportanceMatrix.Entry, of piece: WritingWork.Piece)
        throws(ConversionError) -> [Float]
    {
        let tensor = piece.task.tensor
        let expert = piece.range.lowerBound / (tensor.columns * tensor.rowsOfExpert)
        if let weights, weights.tensor == tensor.name, weights.expert == expert { return weights.values }
        guard let importance else { preconditionFailure("weights come from a matrix") }
        let values = try importance.weights(entry, expert: expert, columns: tensor.columns)
        weights = (tensor.name, expert, values)
        return values
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer,
        of piece: WritingWork.Piece,
        as destination: WritingWork.Destination,
        to files: [WrittenFile]
    ) throws(ConversionError) {
        let start = destination.type.byteCount(elements: piece.range.lowerBound) ?? 0
        for place in destination.places {
            try refusable { () throws(SystemError) in
                try files[place.file].file.write(bytes.bytes, at: place.offset + start)
            }
        }
    }
}

/// Memory that is as large as was needed once.
private struct Memory: ~Copyable {
    private var buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit { buffer.deallocate() }

    mutating func lend(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if count > buffer.count {
            buffer.deallocate()
            buffer = .allocate(byteCount: count, alignment: 64)
        }
        return UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    }
}
