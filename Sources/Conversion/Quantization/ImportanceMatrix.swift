import Platform
public import SystemPackage

/// How much the columns of a model's tensors matter, measured on a text; only what is needed is read from its file.
public struct ImportanceMatrix: Sendable {
    /// The weights of one tensor.
    struct Entry: Sendable, Equatable {
        /// Where the sums lie, and how many there are.
        let offset: Int64
        let count: Int
        /// By what the sums are divided, of each expert; zero if it was never counted.
        let divisors: [Float]
        /// What the weights are that were never counted; `nil` if their sums stay as they are.
        let uncounted: Float?
    }

    /// Where it was read from.
    public let path: FilePath
    /// What it is called in the files that it was used for.
    public let name: String
    /// The name of the first text that it was measured on.
    public let dataset: String?
    /// The number of pieces of text.
    public let chunks: Int

    let entries: [String: Entry]
    private let file: File

    /// The number of tensors that it knows.
    public var count: Int { entries.count }

    /// Reads which tensors a file of either format knows, and checks all of its weights; files that it is used for
    /// call it by its path, unless it is given a name.
    public init(_ path: FilePath, name: String? = nil) throws(ConversionError) {
        let file = try refusable { () throws(SystemError) in try File(path, .read) }
        let magic = try refusable { () throws(SystemError) in try file.read(at: 0, count: 4) }
        let contents =
            magic == Array("GGUF".utf8)
            ? try ImportanceContents(ofGGUF: file) : try ImportanceContents(ofLegacy: file)
        guard !contents.entries.isEmpty else { throw .importance(.empty, path: path) }
        self.path = path
        self.name = name ?? path.string
        self.file = file
        dataset = contents.dataset
        chunks = contents.chunks
        entries = contents.entries
        for name in entries.keys.sorted() { try check(name) }
    }

    private func check(_ name: String) throws(ConversionError) {
        guard let entry = entries[name] else { return }
        let piece = entry.count / entry.divisors.count
        for expert in entry.divisors.indices {
            let weights = try weights(entry, expert: expert, columns: piece)
            guard weights.allSatisfy(\.isFinite) else {
                throw .importance(.notFinite(entry: name), path: path)
            }
            guard weights.allSatisfy({ $0 >= 0 }) else {
                throw .importance(.negative(entry: name), path: path)
            }
        }
    }

    /// The weights for a tensor's columns, of one of its experts.
    func weights(_ entry: Entry, expert: Int, columns: Int) throws(ConversionError) -> [Float] {
        let first = expert * columns
        let start = entry.offset + Int64(first) * 4
        let bytes = try refusable { () throws(SystemError) in try file.read(at: start, count: columns * 4) }
        guard bytes.count == columns * 4 else {
            throw .importance(.truncated(offset: start + Int64(bytes.count)), path: path)
        }
        let sums = bytes.floats
        let piece = entry.count / entry.divisors.count
        return sums.indices.map { index in
            let divisor = entry.divisors[(first + index) / piece]
            return divisor > 0 ? sums[index] / divisor : entry.uncounted ?? sums[index]
        }
    }
}

/// Turns the kernel's refusal into an error of this room.
func refusable<Success>(_ body: () throws(SystemError) -> Success) throws(ConversionError) -> Success {
    do throws(SystemError) { return try body() } catch { throw .system(error) }
}

extension [UInt8] {
    /// The little-endian floats that the bytes are.
    var floats: [Float] {
        withUnsafeBytes { bytes in
            (0..<count / 4).map { index in
                let bits = bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
    }

    /// The little-endian integer at a place.
    func integer(at place: Int) -> Int32 {
        withUnsafeBytes { Int32(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: Int32.self)) }
    }
}
