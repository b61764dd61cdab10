import Formats
public import Platform
public import SystemPackage

/// A model in GGUF files.
public struct GGUFSource: TensorSource {
    /// The keys and values of the first file, without those that say how the model lies in files.
    public let metadata: [MetadataEntry]
    /// The tensors of all files.
    public let tensors: [SourceTensor]
    /// The sizes of the files together.
    public let size: ByteCount

    private let opened: [File]

    /// The number of files.
    public var files: Int { opened.count }

    /// Opens a file, or all files of a model in several, in any order; checks that they are whole, fit each other
    /// and have all tensors of the model.
    public init(_ paths: [FilePath]) throws(ConversionError) {
        var found: [(path: FilePath, header: GGUFHeader)] = []
        for path in paths {
            do throws(FormatError) {
                found.append((path, try GGUFHeader.read(path)))
            } catch {
                throw .format(error, path: path)
            }
        }
        do throws(FormatError) {
            try found.map(\.header).checkStructure()
        } catch {
            throw .format(error, path: paths.first ?? "")
        }
        func number(_ header: GGUFHeader) -> Int { header["split.no"]?.integer ?? 0 }
        found.sort { number($0.header) < number($1.header) }
        let opened = try found.map { file throws(ConversionError) in try Self.open(file.path) }
        size = found.map(\.header.fileSize).total()
        tensors = found.enumerated().flatMap { index, file in
            file.header.tensors.map { tensor in
                SourceTensor(
                    name: tensor.name,
                    type: tensor.type,
                    shape: tensor.shape,
                    file: index,
                    offset: file.header.dataOffset + tensor.offset
                )
            }
        }
        metadata =
            try found.first.map { file throws(ConversionError) in
                try Self.metadata(of: file.header, in: opened[0])
            } ?? []
        self.opened = opened
        try checkTensors()
    }

    private static func open(_ path: FilePath) throws(ConversionError) -> File {
        do throws(SystemError) { return try File(path, .read) } catch { throw .system(error) }
    }

    private static func metadata(of header: GGUFHeader, in file: File) throws(ConversionError)
        -> [MetadataEntry]
    {
        let splitKeys: Set = ["split.no", "split.count", "split.tensors.count"]
        return try header.metadata.filter { !splitKeys.contains($0.key) }.map {
            entry throws(ConversionError) in
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try file.read(at: entry.bytes.lowerBound, count: entry.bytes.count)
            } catch {
                throw .system(error)
            }
            guard bytes.count == entry.bytes.count else {
                let end = FormatError.truncated(
                    needed: entry.bytes.upperBound,
                    actual: entry.bytes.lowerBound + Int64(bytes.count)
                )
                throw .format(end, path: file.path)
            }
            return MetadataEntry(key: entry.key, value: entry.value, bytes: bytes)
        }
    }

    /// Reads some neighbouring elements.
    public func withElements(
        _ range: Range<Int>,
        of tensor: SourceTensor,
        _ body: (UnsafeRawBufferPointer) throws(ConversionError) -> Void
    ) throws(ConversionError) {
        guard let start = tensor.type.byteCount(elements: range.lowerBound),
            let count = tensor.type.byteCount(elements: range.count)
        else { preconditionFailure("a part of a tensor is whole blocks") }
        let bytes = try bytes(of: tensor, at: start, count: Int(count))
        var failure: ConversionError?
        bytes.withUnsafeBytes { buffer in
            do throws(ConversionError) { try body(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

extension GGUFSource {
    /// Some bytes of a tensor.
    func bytes(of tensor: SourceTensor, at start: Int64, count: Int) throws(ConversionError) -> [UInt8] {
        let (file, place) = (opened[tensor.file], tensor.offset + start)
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try file.read(at: place, count: count) } catch {
            throw .system(error)
        }
        // It was long enough when its header was read.
        guard bytes.count == count else {
            let end = FormatError.truncated(
                needed: place + Int64(count),
                actual: place + Int64(bytes.count)
            )
            throw .format(end, path: file.path)
        }
        return bytes
    }
}

extension Range<Int64> {
    fileprivate var count: Int { Int(upperBound - lowerBound) }
}
