import Formats
import Platform
import SystemPackage

/// What a file of weights says about itself.
struct ImportanceContents {
    var entries: [String: ImportanceMatrix.Entry] = [:]
    var dataset: String?
    var chunks = 0
}

// MARK: GGUF

extension ImportanceContents {
    init(ofGGUF file: File) throws(ConversionError) {
        let path = file.path
        let header: GGUFHeader
        do throws(FormatError) { header = try GGUFHeader.read(path) } catch {
            throw .format(error, path: path)
        }
        guard header.byteOrder == .littleEndian else { throw .format(.bigEndian, path: path) }
        for key in ["imatrix.datasets", "imatrix.chunk_count", "imatrix.chunk_size"] where header[key] == nil
        {
            throw .importance(.missingKey(key), path: path)
        }
        dataset = header["imatrix.datasets"]?.array?.elements.first?.text
        chunks = header["imatrix.chunk_count"]?.integer ?? 0
        let tensors = Dictionary(uniqueKeysWithValues: header.tensors.map { ($0.name, $0) })
        for tensor in header.tensors {
            guard let name = tensor.name.dropping(suffix: ".in_sum2") else {
                // Counts alone belong to nothing.
                if let name = tensor.name.dropping(suffix: ".counts"), tensors["\(name).in_sum2"] == nil {
                    throw .importance(.mismatch(entry: name), path: path)
                }
                continue
            }
            guard let counts = tensors["\(name).counts"], counts.type == .f32, tensor.type == .f32,
                counts.elements > 0, tensor.elements % counts.elements == 0, tensor.elements > 0
            else { throw .importance(.mismatch(entry: name), path: path) }
            entries[name] = ImportanceMatrix.Entry(
                offset: header.dataOffset + tensor.offset,
                count: tensor.elements,
                divisors: try Self.divisors(counts, at: header.dataOffset + counts.offset, in: file),
                uncounted: 1
            )
        }
    }

    private static func divisors(
        _ counts: TensorDescription,
        at offset: Int64,
        in file: File
    ) throws(ConversionError) -> [Float] {
        let bytes = try refusable { () throws(SystemError) in
            try file.read(at: offset, count: counts.elements * 4)
        }
        return bytes.floats.map { $0.isFinite ? $0.rounded(.toNearestOrAwayFromZero) : 0 }
    }
}

// MARK: The format before GGUF

extension ImportanceContents {
    /// Nobody names a tensor longer.
    private static let longestName: Int32 = 4096

    init(ofLegacy file: File) throws(ConversionError) {
        var reader = LegacyReader(
            file,
            end: try refusable { () throws(SystemError) in try file.status() }.size
        )
        let count = try reader.integer()
        guard count > 0 else { throw .importance(.empty, path: file.path) }
        for _ in 0..<count {
            let name = try reader.text(longest: Self.longestName)
            let calls = try reader.integer()
            let values = try reader.integer()
            guard values > 0 else { throw reader.truncated }
            // A name that comes again replaces what came before, as in the reference.
            entries[name] = ImportanceMatrix.Entry(
                offset: reader.place,
                count: Int(values),
                divisors: [Float(calls)],
                uncounted: nil
            )
            try reader.skip(Int64(values) * 4)
        }
        // What follows is optional.
        guard reader.remaining >= 4 else { return }
        chunks = Int(try reader.integer())
        guard reader.remaining >= 4 else { return }
        dataset = try? reader.text(longest: .max)
        if dataset?.isEmpty == true { dataset = nil }
    }
}

/// Goes through a file without reading beyond its end.
private struct LegacyReader {
    private let file: File
    private let end: Int64
    private(set) var place: Int64 = 0

    init(_ file: File, end: ByteCount) {
        self.file = file
        self.end = end.bytes
    }

    var remaining: Int64 { end - place }
    var truncated: ConversionError { .importance(.truncated(offset: place), path: file.path) }

    mutating func bytes(_ count: Int) throws(ConversionError) -> [UInt8] {
        guard count >= 0, Int64(count) <= remaining else { throw truncated }
        let bytes = try refusable { () throws(SystemError) in try file.read(at: place, count: count) }
        guard bytes.count == count else { throw truncated }
        place += Int64(count)
        return bytes
    }

    mutating func integer() throws(ConversionError) -> Int32 { try bytes(4).integer(at: 0) }

    /// A text with its length in front; it ends before the first zero, as the reference reads it.
    mutating func text(longest: Int32) throws(ConversionError) -> String {
        let length = try integer()
        guard length >= 0, length <= longest else { throw truncated }
        return String(decoding: try bytes(Int(length)).prefix { $0 != 0 }, as: UTF8.self)
    }

    mutating func skip(_ count: Int64) throws(ConversionError) {
        guard count <= remaining else { throw truncated }
        place += count
    }
}

extension String {
    fileprivate func dropping(suffix: String) -> String? {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
    }
}
