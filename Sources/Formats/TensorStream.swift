import Platform

extension File {
    /// Writes a header and, behind it, what `content` hands over for each tensor; in the end the file has
    /// `size` bytes of data, zeros where no tensor lies.
    func write(
        header: [UInt8],
        tensors: [TensorDescription],
        size: Int64,
        content: (_ tensor: TensorDescription, _ append: (borrowing RawSpan) throws -> Void) throws -> Void
    ) throws {
        // Bytes have no padding that this could expose.
        try unsafe write(header.span.bytes, at: 0)
        for tensor in tensors {
            let start = Int64(header.count) + tensor.offset
            var written: Int64 = 0
            try content(tensor) { piece in
                guard Int64(piece.byteCount) <= tensor.size.bytes - written else {
                    throw FormatError.invalid(.size(tensor: tensor.name), offset: start)
                }
                try write(piece, at: start + written)
                written += Int64(piece.byteCount)
            }
            guard written == tensor.size.bytes else {
                throw FormatError.invalid(.size(tensor: tensor.name), offset: start)
            }
        }
        try truncate(to: ByteCount(Int64(header.count) + size))
    }
}
