import FoundationEssentials
import Platform
import SystemPackage

/// Any JSON value, for files whose keys differ from model to model.
enum JSONValue: Decodable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    subscript(_ key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    var text: String? {
        if case .text(let value) = self { value } else { nil }
    }

    var object: [String: JSONValue]? {
        if case .object(let value) = self { value } else { nil }
    }

    var list: [JSONValue]? {
        if case .list(let value) = self { value } else { nil }
    }

    var integer: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }
}

extension FormatError {
    /// Decodes a JSON document; `lenient` accepts `Infinity` and `NaN`, which Python writes into configurations.
    static func decoding<Value: Decodable>(
        _ type: Value.Type,
        from bytes: [UInt8],
        lenient: Bool = false,
        at offset: Int64 = 0
    ) throws(FormatError) -> Value {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = lenient
        do {
            return try decoder.decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw .invalid(.json(error.place), offset: offset)
        } catch {
            throw .invalid(.json("unreadable"), offset: offset)
        }
    }

    /// Decodes a small JSON file of a model's folder; `nil` if it is not there.
    static func decoding<Value: Decodable>(
        _ type: Value.Type,
        at path: FilePath,
        limit: ByteCount = 64_000_000
    ) throws(FormatError) -> Value? {
        let bytes: [UInt8]
        do throws(SystemError) {
            guard FileSystem.exists(path) else { return nil }
            bytes = try FileSystem.read(path, limit: limit)
        } catch {
            throw .system(error)
        }
        return try decoding(type, from: bytes, lenient: true)
    }
}

extension DecodingError {
    /// Which part of the document is not as expected.
    fileprivate var place: String {
        let context: Context? =
            switch self {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
                .dataCorrupted(let context):
                context
            @unknown default: nil
            }
        let path = context?.codingPath.map(\.stringValue).joined(separator: "/") ?? ""
        return path.isEmpty ? "unreadable" : "`\(path.prefix(200))` is not as expected"
    }
}
