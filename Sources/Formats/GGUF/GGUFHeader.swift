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

    /// The version of the format, from 1 to 3.
    public let version: UInt32
    /// How the numbers lie in the file, those of the tensors' data too: the values here are as they should be,
    /// whoever reads data must heed it.
    public let byteOrder: ByteOrder
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

    /// Where in the file each tensor is described.
    let descriptionOffsets: [Int64]

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
        var reader = try GGUFReader(source, arrayLimit: arrayLimit)
        let tensorCount = try reader.tensorCount()
        let metadata = try reader.metadata(try reader.keyCount())
        let keys = metadata.enumerated().map { ($0.element.key, $0.offset) }
        let places = Dictionary(keys) { first, _ in first }
        let alignment = try alignment(places["general.alignment"].map { metadata[$0] })
        let tensors = try reader.tensors(tensorCount, alignment: alignment)
        let header = GGUFHeader(
            version: reader.version,
            byteOrder: reader.byteOrder,
            metadata: metadata,
            tensors: tensors.map(\.tensor),
            alignment: alignment,
            dataOffset: reader.offset.roundedUp(to: Int64(alignment)),
            fileSize: ByteCount(reader.fileSize),
            descriptionOffsets: tensors.map(\.place),
            places: places
        )
        try header.checkPlaces()
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

    /// The tensors in the order of their data, each with where it is described.
    var tensorsByPlace: [(place: Int64, tensor: TensorDescription)] {
        zip(descriptionOffsets, tensors).map { ($0, $1) }
            .sorted { ($0.1.offset, $0.1.size, $0.0) < ($1.1.offset, $1.1.size, $1.0) }
    }

    /// Checks that the data of all tensors lie in the file and apart from each other.
    private func checkPlaces() throws(FormatError) {
        var end: Int64 = 0
        var previous = ""
        for (place, tensor) in tensorsByPlace {
            guard tensor.offset >= end else {
                throw .invalid(.overlap(tensor: tensor.name, with: previous), offset: place)
            }
            let (next, overflow) = tensor.offset.addingReportingOverflow(tensor.size.bytes)
            guard !overflow else { throw .truncated(needed: .max, actual: fileSize.bytes) }
            end = next
            previous = tensor.name
        }
        let (needed, overflow) = end.addingReportingOverflow(dataOffset)
        guard tensors.isEmpty || (!overflow && needed <= fileSize.bytes) else {
            throw .truncated(needed: overflow ? .max : needed, actual: fileSize.bytes)
        }
    }
}

extension Int64 {
    /// The next multiple of a power of two.
    func roundedUp(to alignment: Int64) -> Int64 { (self &+ alignment &- 1) & ~(alignment &- 1) }
}
