import Catalog

/// Which of a model's files play which part.
struct ModelFiles {
    /// The GGUF, or all its shards from the first.
    let weights: [String]
    /// The projector of a model that also sees or hears.
    let projector: String?

    /// Finds the GGUF among the files; its shards must all be there.
    init(gguf files: [String]) throws(LaunchRefusal) {
        let candidates = files.filter { $0.lowercased().hasSuffix(".gguf") }
        projector = candidates.filter { Self.name(of: $0).lowercased().contains("mmproj") }.min()
        let models = candidates.filter { !Self.name(of: $0).lowercased().contains("mmproj") }
        let sets = Dictionary(grouping: models) { Shard($0)?.set ?? $0 }
        guard let (_, members) = sets.first else { throw .missingFile("*.gguf") }
        guard sets.count == 1 else { throw .ambiguousFiles(models.map(Self.name).sorted()) }
        guard let shard = members.lazy.compactMap(Shard.init).first else {
            weights = members
            return
        }
        weights = (1...shard.count).map(shard.path)
        let present = Set(members)
        if let missing = weights.first(where: { !present.contains($0) }) {
            throw .missingFile(Self.name(of: missing))
        }
    }

    /// The folder of a model in safetensors; its configuration must be there.
    static func folder(safetensors files: [String]) throws(LaunchRefusal) -> String {
        // A repository may have other models in folders of it; its own lies on top.
        let folders = Set(files.filter { $0.hasSuffix(".safetensors") }.map(parent))
        let depths = folders.map { ($0.split(separator: "/").count, $0) }
        guard let (_, folder) = depths.min(by: <) else { throw .missingFile("*.safetensors") }
        // Mistral's own layout has its configuration under this name.
        guard files.contains("\(folder)/config.json") || files.contains("\(folder)/params.json") else {
            throw .missingFile("config.json")
        }
        return folder
    }

    /// The folder of a model in UQFF, and the name of its only or first shard; its configuration must be there.
    static func first(uqff files: [String]) throws(LaunchRefusal) -> (folder: String, name: String) {
        let shards = files.filter { $0.hasSuffix(".uqff") }
        guard let first = shards.first(where: { $0.hasSuffix("-0.uqff") }) ?? shards.first else {
            throw .missingFile("*.uqff")
        }
        let folder = parent(of: first)
        guard files.contains("\(folder)/config.json") else { throw .missingFile("config.json") }
        return (folder, name(of: first))
    }

    /// The folder that a path lies in.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// The last part of a path.
    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }
}

/// The path of one of several shards: `…-00001-of-00003.gguf`.
private struct Shard {
    let set: String
    let count: Int
    private let stem: Substring
    private let ending: Substring

    init?(_ path: String) {
        guard path.utf8.count > 20 else { return nil }
        ending = path.suffix(5)
        let parts = path.dropLast(5).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count > 3, parts[parts.count - 2] == "of",
            let number = Self.number(parts[parts.count - 3]), let count = Self.number(parts[parts.count - 1]),
            (1...99_999).contains(count), (1...count).contains(number)
        else { return nil }
        self.count = count
        stem = path.dropLast(5 + "00001-of-00001".count)
        set = "\(stem)\(count)"
    }

    func path(_ number: Int) -> String { "\(stem)\(Self.digits(number))-of-\(Self.digits(count))\(ending)" }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.count == 5 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    private static func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
}
