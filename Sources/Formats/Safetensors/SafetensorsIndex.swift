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

    /// The longest index that is read.
    public static let longest: ByteCount = 100_000_000

    /// Reads an index.
    public static func read(_ path: FilePath) throws(FormatError) -> SafetensorsIndex {
        guard FileSystem.exists(path) else { throw .missing(path.lastComponent?.string ?? name) }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(path, limit: longest)
        } catch {
            throw .system(error)
        }
        return try parse(bytes)
    }

    /// Reads an index from memory.
    public static func parse(_ bytes: [UInt8]) throws(FormatError) -> SafetensorsIndex {
        var scanner = JSONScanner(bytes, at: 0)
        var files: [String: RelativePath]?
        var totalSize: ByteCount?
        try scanner.object { name, place, scanner throws(FormatError) in
            switch name {
            case "weight_map" where files == nil: files = try scanner.files()
            case "weight_map": throw .invalid(.duplicate(name), offset: place)
            case "metadata": totalSize = try scanner.totalSize()
            default: try scanner.skip()
            }
        }
        try scanner.end()
        guard let files else { throw .invalid(.json("`weight_map` is missing"), offset: 0) }
        return SafetensorsIndex(files: files, totalSize: totalSize)
    }

    private init(files: [String: RelativePath], totalSize: ByteCount?) {
        self.files = files
        self.totalSize = totalSize
    }
}

extension JSONScanner {
    fileprivate mutating func files() throws(FormatError) -> [String: RelativePath] {
        var files: [String: RelativePath] = [:]
        try object { name, place, scanner throws(FormatError) in
            let path = try scanner.text()
            guard let file = RelativePath(path) else {
                throw .invalid(.json("`\(path)` leaves the folder"), offset: place)
            }
            guard files.updateValue(file, forKey: name) == nil else {
                throw .invalid(.duplicate(name), offset: place)
            }
        }
        return files
    }

    /// The size that the index's free part tells, if it has one that is a number.
    fileprivate mutating func totalSize() throws(FormatError) -> ByteCount? {
        guard try !skipNull() else { return nil }
        var size: ByteCount?
        try object { name, _, scanner throws(FormatError) in
            guard name == "total_size", scanner.isNumber else {
                try scanner.skip()
                return
            }
            let number = try scanner.number()
            size = (Int64(number) ?? Double(number).flatMap { Int64(exactly: $0) }).map { ByteCount($0) }
        }
        return size
    }
}
