import Formats
import Platform
import SystemPackage

/// A tensor as a safetensors file has it.
struct StoredTensor: Sendable {
    let name: String
    let type: TensorType
    /// The dimensions, the length of a row last.
    let shape: [Int]
    let file: File
    /// Where its data begin in the file.
    let offset: Int64

    var elements: Int { shape.reduce(1, *) }
    /// The length of a row.
    var columns: Int { shape.last ?? 1 }
    /// All dimensions but the last, multiplied.
    var rows: Int { shape.dropLast().reduce(1, *) }

    /// Reads some neighbouring elements.
    func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(ConversionError) {
        let size = type.blockBytes
        let start = offset + Int64(range.lowerBound * size)
        let bytes = try refusable { () throws(SystemError) in
            try file.read(at: start, count: range.count * size)
        }
        // It was long enough when its header was read.
        guard bytes.count == range.count * size else {
            let end = FormatError.truncated(
                needed: start + Int64(range.count * size),
                actual: start + Int64(bytes.count)
            )
            throw .format(end, path: file.path)
        }
        buffer.copyBytes(from: bytes)
    }
}

/// All weights of a folder, in the order in which the reference goes through them.
struct StoredWeights: Sendable {
    let tensors: [StoredTensor]

    init(_ folder: HuggingFaceFolder) throws(HuggingFaceError) {
        let index = try Self.index(of: folder)
        let names = if let index { index.fileNames.map(\.string) } else { try Self.parts(of: folder) }
        guard !names.isEmpty else { throw .missing("model.safetensors") }
        var tensors: [StoredTensor] = []
        var seen: Set<[UInt8]> = []
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            for tensor in try Self.tensors(of: folder.path.appending(name), named: name) {
                guard seen.insert(Array(tensor.name.utf8)).inserted else {
                    throw .duplicateTensor(tensor.name)
                }
                if let index, index.files[tensor.name] == nil {
                    throw .format(.invalid(.index(tensor: tensor.name), offset: 0), path: folder.path)
                }
                tensors.append(tensor)
            }
        }
        if let index, let missing = index.files.keys.sorted().first(where: { !seen.contains(Array($0.utf8)) })
        {
            throw .format(.invalid(.index(tensor: missing), offset: 0), path: folder.path)
        }
        self.tensors = tensors
    }

    private static func index(of folder: HuggingFaceFolder) throws(HuggingFaceError) -> SafetensorsIndex? {
        guard folder.has(SafetensorsIndex.name) else { return nil }
        let path = folder.path.appending(SafetensorsIndex.name)
        do throws(FormatError) { return try SafetensorsIndex.read(path) } catch {
            throw .format(error, path: path)
        }
    }

    private static func parts(of folder: HuggingFaceFolder) throws(HuggingFaceError) -> [String] {
        try folder.files().filter { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") }
    }

    private static func tensors(of path: FilePath, named name: String) throws(HuggingFaceError)
        -> [StoredTensor]
    {
        // Names are ordered by their bytes, which is not how `String` does it.
        try tensorsInDataOrder(of: path, named: name)
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// The tensors of a file in the order in which their data lie in it.
    static func tensorsInDataOrder(of path: FilePath, named name: String)
        throws(HuggingFaceError) -> [StoredTensor]
    {
        guard FileSystem.exists(path) else { throw .missing(name) }
        let header: SafetensorsHeader
        let file: File
        do throws(FormatError) { header = try SafetensorsHeader.read(path) } catch {
            throw .format(error, path: path)
        }
        do throws(SystemError) { file = try File(path, .read) } catch { throw .system(error) }
        return header.tensors.map { tensor in
            StoredTensor(
                name: tensor.name,
                type: tensor.type,
                shape: tensor.shape,
                file: file,
                offset: header.dataOffset + tensor.offset
            )
        }
    }
}
