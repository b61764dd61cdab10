import FoundationEssentials

/// The JSON of this tool: sorted keys, dates in RFC 3339.
public enum JSON {
    /// Writes a document on several lines, for people and for `jq` alike, ending in a newline.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        try [UInt8](encoder([.prettyPrinted]).encode(value)) + [UInt8(ascii: "\n")]
    }

    /// Writes a document on one line, without a newline.
    public static func encodeLine(_ value: some Encodable) throws -> [UInt8] {
        try [UInt8](encoder([]).encode(value))
    }

    private static func encoder(_ formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
        encoder.dateEncodingStrategy = .iso8601
        return encoder
    }

    /// Reads a document.
    public static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(type, from: Data(bytes))
    }
}
