import Formats

/// A tensor of the model that is made, and what it is made of.
struct ConvertedTensor: Sendable {
    /// What its elements are taken from.
    enum Content: Sendable {
        /// Stored tensors of the same shape, one behind the other.
        case stored([StoredTensor])
        /// One with the halves of each head's rows interleaved.
        case interleaved(StoredTensor, heads: Int)
        /// One to whose numbers one is added.
        case shifted(StoredTensor)
        /// The columns of one as rows.
        case transposed(StoredTensor)
        /// Numbers that follow from the configuration.
        case generated([Float])
    }

    let name: String
    /// The dimensions, the length of a row first.
    let shape: [Int]
    let content: Content

    var elements: Int { shape.reduce(1, *) }

    /// The type in which its content comes without loss.
    var exactType: TensorType {
        switch content {
        case .stored(let parts): parts.first?.type ?? .f32
        case .interleaved(let part, _), .transposed(let part): part.type
        // What is stored in halves of the usual kind is computed with in them; everything else in floats.
        case .shifted(let part): part.type == .f16 ? .f16 : .f32
        case .generated: .f32
        }
    }

    /// Lends the bytes of some neighbouring elements, in the exact type.
    func read(_ range: Range<Int>) throws(ConversionError) -> [UInt8] {
        var failure: ConversionError?
        let size = exactType.blockBytes
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count * size) { buffer, filled in
            do throws(ConversionError) {
                try read(range, into: UnsafeMutableRawBufferPointer(buffer))
                filled = range.count * size
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(ConversionError)
    {
        switch content {
        case .stored(let parts): try Self.read(range, of: parts, into: buffer)
        case .interleaved(let part, let heads): try Self.read(range, of: part, heads: heads, into: buffer)
        case .shifted(let part): try read(range, shifting: part, into: buffer)
        case .transposed(let part): try Self.read(range, transposing: part, into: buffer)
        case .generated(let values):
            values[range].withUnsafeBytes { buffer.copyMemory(from: $0) }
        }
    }

    private static func read(
        _ range: Range<Int>,
        of parts: [StoredTensor],
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(ConversionError) {
        guard let size = parts.first?.type.blockBytes, let length = parts.first?.elements, length > 0 else {
            return
        }
        var done = range.lowerBound
        while done < range.upperBound {
            let (part, start) = done.quotientAndRemainder(dividingBy: length)
            let count = min(length - start, range.upperBound - done)
            let place = (done - range.lowerBound) * size
            let target = UnsafeMutableRawBufferPointer(rebasing: buffer[place..<place + count * size])
            try parts[part].read(start..<start + count, into: target)
            done += count
        }
    }

    /// A row of the two halves of a head comes from the one half and the other in turn.
    private static func read(
        _ range: Range<Int>,
        of part: StoredTensor,
        heads: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(ConversionError) {
        let columns = part.shape.count > 1 ? part.columns : 1
        let half = part.elements / columns / heads / 2
        let size = part.type.blockBytes
        var whole: [UInt8]?
        if columns == 1 {
            // One number at a time would take as many reads.
            whole = try ConvertedTensor(name: "", shape: [part.elements], content: .stored([part]))
                .read(0..<part.elements)
        }
        var done = range.lowerBound
        while done < range.upperBound {
            let (row, column) = done.quotientAndRemainder(dividingBy: columns)
            let (head, place) = row.quotientAndRemainder(dividingBy: half * 2)
            let original = head * half * 2 + place % 2 * half + place / 2
            let count = min(columns - column, range.upperBound - done)
            let target = (done - range.lowerBound) * size
            let start = original * columns + column
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[target..<target + count * size])
            if let whole {
                rest.copyBytes(from: whole[(start * size)..<((start + count) * size)])
            } else {
                try part.read(start..<start + count, into: rest)
            }
            done += count
        }
    }

    private func read(
        _ range: Range<Int>,
        shifting part: StoredTensor,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(ConversionError) {
        if part.type != .bf16 {
            try part.read(range, into: buffer)
        } else {
            // The narrow numbers go to the end, where none is written over before it was read.
            let narrow = UnsafeMutableRawBufferPointer(rebasing: buffer[(buffer.count / 2)...])
            try part.read(range, into: narrow)
            for index in 0..<range.count {
                let bits = UInt16(
                    littleEndian: narrow.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                )
                buffer.storeBytes(of: UInt32(bits) << 16, toByteOffset: index * 4, as: UInt32.self)
            }
        }
        for index in 0..<range.count {
            if part.type == .f16 {
                let bits = buffer.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
                let sum = (Float(Float16(bitPattern: bits)) + 1).half
                buffer.storeBytes(of: sum, toByteOffset: index * 2, as: UInt16.self)
            } else {
                let value = buffer.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
                buffer.storeBytes(of: value + 1, toByteOffset: index * 4, as: Float.self)
            }
        }
    }

    private static func read(
        _ range: Range<Int>,
        transposing part: StoredTensor,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(ConversionError) {
        let size = part.type.blockBytes
        let whole = try ConvertedTensor(name: "", shape: [part.elements], content: .stored([part]))
            .read(0..<part.elements)
        for index in range {
            let (column, row) = index.quotientAndRemainder(dividingBy: part.rows)
            let start = (row * part.columns + column) * size
            let target = (index - range.lowerBound) * size
            UnsafeMutableRawBufferPointer(rebasing: buffer[target..<target + size])
                .copyBytes(from: whole[start..<start + size])
        }
    }
}

extension Float {
    /// The bits of the nearest half.
    fileprivate var half: UInt16 { Float16(self).bitPattern }
}
