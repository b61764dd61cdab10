public import Platform
public import SystemPackage

/// What a safetensors file says about itself before its data begin, checked against the file's size.
public struct SafetensorsHeader: Sendable {
    /// Free texts of the publisher.
    public let metadata: [String: String]
    /// The tensors in the order of their data.
    public let tensors: [TensorDescription]
    /// Where the data of the tensors begin.
    public let dataOffset: Int64
    /// The size of the file.
    public let fileSize: ByteCount

    /// The longest header that the format's own library accepts.
    public static let longestHeader: ByteCount = 100_000_000

    /// Reads the header of a file.
    public static func read(_ path: FilePath) throws(FormatError) -> SafetensorsHeader {
        try read(HeaderReader(opening: path))
    }

    /// Reads the header from the first bytes of a file of a known size; throws `incomplete` if they do not
    /// reach.
    public static func parse(prefix: [UInt8], fileSize: ByteCount) throws(FormatError) -> SafetensorsHeader {
        try read(HeaderReader(prefix: prefix, fileSize: fileSize.bytes))
    }

    private static func read(_ source: HeaderReader) throws(FormatError) -> SafetensorsHeader {
        var reader = source
        try reader.refuseOtherFiles()
        let length = try reader.integer(UInt64.self)
        guard length <= UInt64(longestHeader.bytes) else { throw .invalid(.textLength(length), offset: 0) }
        let text = try reader.bytes(Int(length))
        guard text.first == UInt8(ascii: "{") else { throw .unknownMagic(Array(text.prefix(4))) }
        let document = try FormatError.decoding(Document.self, from: text, at: 8)
        let header = SafetensorsHeader(
            metadata: document.metadata,
            tensors: try document.tensors(),
            dataOffset: reader.offset,
            fileSize: ByteCount(reader.fileSize)
        )
        try header.checkPlaces()
        return header
    }

    /// Checks that the data of the tensors fill the file without a gap.
    private func checkPlaces() throws(FormatError) {
        var end: Int64 = 0
        var previous = ""
        for tensor in tensors {
            guard tensor.offset >= end else {
                throw .invalid(.overlap(tensor: tensor.name, with: previous), offset: 8)
            }
            guard tensor.offset == end else { throw .invalid(.gap(before: tensor.name), offset: 8) }
            let (next, overflow) = end.addingReportingOverflow(tensor.size.bytes)
            guard !overflow else { throw .truncated(needed: .max, actual: fileSize.bytes) }
            end = next
            previous = tensor.name
        }
        let room = fileSize.bytes - dataOffset
        if end > room {
            let (needed, overflow) = end.addingReportingOverflow(dataOffset)
            throw .truncated(needed: overflow ? .max : needed, actual: fileSize.bytes)
        }
        if end < room { throw .invalid(.trailingBytes(room - end), offset: dataOffset + end) }
    }
}

/// The header's JSON.
private struct Document: Decodable {
    struct Entry: Decodable {
        let dtype: String
        let shape: [Int]
        let data_offsets: [Int64]
    }

    let metadata: [String: String]
    let entries: [(name: String, entry: Entry)]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        let reserved = AnyKey(stringValue: "__metadata__")
        metadata = try container.decodeIfPresent([String: String].self, forKey: reserved) ?? [:]
        entries = try container.allKeys.filter { $0.stringValue != reserved.stringValue }.map {
            ($0.stringValue, try container.decode(Entry.self, forKey: $0))
        }
    }

    func tensors() throws(FormatError) -> [TensorDescription] {
        var tensors: [TensorDescription] = []
        for (name, entry) in entries {
            guard let type = TensorType(safetensors: entry.dtype) else {
                throw .unsupportedTensorType(tensor: name, type: entry.dtype, offset: 8)
            }
            guard let elements = entry.shape.elementCount, let size = type.byteCount(elements: elements)
            else {
                throw .invalid(.shape(tensor: name), offset: 8)
            }
            guard entry.data_offsets.count == 2, entry.data_offsets[0] >= 0,
                entry.data_offsets[1] >= entry.data_offsets[0],
                entry.data_offsets[1] - entry.data_offsets[0] == size
            else { throw .invalid(.size(tensor: name), offset: 8) }
            tensors.append(
                TensorDescription(
                    name: name,
                    type: type,
                    shape: entry.shape,
                    offset: entry.data_offsets[0],
                    size: ByteCount(size)
                )
            )
        }
        return tensors.sorted { ($0.offset, $0.size, $0.name) < ($1.offset, $1.size, $1.name) }
    }
}
