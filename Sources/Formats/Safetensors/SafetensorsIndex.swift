public import Platform
public import SystemPackage

/// Which file of a model has which tensor: `model.safetensors.index.json`.
public struct SafetensorsIndex: Sendable {
    /// The file of every tensor, relative to the index.
    public let files: [String: RelativePath]
    /// The bytes of all data, as the index says.
    public let totalSize: ByteCount?

    /// The name of the index in a model's folder.
    public static let name = "model.safetensors.index.json"

    /// The files, each once, sorted.
    public var fileNames: [RelativePath] { Set(files.values).sorted() }

    /// Reads an index.
    public static func read(_ path: FilePath) throws(FormatError) -> SafetensorsIndex {
        guard let document = try FormatError.decoding(Document.self, at: path, limit: 100_000_000) else {
            throw .missing(path.lastComponent?.string ?? name)
        }
        return SafetensorsIndex(document)
    }

    /// Reads an index from memory.
    public static func parse(_ bytes: [UInt8]) throws(FormatError) -> SafetensorsIndex {
        SafetensorsIndex(try FormatError.decoding(Document.self, from: bytes))
    }

    private init(_ document: Document) {
        files = document.weight_map
        totalSize = document.metadata?.integer("total_size").map { ByteCount(Int64($0)) }
    }

    private struct Document: Decodable {
        let weight_map: [String: RelativePath]
        let metadata: JSONPart?
    }
}
