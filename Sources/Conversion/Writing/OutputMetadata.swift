import Formats

/// The keys of a file that is to be written.
struct OutputMetadata {
    /// What the places of tensors are multiples of.
    let alignment: Int
    private var entries: [(key: String, bytes: [UInt8])] = []

    /// No keys at all, as the second and later files of a model have it.
    init(alignment: Int = 32) { self.alignment = alignment }

    /// Keys as they are.
    init(_ entries: [MetadataEntry]) {
        self.init()
        self.entries = entries.map { ($0.key, $0.bytes) }
    }

    /// The source's keys, then what has become of it.
    init(_ source: [MetadataEntry], target: QuantizationTarget, options: QuantizationOptions)
        throws(ConversionError)
    {
        let alignment = source.first { $0.key == "general.alignment" }?.value.integer ?? 32
        guard alignment > 0, alignment.nonzeroBitCount == 1 else { throw .metadata(key: "general.alignment") }
        self.init(alignment: alignment)
        entries = source.map { ($0.key, $0.bytes.cuttingTexts()) }
        set("general.quantization_version", .uint32(2))
        set("general.file_type", .uint32(target.fileType))
        guard let importance = options.importance else { return }
        set("quantize.imatrix.file", .string(importance.name.cut(to: 127)))
        if let dataset = importance.dataset { set("quantize.imatrix.dataset", .string(dataset.cut(to: 127))) }
        set("quantize.imatrix.entries_count", .uint32(UInt32(clamping: importance.count)))
        if importance.chunks > 0 {
            set("quantize.imatrix.chunks_count", .uint32(UInt32(clamping: importance.chunks)))
        }
    }

    /// Adds which of several files this is.
    mutating func addSplit(_ number: Int, of count: Int, tensors: Int) {
        set("split.no", .uint16(UInt16(clamping: number)))
        set("split.count", .uint16(UInt16(clamping: count)))
        set("split.tensors.count", .int32(Int32(clamping: tensors)))
    }

    /// A key that is set comes last, wherever it was.
    private mutating func set(_ key: String, _ value: GGUFValue) {
        entries.removeAll { $0.key == key }
        entries.append((key, value.encoded))
    }

    /// How long the header is up to where tensors are described.
    var headerSize: Int { entries.reduce(24) { $0 + 8 + $1.key.utf8.count + $1.bytes.count } }

    /// The header up to where tensors are described.
    func header(tensors: Int) -> [UInt8] {
        var bytes = Array("GGUF".utf8)
        bytes.reserveCapacity(headerSize + tensors * 128)
        bytes.append(integer: UInt32(3))
        bytes.append(integer: UInt64(tensors))
        bytes.append(integer: UInt64(entries.count))
        for entry in entries {
            bytes.append(text: entry.key.utf8)
            bytes.append(contentsOf: entry.bytes)
        }
        return bytes
    }
}

extension String {
    /// The first so many bytes.
    fileprivate func cut(to length: Int) -> String { String(decoding: utf8.prefix(length), as: UTF8.self) }
}

extension [UInt8] {
    /// A value whose texts end before their first zero byte: the reference hands them on as C has them.
    fileprivate func cuttingTexts() -> [UInt8] {
        guard count >= 12 else { return self }
        let type = GGUFValueType(rawValue: UInt32(bitPattern: integer(at: 0)))
        let element = GGUFValueType(rawValue: UInt32(bitPattern: integer(at: 4)))
        if type == .string { return cuttingTexts(1, from: 4) }
        return type == .array && element == .string && count >= 16
            ? cuttingTexts(length(at: 8), from: 16) : self
    }

    private func cuttingTexts(_ count: Int, from start: Int) -> [UInt8] {
        var places: [Range<Int>] = []
        var place = start
        var isChanged = false
        for _ in 0..<count {
            let text = (place + 8)..<(place + 8 + length(at: place))
            let zero = self[text].firstIndex(of: 0)
            isChanged = isChanged || zero != nil
            places.append(text.lowerBound..<(zero ?? text.upperBound))
            place = text.upperBound
        }
        // What stays as it is takes no room of its own.
        guard isChanged else { return self }
        var bytes = Array(self[..<start])
        for range in places { bytes.append(text: self[range]) }
        return bytes
    }

    private func length(at place: Int) -> Int {
        withUnsafeBytes {
            Int(UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self)))
        }
    }
}
