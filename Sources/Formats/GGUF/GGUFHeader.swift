public import Platform
public import SystemPackage

/// What a GGUF says about itself before its data begin, checked against the file's size.
public struct GGUFHeader: Sendable {
    /// A key with its value.
    public struct Entry: Sendable, Hashable {
        /// The key.
        public let key: String
        /// The value.
        public let value: GGUFValue
        /// Where the value's type and the value itself lie in the file.
        public let bytes: Range<Int64>
    }

    /// The version of the format, 2 or 3.
    public let version: UInt32
    /// The keys and values in the order of the file.
    public let metadata: [Entry]
    /// The tensors in the order of the file.
    public let tensors: [TensorDescription]
    /// What the offsets of the tensors are multiples of.
    public let alignment: Int
    /// Where the data of the tensors begin.
    public let dataOffset: Int64
    /// The size of the file.
    public let fileSize: ByteCount

    private let places: [String: Int]

    /// How much of an array is kept unless told otherwise: enough for one value a layer, too little for a
    /// vocabulary.
    public static let usualArrayLimit = 1024

    /// The value of a key.
    public subscript(_ key: String) -> GGUFValue? { places[key].map { metadata[$0].value } }

    /// The architecture, for example `llama`.
    public var architecture: String? { self["general.architecture"]?.text }

    /// The number of weights.
    public var parameters: Int { tensors.reduce(0) { $0 &+ $1.elements } }

    /// Reads the header of a file, keeping the first `arrayLimit` elements of each array.
    public static func read(
        _ path: FilePath,
        arrayLimit: Int = usualArrayLimit
    ) throws(FormatError) -> GGUFHeader {
        try read(HeaderReader(opening: path), arrayLimit: arrayLimit)
    }

    /// Reads the header from the first bytes of a file of a known size; throws `incomplete` if they do not
    /// reach.
    public static func parse(
        prefix: [UInt8],
        fileSize: ByteCount,
        arrayLimit: Int = usualArrayLimit
    ) throws(FormatError) -> GGUFHeader {
        try read(HeaderReader(prefix: prefix, fileSize: fileSize.bytes), arrayLimit: arrayLimit)
    }

    private static func read(_ source: HeaderReader, arrayLimit: Int) throws(FormatError) -> GGUFHeader {
        var reader = source
        let version = try reader.version()
        let tensorCount = try reader.count(each: 24)
        let keyCount = try reader.count(each: 14)
        // Arrays kept whole on demand still have a bound: an element takes many times its bytes in memory.
        let limit = max(0, min(arrayLimit, 1 << 22))
        let metadata = try reader.metadata(keyCount, arrayLimit: limit)
        let places = Dictionary(
            uniqueKeysWithValues: metadata.enumerated().map { ($0.element.key, $0.offset) }
        )
        let alignment = try alignment(places["general.alignment"].map { metadata[$0] })
        let tensors = try reader.tensors(tensorCount, alignment: alignment)
        let dataOffset = reader.offset.roundedUp(to: Int64(alignment))
        let header = GGUFHeader(
            version: version,
            metadata: metadata,
            tensors: tensors,
            alignment: alignment,
            dataOffset: dataOffset,
            fileSize: ByteCount(reader.fileSize),
            places: places
        )
        try header.checkPlaces(headerEnd: reader.offset)
        return header
    }

    private static func alignment(_ entry: Entry?) throws(FormatError) -> Int {
        guard let entry else { return 32 }
        guard case .uint32(let value) = entry.value else {
            throw .invalid(.keyType(key: entry.key), offset: entry.bytes.lowerBound)
        }
        guard value.nonzeroBitCount == 1 else {
            throw .invalid(.alignment(UInt64(value)), offset: entry.bytes.lowerBound)
        }
        return Int(value)
    }

    /// Checks that the data of all tensors lie in the file and apart from each other.
    private func checkPlaces(headerEnd: Int64) throws(FormatError) {
        var end: Int64 = 0
        var previous = ""
        for tensor in tensors.sorted(by: { ($0.offset, $0.size) < ($1.offset, $1.size) }) {
            guard tensor.offset >= end else {
                throw .invalid(.overlap(tensor: tensor.name, with: previous), offset: headerEnd)
            }
            let (next, overflow) = tensor.offset.addingReportingOverflow(tensor.size.bytes)
            let (needed, tooFar) = next.addingReportingOverflow(dataOffset)
            guard !overflow, !tooFar, needed <= fileSize.bytes else {
                throw .truncated(needed: overflow || tooFar ? .max : needed, actual: fileSize.bytes)
            }
            end = next
            previous = tensor.name
        }
    }
}

// MARK: The parts of the header

extension HeaderReader {
    fileprivate mutating func version() throws(FormatError) -> UInt32 {
        try refuseOtherFiles()
        let magic = try bytes(4)
        guard magic == Array("GGUF".utf8) else { throw .unknownMagic(magic) }
        let version = try integer(UInt32.self)
        // The writer of another byte order puts its small version number into the upper half.
        if version != 0, version & 0xFFFF == 0 { throw .bigEndian }
        guard version == 2 || version == 3 else { throw .unsupportedVersion(version) }
        return version
    }

    /// Reads a number of entries, each of which takes at least `least` bytes.
    fileprivate mutating func count(each least: Int64) throws(FormatError) -> Int {
        let place = offset
        let count = try integer(UInt64.self)
        guard count <= UInt64(remaining / least) else { throw .invalid(.count(count), offset: place) }
        return Int(count)
    }

    fileprivate mutating func metadata(
        _ count: Int,
        arrayLimit: Int
    ) throws(FormatError) -> [GGUFHeader.Entry] {
        var entries: [GGUFHeader.Entry] = []
        var seen: Set<String> = []
        for _ in 0..<count {
            let place = offset
            let key = String(decoding: try text(limit: 65_535), as: UTF8.self)
            guard !key.isEmpty else { throw .invalid(.emptyName, offset: place) }
            guard seen.insert(key).inserted else { throw .invalid(.duplicate(key), offset: place) }
            let start = offset
            let value = try value(key: key, arrayLimit: arrayLimit)
            entries.append(GGUFHeader.Entry(key: key, value: value, bytes: start..<offset))
        }
        return entries
    }

    private mutating func valueType() throws(FormatError) -> GGUFValueType {
        let place = offset
        let number = try integer(UInt32.self)
        guard let type = GGUFValueType(rawValue: number) else {
            throw .invalid(.valueType(number), offset: place)
        }
        return type
    }

    private mutating func value(key: String, arrayLimit: Int) throws(FormatError) -> GGUFValue {
        let type = try valueType()
        return type == .array ? .array(try array(key: key, limit: arrayLimit)) : try scalar(type)
    }

    private mutating func array(key: String, limit: Int) throws(FormatError) -> GGUFArray {
        let place = offset
        let type = try valueType()
        guard type != .array else { throw .invalid(.nestedArray(key: key), offset: place) }
        let count = try count(each: Int64(type.leastBytes))
        let kept = min(count, limit)
        var elements: [GGUFValue] = []
        for _ in 0..<kept { elements.append(try scalar(type)) }
        if type == .string {
            for _ in kept..<count { try skip(try integer(UInt64.self)) }
        } else {
            try skip(UInt64(count - kept) * UInt64(type.leastBytes))
        }
        return GGUFArray(type: type, count: count, elements: elements)
    }

    private mutating func scalar(_ type: GGUFValueType) throws(FormatError) -> GGUFValue {
        switch type {
        case .uint8: .uint8(try integer())
        case .int8: .int8(try integer())
        case .uint16: .uint16(try integer())
        case .int16: .int16(try integer())
        case .uint32: .uint32(try integer())
        case .int32: .int32(try integer())
        case .float32: .float32(Float(bitPattern: try integer()))
        case .bool: .bool(try integer(UInt8.self) != 0)
        // A chat template has some hundred kilobytes at most.
        case .string: .string(String(decoding: try text(limit: 64 << 20), as: UTF8.self))
        case .array: preconditionFailure("an array is no scalar")
        case .uint64: .uint64(try integer())
        case .int64: .int64(try integer())
        case .float64: .float64(Double(bitPattern: try integer()))
        }
    }

    fileprivate mutating func tensors(_ count: Int, alignment: Int) throws(FormatError) -> [TensorDescription]
    {
        var tensors: [TensorDescription] = []
        var seen: Set<String> = []
        for _ in 0..<count {
            let place = offset
            let tensor = try tensor(alignment: alignment)
            guard !tensor.name.isEmpty else { throw .invalid(.emptyName, offset: place) }
            guard seen.insert(tensor.name).inserted else {
                throw .invalid(.duplicate(tensor.name), offset: place)
            }
            tensors.append(tensor)
        }
        return tensors
    }

    private mutating func tensor(alignment: Int) throws(FormatError) -> TensorDescription {
        let place = offset
        // ggml's names have 64 bytes with their end.
        let name = String(decoding: try text(limit: 63), as: UTF8.self)
        let dimensions = try integer(UInt32.self)
        guard dimensions <= 4 else {
            throw .invalid(.dimensions(tensor: name, count: dimensions), offset: place)
        }
        var shape: [Int] = []
        for _ in 0..<dimensions { shape.append(Int(try integer(Int64.self))) }
        let number = try integer(UInt32.self)
        guard let type = TensorType(ggml: number) else {
            let found = TensorType.nameOfUnsupported(ggml: number)
            throw .unsupportedTensorType(tensor: name, type: found, offset: place)
        }
        guard let elements = shape.elementCount else { throw .invalid(.shape(tensor: name), offset: place) }
        guard (shape.first ?? 1) % type.blockElements == 0 else {
            throw .invalid(.partialBlock(tensor: name), offset: place)
        }
        guard let size = type.byteCount(elements: elements) else {
            throw .invalid(.shape(tensor: name), offset: place)
        }
        let start = try integer(UInt64.self)
        guard start % UInt64(alignment) == 0 else { throw .invalid(.misaligned(tensor: name), offset: place) }
        guard let start = Int64(exactly: start) else { throw .truncated(needed: .max, actual: fileSize) }
        return TensorDescription(name: name, type: type, shape: shape, offset: start, size: ByteCount(size))
    }
}

extension Int64 {
    /// The next multiple of a power of two.
    func roundedUp(to alignment: Int64) -> Int64 { (self &+ alignment &- 1) & ~(alignment &- 1) }
}
