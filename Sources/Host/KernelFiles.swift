import Platform
import SystemPackage

/// The small files by which the kernel tells what it knows, of this machine or of a recorded one.
struct KernelFiles: Sendable {
    let root: FilePath

    /// A file's text; `nil` if there is none, or if it cannot be read.
    func text(_ path: String) -> String? {
        guard let bytes = try? FileSystem.read(root.pushing(FilePath(path))) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A file of one word or line.
    func word(_ path: String) -> String? {
        guard let line = text(path)?.split(whereSeparator: \.isNewline).first else { return nil }
        let word = line.trimmed
        return word.isEmpty ? nil : String(word)
    }

    /// A file of one number; one that 64 bits cannot hold is no number.
    func number(_ path: String) -> Int64? { word(path).flatMap { Int64($0) } }

    /// The names in a folder; none if it cannot be read.
    func names(_ path: String) -> [String] { (try? FileSystem.list(root.pushing(FilePath(path)))) ?? [] }

    /// What a file of lines such as `MemTotal:  16 kB` or `PCI_ID=10DE:2684` has for a key, of the first such line.
    func fields(_ path: String, separator: Character) -> [Substring: Substring] {
        Self.fields(text(path) ?? "", separator: separator)
    }

    static func fields(_ text: String, separator: Character) -> [Substring: Substring] {
        let pairs = text.split(whereSeparator: \.isNewline).compactMap { line -> (Substring, Substring)? in
            guard let end = line.firstIndex(of: separator) else { return nil }
            return (line[..<end].trimmed, line[line.index(after: end)...].trimmed)
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
