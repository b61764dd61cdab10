import Platform

/// Reads the parts of a GGUF's header, in the file's own version and byte order.
struct GGUFReader {
    let version: UInt32
    private let arrayLimit: Int
    private var source: HeaderReader

    /// Texts and arrays that are longer make ggml refuse the file; a whole header has some dozen megabytes.
    static let longest: UInt64 = 1 << 30
    /// A chat template has some hundred kilobytes at most; a text takes several times its bytes until it is shown.
    private static let longestText: UInt64 = 64 << 20
    /// The format sets no bound; nobody is known to nest arrays at all.
    private static let deepest = 8
    // An entry takes some ten times its bytes in memory. Models have some forty keys, and tensors by the thousand.
    private static let mostKeys = 1 << 16
    private static let mostTensors = 1 << 18

    var byteOrder: ByteOrder { source.byteOrder }
    var offset: Int64 { source.offset }
    var fileSize: Int64 { source.fileSize }

    /// Reads what every version and byte order begin with.
    init(_ source: HeaderReader, arrayLimit: Int) throws(FormatError) {
        self.arrayLimit = max(0, arrayLimit)
        self.source = source
        try self.source.refuseOtherFiles()
        let magic = try self.source.bytes(4)
        guard magic == Array("GGUF".utf8) else { throw .unknownMagic(magic) }
        var version = try self.source.integer(UInt32.self)
        // The magic is the same in both byte orders; the small number of the version gives the other one away.
        if version != 0, version & 0xFFFF == 0 {
            self.source.byteOrder = .bigEndian
            version = version.byteSwapped
        }
        guard (1...3).contains(version) else { throw .unsupportedVersion(version) }
        self.version = version
    }

    /// The bytes of a length, a count or a dimension.
    private var wordBytes: Int { version == 1 ? 4 : 8 }

    private mutating func word() throws(FormatError) -> UInt64 {
        version == 1 ? UInt64(try source.integer(UInt32.self)) : try source.integer(UInt64.self)
    }

    mutating func tensorCount() throws(FormatError) -> Int {
        try count(each: wordBytes + 16, most: Self.mostTensors)
    }

    mutating func keyCount() throws(FormatError) -> Int {
        try count(each: wordBytes + 6, most: Self.mostKeys)
    }

    /// Reads a number of entries, each of which takes at least `least` bytes.
    private mutating func count(each least: Int, most: Int = .max) throws(FormatError) -> Int {
        let place = offset
        let count = try word()
        guard count <= UInt64(min(source.remaining / Int64(least), Int64(most))) else {
            throw .invalid(.count(count), offset: place)
        }
        return Int(count)
    }

    private mutating func text(limit: UInt64) throws(FormatError) -> [UInt8] {
        let place = offset
        let length = try word()
        guard length <= limit else { throw .invalid(.textLength(length), offset: place) }
        return try source.bytes(Int(length))
    }
}

// MARK: Keys and values

extension GGUFReader {
    mutating func metadata(_ count: Int) throws(FormatError) -> [GGUFHeader.Entry] {
        var entries: [GGUFHeader.Entry] = []
        // Texts that look the same are one and the same to `String`; they may differ in their bytes.
        var seen: Set<[UInt8]> = []
        for _ in 0..<count {
            let place = offset
            let bytes = try text(limit: 65_535)
            let key = String(decoding: bytes, as: UTF8.self)
            guard !key.isEmpty else { throw .invalid(.emptyName, offset: place) }
            guard seen.insert(bytes).inserted else { throw .invalid(.duplicate(key), offset: place) }
            let start = offset
            let type = try valueType()
            let value =
                type == .array ? GGUFValue.array(try array(key: key, depth: 1)) : try scalar(type)
            guard offset <= Self.longest else { throw .invalid(.headerLength(offset), offset: start) }
            entries.append(GGUFHeader.Entry(key: key, value: value, bytes: start..<offset))
        }
        return entries
    }

    private mutating func valueType() throws(FormatError) -> GGUFValueType {
        let place = offset
        let number = try source.integer(UInt32.self)
        guard let type = GGUFValueType(rawValue: number) else {
            throw .invalid(.valueType(number), offset: place)
        }
        return type
    }

    private mutating func array(key: String, depth: Int) throws(FormatError) -> GGUFArray {
        let place = offset
        let type = try valueType()
        switch type {
        case .array:
            guard depth < Self.deepest else { throw .invalid(.depth(key: key), offset: place) }
            let count = try count(each: 4 + wordBytes)
            var arrays: [GGUFArray] = []
            for index in 0..<count {
                let array = try array(key: key, depth: depth + 1)
                if index < arrayLimit { arrays.append(array) }
            }
            return GGUFArray(count: count, arrays: arrays)
        case .string:
            let count = try count(each: wordBytes)
            let kept = min(count, arrayLimit)
            var bytes: [UInt8] = []
            for _ in 0..<kept { bytes.append(text: try text(limit: Self.longest)) }
            try source.skipTexts(count - kept, lengthBytes: wordBytes)
            return GGUFArray(type: type, count: count, keptCount: kept, bytes: bytes)
        default:
            let count = try count(each: type.byteCount)
            let kept = min(count, arrayLimit)
            let bytes = try source.bytes(kept * type.byteCount)
            try source.skip(UInt64(count - kept) * UInt64(type.byteCount))
            return GGUFArray(
                type: type,
                count: count,
                keptCount: kept,
                bytes: byteOrder == .littleEndian ? bytes : bytes.swapped(each: type.byteCount)
            )
        }
    }

    private mutating func scalar(_ type: GGUFValueType) throws(FormatError) -> GGUFValue {
        switch type {
        case .uint8: .uint8(try source.integer())
        case .int8: .int8(try source.integer())
        case .uint16: .uint16(try source.integer())
        case .int16: .int16(try source.integer())
        case .uint32: .uint32(try source.integer())
        case .int32: .int32(try source.integer())
        case .float32: .float32(Float(bitPattern: try source.integer()))
        case .bool: .bool(try source.integer(UInt8.self) != 0)
        case .string: .string(String(decoding: try text(limit: Self.longestText), as: UTF8.self))
        case .array: preconditionFailure("an array is no scalar")
        case .uint64: .uint64(try source.integer())
        case .int64: .int64(try source.integer())
        case .float64: .float64(Double(bitPattern: try source.integer()))
        }
    }
}

// MARK: Tensors

extension GGUFReader {
    /// Reads the descriptions of the tensors, each with where it lies in the file.
    mutating func tensors(
        _ count: Int,
        alignment: Int
    ) throws(FormatError) -> [(place: Int64, tensor: TensorDescription)] {
        var tensors: [(place: Int64, tensor: TensorDescription)] = []
        var seen: Set<[UInt8]> = []
        for _ in 0..<count {
            let place = offset
            // ggml's names have 64 bytes with their end.
            let bytes = try text(limit: 63)
            let name = String(decoding: bytes, as: UTF8.self)
            guard !name.isEmpty else { throw .invalid(.emptyName, offset: place) }
            guard seen.insert(bytes).inserted else { throw .invalid(.duplicate(name), offset: place) }
            tensors.append((place, try tensor(name, place: place, alignment: alignment)))
        }
        return tensors
    }

    private mutating func tensor(
        _ name: String,
        place: Int64,
        alignment: Int
    ) throws(FormatError) -> TensorDescription {
        let dimensions = try source.integer(UInt32.self)
        guard dimensions <= 4 else {
            throw .invalid(.dimensions(tensor: name, count: dimensions), offset: place)
        }
        var shape: [Int] = []
        for _ in 0..<dimensions { shape.append(Int(truncatingIfNeeded: try word())) }
        let number = try source.integer(UInt32.self)
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
        let start = try source.integer(UInt64.self)
        guard start % UInt64(alignment) == 0 else { throw .invalid(.misaligned(tensor: name), offset: place) }
        guard let start = Int64(exactly: start) else { throw .truncated(needed: .max, actual: fileSize) }
        return TensorDescription(name: name, type: type, shape: shape, offset: start, size: ByteCount(size))
    }
}

extension [UInt8] {
    /// The same with the bytes of each element the other way round.
    fileprivate func swapped(each width: Int) -> [UInt8] {
        guard width > 1 else { return self }
        var swapped: [UInt8] = []
        swapped.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: width) {
            swapped.append(contentsOf: self[start..<start + width].reversed())
        }
        return swapped
    }
}
