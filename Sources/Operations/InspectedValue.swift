import Formats

/// A value of a header's metadata.
public indirect enum InspectedValue: Sendable, Equatable {
    case integer(Int64)
    case unsigned(UInt64)
    case float(Float)
    case double(Double)
    case bool(Bool)
    case text(String)
    /// All elements.
    case list([InspectedValue])
    /// The first of so many elements.
    case beginning([InspectedValue], count: Int)

    /// Longer lists are shown by their beginning.
    private static let longestList = 64
    /// How much of them is shown.
    private static let shownOfLongerList = 8

    init(_ value: GGUFValue, isFull: Bool) {
        self =
            switch value {
            case .uint8(let value): .unsigned(UInt64(value))
            case .uint16(let value): .unsigned(UInt64(value))
            case .uint32(let value): .unsigned(UInt64(value))
            case .uint64(let value): .unsigned(value)
            case .int8(let value): .integer(Int64(value))
            case .int16(let value): .integer(Int64(value))
            case .int32(let value): .integer(Int64(value))
            case .int64(let value): .integer(value)
            case .float32(let value): .float(value)
            case .float64(let value): .double(value)
            case .bool(let value): .bool(value)
            case .string(let value): .text(value)
            case .array(let array): .init(array, isFull: isFull)
            }
    }

    private init(_ array: GGUFArray, isFull: Bool) {
        guard array.isWhole, isFull || array.count <= Self.longestList else {
            let first = array.elements.prefix(Self.shownOfLongerList)
            self = .beginning(first.map { InspectedValue($0, isFull: isFull) }, count: array.count)
            return
        }
        self = .list(array.elements.map { InspectedValue($0, isFull: isFull) })
    }
}

extension InspectedValue: Encodable {
    private struct Beginning: Encodable {
        let count: Int
        let first: [InspectedValue]
    }

    /// Writes the value as JSON has it; what is no finite number becomes a text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let value): try container.encode(value)
        case .unsigned(let value): try container.encode(value)
        case .float(let value):
            if value.isFinite {
                try container.encode(value)
            } else {
                try container.encode(Double(value).word)
            }
        case .double(let value):
            if value.isFinite { try container.encode(value) } else { try container.encode(value.word) }
        case .bool(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .beginning(let values, let count):
            try container.encode(Beginning(count: count, first: values))
        }
    }
}

extension Double {
    /// What JSON has no number for.
    fileprivate var word: String { isNaN ? "NaN" : self < 0 ? "-Infinity" : "Infinity" }
}

/// The keys of a header with their values, in the order of the file.
public struct InspectedMetadata: Sendable, Equatable {
    /// A key with its value.
    public struct Entry: Sendable, Equatable {
        /// The key.
        public let key: String
        /// The type as the format calls it, an array's with its length: `uint32`, `string[151936]`.
        public let type: String
        /// The value.
        public let value: InspectedValue
    }

    /// The entries.
    public let entries: [Entry]
}

extension InspectedMetadata {
    init(_ header: GGUFHeader, isFull: Bool) {
        self.init(
            entries: header.metadata.map { entry in
                let type = entry.value.array.map { "\($0.type)[\($0.count)]" } ?? "\(entry.value.type)"
                return Entry(key: entry.key, type: type, value: InspectedValue(entry.value, isFull: isFull))
            }
        )
    }

    init(_ texts: [String: String]) {
        self.init(
            entries: texts.sorted { $0.key < $1.key }.map {
                Entry(key: $0.key, type: "string", value: .text($0.value))
            }
        )
    }
}

extension InspectedMetadata: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Writes an object.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for entry in entries { try container.encode(entry.value, forKey: Key(stringValue: entry.key)) }
    }
}
