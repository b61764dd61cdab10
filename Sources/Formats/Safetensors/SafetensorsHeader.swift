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
        let document = try Document(text)
        let header = SafetensorsHeader(
            metadata: document.metadata,
            tensors: document.tensors.map(\.tensor),
            dataOffset: reader.offset,
            fileSize: ByteCount(reader.fileSize)
        )
        try header.checkPlaces(described: document.tensors.map(\.place))
        return header
    }

    /// Checks that the data of the tensors fill the file without a gap.
    private func checkPlaces(described places: [Int64]) throws(FormatError) {
        var end: Int64 = 0
        var previous = ""
        for (place, tensor) in zip(places, tensors) {
            guard tensor.offset >= end else {
                throw .invalid(.overlap(tensor: tensor.name, with: previous), offset: place)
            }
            guard tensor.offset == end else { throw .invalid(.gap(before: tensor.name), offset: place) }
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
private struct Document {
    private(set) var metadata: [String: String] = [:]
    /// The tensors in the order of their data, each with where it is described.
    private(set) var tensors: [(place: Int64, tensor: TensorDescription)] = []

    init(_ text: [UInt8]) throws(FormatError) {
        var scanner = JSONScanner(text, at: 8)
        var metadata: [String: String] = [:]
        var tensors: [(place: Int64, tensor: TensorDescription)] = []
        var seen: Set<[UInt8]> = []
        try scanner.object { name, place, scanner throws(FormatError) in
            guard seen.insert(Array(name.utf8)).inserted else {
                throw .invalid(.duplicate(name), offset: place)
            }
            if name == "__metadata__" {
                metadata = try scanner.texts()
            } else {
                tensors.append((place, try Entry(name, place, &scanner).tensor()))
            }
        }
        try scanner.end()
        self.metadata = metadata
        self.tensors = tensors.sorted {
            ($0.tensor.offset, $0.tensor.size, $0.place) < ($1.tensor.offset, $1.tensor.size, $1.place)
        }
    }
}

/// What a header says of a tensor.
private struct Entry {
    let name: String
    let place: Int64
    private var type: String?
    private var shape: [Int]?
    private var offsets: [Int]?

    init(_ name: String, _ place: Int64, _ scanner: inout JSONScanner) throws(FormatError) {
        self.name = name
        self.place = place
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { key, place, scanner throws(FormatError) in
            switch key {
            case "dtype" where type == nil: type = try scanner.text()
            case "shape" where shape == nil: shape = try scanner.integers()
            case "data_offsets" where offsets == nil: offsets = try scanner.integers()
            case "dtype", "shape", "data_offsets": throw .invalid(.duplicate(key), offset: place)
            default: try scanner.skip()
            }
        }
        self.type = type
        self.shape = shape
        self.offsets = offsets
    }

    func tensor() throws(FormatError) -> TensorDescription {
        guard let dtype = type, let shape, let offsets else {
            throw .invalid(.json("`\(name)` lacks its dtype, shape or data_offsets"), offset: place)
        }
        guard let type = TensorType(safetensors: dtype) else {
            throw .unsupportedTensorType(tensor: name, type: dtype, offset: place)
        }
        guard let size = shape.elementCount.flatMap(type.byteCount) else {
            throw .invalid(.shape(tensor: name), offset: place)
        }
        guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] - offsets[0] == size
        else { throw .invalid(.size(tensor: name), offset: place) }
        return TensorDescription(
            name: name,
            type: type,
            shape: shape,
            offset: Int64(offsets[0]),
            size: ByteCount(size)
        )
    }
}

extension JSONScanner {
    fileprivate mutating func integers() throws(FormatError) -> [Int] {
        var integers: [Int] = []
        try array { scanner throws(FormatError) in integers.append(try scanner.integer()) }
        return integers
    }

    fileprivate mutating func texts() throws(FormatError) -> [String: String] {
        guard try !skipNull() else { return [:] }
        var texts: [String: String] = [:]
        try object { name, place, scanner throws(FormatError) in
            guard texts.updateValue(try scanner.text(), forKey: name) == nil else {
                throw .invalid(.duplicate(name), offset: place)
            }
        }
        return texts
    }
}
