import Formats

/// The keys of a file under construction; one that is set again keeps its place.
struct HeaderKeys: Sendable {
    private(set) var entries: [MetadataEntry] = []
    private var places: [String: Int] = [:]

    /// The length of an array.
    func count(of key: String) -> Int? {
        guard let bytes = places[key].map({ entries[$0].bytes }), bytes.count >= 16 else { return nil }
        return bytes[8..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// Adds the keys of others behind its own.
    mutating func append(_ others: HeaderKeys) {
        for entry in others.entries { set(entry) }
    }

    /// What of an array is kept to be looked at.
    private static let kept = 4

    mutating func set(_ key: String, unsigned value: Int) throws(HuggingFaceError) {
        guard let value = UInt32(exactly: value) else { throw .configuration(key: key) }
        set(key, .uint32(value))
    }

    mutating func set(_ key: String, signed value: Int) throws(HuggingFaceError) {
        guard let value = Int32(exactly: value) else { throw .configuration(key: key) }
        set(key, .int32(value))
    }

    mutating func set(_ key: String, real value: Double) { set(key, .float32(Float(value))) }

    mutating func set(_ key: String, flag value: Bool) { set(key, .bool(value)) }

    /// An empty text is not written.
    mutating func set(_ key: String, text value: String) {
        if !value.isEmpty { set(key, .string(value)) }
    }

    /// No texts are not written.
    mutating func set(_ key: String, texts: [String]) {
        var list = TextList()
        for text in texts { list.append(text.utf8) }
        set(key, texts: list)
    }

    mutating func set(_ key: String, texts: TextList) {
        guard texts.count > 0 else { return }
        let first = texts.prefix(Self.kept).map { GGUFValue.string(String(decoding: $0, as: UTF8.self)) }
        set(key, of: .string, count: texts.count, first: first, content: texts.encoded)
    }

    mutating func set(_ key: String, reals: [Float]) {
        guard !reals.isEmpty else { return }
        var content: [UInt8] = []
        content.reserveCapacity(reals.count * 4)
        for value in reals { content.append(integer: value.bitPattern) }
        let first = reals.prefix(Self.kept).map(GGUFValue.float32)
        set(key, of: .float32, count: reals.count, first: first, content: content)
    }

    mutating func set(_ key: String, integers: [Int32]) {
        guard !integers.isEmpty else { return }
        var content: [UInt8] = []
        content.reserveCapacity(integers.count * 4)
        for value in integers { content.append(integer: value) }
        let first = integers.prefix(Self.kept).map(GGUFValue.int32)
        set(key, of: .int32, count: integers.count, first: first, content: content)
    }

    mutating func set(_ key: String, unsigneds: [UInt32]) {
        guard !unsigneds.isEmpty else { return }
        var content: [UInt8] = []
        for value in unsigneds { content.append(integer: value) }
        let first = unsigneds.prefix(Self.kept).map(GGUFValue.uint32)
        set(key, of: .uint32, count: unsigneds.count, first: first, content: content)
    }

    /// A number or a text.
    mutating func set(_ key: String, _ value: GGUFValue) {
        set(MetadataEntry(key: key, value: value, bytes: value.encoded))
    }

    private mutating func set(
        _ key: String,
        of type: GGUFValueType,
        count: Int,
        first: [GGUFValue],
        content: [UInt8]
    ) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count + 16)
        bytes.append(integer: GGUFValueType.array.rawValue)
        bytes.append(integer: type.rawValue)
        bytes.append(integer: UInt64(count))
        bytes.append(contentsOf: content)
        set(MetadataEntry(key: key, value: .array(of: type, first), bytes: bytes))
    }

    private mutating func set(_ entry: MetadataEntry) {
        if let place = places[entry.key] {
            entries[place] = entry
        } else {
            places[entry.key] = entries.count
            entries.append(entry)
        }
    }
}

/// Many texts, as a file has them: a vocabulary takes no more room than there.
struct TextList: Sendable {
    private(set) var encoded: [UInt8] = []
    private(set) var count = 0

    mutating func append(_ text: some Collection<UInt8>) {
        encoded.append(text: text)
        count += 1
    }

    /// The first texts.
    func prefix(_ maximum: Int) -> [[UInt8]] {
        var texts: [[UInt8]] = []
        var place = 0
        while texts.count < min(maximum, count) {
            let length = (0..<8).reduce(0) { $0 | Int(encoded[place + $1]) << (8 * $1) }
            texts.append(Array(encoded[(place + 8)..<(place + 8 + length)]))
            place += 8 + length
        }
        return texts
    }
}
