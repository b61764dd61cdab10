import Formats
import Platform
import SystemPackage

/// What a reader finds in a GGUF, in the words of `scripts/gguf-description`: the same from whoever reads the same.
struct GGUFDescription: Codable, Equatable {
    struct Value: Codable, Equatable {
        let key: String
        let type: String
        var text: String?
        var bytes: String?
        var element: String?
        var count: Int?
        var digest: String?
    }

    struct Tensor: Codable, Equatable {
        let name: String
        let type: String
        let shape: [Int]
        let size: Int
        let offset: Int
    }

    let version: UInt32
    let byteOrder: ByteOrder
    let alignment: Int
    let dataOffset: Int64
    let values: [Value]
    let tensors: [Tensor]

    /// What this program reads.
    init(_ path: FilePath) throws {
        let header = try GGUFHeader.read(path, arrayLimit: .max)
        version = header.version
        byteOrder = header.byteOrder
        alignment = header.alignment
        dataOffset = header.dataOffset
        values = header.metadata.map { Value($0.key, $0.value) }
        tensors = header.tensors.map {
            Tensor(
                name: $0.name,
                type: $0.type.rawValue.lowercased(),
                shape: $0.shape,
                size: Int($0.size.bytes),
                offset: Int($0.offset)
            )
        }
    }
}

extension GGUFDescription.Value {
    fileprivate init(_ key: String, _ value: GGUFValue) {
        self.init(key: key, type: "\(value.type)")
        switch value {
        case .string(let text): self.text = text
        case .array(let array):
            element = "\(array.type)"
            count = array.keptCount
            // The type of the elements and their number stand before them.
            digest = Digest.of(Array(Self.written(value).dropFirst(12))).hex
        default: bytes = Self.written(value).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    /// The bytes of a value in a little-endian file of version 3.
    private static func written(_ value: GGUFValue) -> [UInt8] {
        // Without an alignment nothing follows the last value.
        var file = GGUFFile(alignment: 1)
        let before = file.header().count
        file["k"] = value
        return Array(file.header().dropFirst(before + 8 + 1 + 4))
    }
}
