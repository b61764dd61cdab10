import Formats
import Platform
import SystemPackage

/// A file that a model is converted to: its header, and where which tensor goes.
struct ConvertedFile: Sendable {
    struct Place: Sendable {
        /// The tensor as it is written.
        let tensor: SourceTensor
        /// Where its data begin in the file.
        let offset: Int64
    }

    let places: [Place]
    /// The size of the file.
    let size: Int64
    private let header: [UInt8]

    init(_ tensors: [SourceTensor], keys: [MetadataEntry]) {
        let alignment: Int64 = 32
        var header = Array("GGUF".utf8)
        header.reserveCapacity(
            keys.reduce(tensors.count * 96) { $0 + $1.bytes.count + $1.key.utf8.count + 8 }
        )
        header.append(integer: UInt32(3))
        header.append(integer: UInt64(tensors.count))
        header.append(integer: UInt64(keys.count))
        for entry in keys {
            header.append(text: entry.key.utf8)
            header.append(contentsOf: entry.bytes)
        }
        var offsets: [Int64] = []
        var end: Int64 = 0
        for tensor in tensors {
            header.append(text: tensor.name.utf8)
            header.append(integer: UInt32(tensor.shape.count))
            for dimension in tensor.shape { header.append(integer: UInt64(dimension)) }
            header.append(integer: tensor.type.ggml ?? 0)
            header.append(integer: UInt64(end))
            offsets.append(end)
            // The last tensor is filled up too.
            end = (end + tensor.size).roundedUp(to: alignment)
        }
        let data = Int64(header.count).roundedUp(to: alignment)
        header.append(contentsOf: repeatElement(0, count: Int(data) - header.count))
        self.header = header
        places = zip(tensors, offsets).map { Place(tensor: $0, offset: data + $1) }
        size = data + end
    }

    /// Makes the file with its header and its whole length; what was there is gone.
    func open(_ path: FilePath) throws(ConversionError) -> File {
        try refusable { () throws(SystemError) in
            let file = try File(path, .update)
            try file.truncate(to: 0)
            try file.write(header, at: 0)
            try file.truncate(to: ByteCount(size))
            return file
        }
    }

    /// Enough to notice a part that went to a wrong place, few enough to take no time.
    private static let samples = 8
    private static let sample = 1024

    /// Checks the file as it is on the disk: its structure, and samples of its content.
    func check(_ file: File, against source: HuggingFaceSource) throws(ConversionError) {
        let found: GGUFHeader
        do throws(FormatError) {
            found = try GGUFHeader.read(file.path)
            try found.checkStructure()
        } catch {
            throw .format(error, path: file.path)
        }
        let isAsPlanned =
            found.fileSize.bytes == size && found.tensors.count == places.count
            && zip(found.tensors, places).allSatisfy { written, place in
                written.name == place.tensor.name && written.type == place.tensor.type
                    && found.dataOffset + written.offset == place.offset
            }
        guard isAsPlanned else { throw .written(.tensors, path: file.path) }
        for place in places {
            let last = max(0, place.tensor.elements - Self.sample) / 32 * 32
            for number in 0..<Self.samples {
                let start = last * number / (Self.samples - 1) / 32 * 32
                let range = start..<min(start + Self.sample + 32, place.tensor.elements)
                try check(range, of: place, in: file, against: source)
                if last == 0 { break }
            }
        }
    }

    private func check(
        _ range: Range<Int>,
        of place: Place,
        in file: File,
        against source: HuggingFaceSource
    ) throws(ConversionError) {
        let start = place.tensor.type.byteCount(elements: range.lowerBound) ?? 0
        let written = try refusable { () throws(SystemError) in
            let count = place.tensor.type.byteCount(elements: range.count) ?? 0
            return try file.read(at: place.offset + start, count: Int(count))
        }
        try source.withElements(range, of: place.tensor) { expected throws(ConversionError) in
            guard expected.elementsEqual(written) else {
                let flaw = ConversionError.WrittenFlaw.content(
                    tensor: place.tensor.name,
                    element: range.lowerBound
                )
                throw .written(flaw, path: file.path)
            }
        }
    }
}
