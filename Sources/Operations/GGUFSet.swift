import Catalog
import Hub
import Platform

extension RelativePath {
    /// Whether it is named as a projector, which lets a model see or hear, and is no model itself.
    var isProjector: Bool { name.lowercased().contains("mmproj") }
    /// Whether it is named as a model's own GGUF.
    var isModelGGUF: Bool { name.lowercased().hasSuffix(".gguf") && !isProjector }
}

/// GGUF files of a repository that belong together: one file, the shards of a split, or raw pieces to be joined.
struct GGUFSet: Sendable, Equatable {
    /// One file of a set and its place in it.
    struct Member: Sendable, Equatable {
        let file: RepositoryFile
        let index: Int
    }

    /// How the files of a set hang together.
    enum Kind: Sendable, Hashable {
        case single
        /// Valid files each, loaded by naming the first: `-00001-of-00003.gguf`.
        case shards(count: Int)
        /// Runs of bytes of one file: `.gguf.part1of2`, `.gguf-split-a`.
        case pieces(count: Int?)
    }

    /// The path without what tells the members apart, ending in `.gguf`.
    let stem: String
    let kind: Kind
    let members: [Member]

    var name: String { stem.split(separator: "/").last.map(String.init) ?? stem }

    /// What the file's name says, else its folder's.
    var quant: Quantization? {
        if let label = Quantization.label(inFileName: name) { return label }
        return stem.split(separator: "/").dropLast().last.flatMap {
            Quantization.label(inFileName: "\($0).gguf")
        }
    }

    /// All sets of a repository that hold a model: no projectors, importance matrices or draft heads.
    static func all(in files: [RepositoryFile]) -> [GGUFSet] {
        // A split and a whole file of one name are two sets.
        struct Key: Hashable {
            let stem: String
            let kind: Kind
        }
        var members: [Key: [Member]] = [:]
        for file in files {
            let name = file.path.name.lowercased()
            guard !["mmproj", "imatrix"].contains(where: name.contains),
                !["mtp-", "eagle3-", "dflash-", "dspark-"].contains(where: name.hasPrefix),
                let place = Place(file.path.string)
            else { continue }
            members[Key(stem: place.stem, kind: place.kind), default: []]
                .append(Member(file: file, index: place.index))
        }
        return members.map { key, members in
            GGUFSet(stem: key.stem, kind: key.kind, members: members.sorted { $0.index < $1.index })
        }.sorted { ($0.depth, $0.stem, $0.members.count) < ($1.depth, $1.stem, $1.members.count) }
    }

    private var depth: Int { stem.split(separator: "/").count }

    /// Where a file stands in its set, told by its name.
    private struct Place {
        var stem: String
        var kind: Kind
        var index: Int

        private init(stem: String, kind: Kind, index: Int) {
            (self.stem, self.kind, self.index) = (stem, kind, index)
        }

        init?(_ path: String) {
            // Letter by letter in ASCII, so that an offset in one is one in the other: full case mapping changes lengths.
            let lower = String(
                decoding: path.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 },
                as: UTF8.self
            )
            if lower.hasSuffix(".gguf") {
                if let shard = ShardName(path) {
                    self.init(
                        stem: "\(shard.stem).gguf",
                        kind: .shards(count: shard.count),
                        index: shard.index
                    )
                } else {
                    self.init(stem: path, kind: .single, index: 1)
                }
                return
            }
            if let dot = lower.range(of: ".gguf.part"),
                let (index, count) = Self.part(lower[dot.upperBound...])
            {
                self.init(
                    stem: "\(path.prefix(before: dot.lowerBound, of: lower)).gguf",
                    kind: .pieces(count: count),
                    index: index
                )
                return
            }
            for marker in [".gguf-split-", ".gguf.split-"] {
                guard let range = lower.range(of: marker), let letter = lower[range.upperBound...].utf8.first,
                    lower[range.upperBound...].utf8.count == 1,
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter)
                else { continue }
                let stem = "\(path.prefix(before: range.lowerBound, of: lower)).gguf"
                self.init(stem: stem, kind: .pieces(count: nil), index: Int(letter - UInt8(ascii: "a")) + 1)
                return
            }
            return nil
        }

        /// Reads `1of2`.
        private static func part(_ text: Substring) -> (index: Int, count: Int)? {
            guard let of = text.range(of: "of"), let index = Int(text[..<of.lowerBound]),
                let count = Int(text[of.upperBound...]),
                1 <= index, index <= count
            else { return nil }
            return (index, count)
        }
    }

    /// What is taken when no quantization is named, the best first: the stack's own, then those of llama.cpp.
    static func usualQuants(_ stack: Quantization?) -> [Quantization] {
        [stack, Quantization(parsing: "q4_k_m"), Quantization(parsing: "q8_0")].compactMap(\.self)
    }

    /// The quantizations whose exactness is known, the most exact first.
    private static func exactFirst(_ quants: [Quantization]) -> [Quantization] {
        func bits(_ quant: Quantization) -> Double { quant.approximateBitsPerWeight ?? 0 }
        return quants.filter { bits($0) > 0 }
            .sorted { (-bits($0), $0.name) < (-bits($1), $1.name) }
    }

    /// Chooses a set by what was asked.
    static func choose(_ request: SelectionRequest, from sets: [GGUFSet]) throws(SelectionRefusal) -> GGUFSet
    {
        let quants = Set(sets.compactMap(\.quant)).sorted()
        if let pattern = request.pattern {
            let named = sets.filter { globMatches(pattern, $0.stem) || globMatches(pattern, $0.name) }
            if let best = named.first { return best }
        }
        if let quant = request.quant {
            let matching = sets.filter { $0.quant == quant }
            guard let best = try only(matching) else { throw .noQuant(has: quants) }
            return best
        }
        let usual = request.prefersExact ? exactFirst(quants) : usualQuants(request.defaultQuant)
        for quant in usual {
            if let best = try only(sets.filter { $0.quant == quant }) { return best }
        }
        guard let first = sets.first else { throw .noQuant(has: []) }
        return first
    }

    /// The one set, the whole file where there is also a split of it; different models side by side are not guessed at.
    private static func only(_ sets: [GGUFSet]) throws(SelectionRefusal) -> GGUFSet? {
        let models = Set(sets.map { $0.name.lowercased() })
        guard models.count <= 1 else { throw .ambiguous(sets.map { $0.members[0].file.path.string }) }
        return sets.first { $0.kind == .single } ?? sets.first
    }

    /// The files to be stored; in a folder of their own, so the repository's folders fall away.
    func selected() throws(SelectionRefusal) -> [SelectedFile] {
        let count =
            switch kind {
            case .single: 1
            case .shards(let count): count
            case .pieces(let count): count ?? members.last?.index ?? 0
            }
        guard members.count == count, members.enumerated().allSatisfy({ $0.element.index == $0.offset + 1 })
        else {
            throw .incompleteSet(stem, missing: count - Set(members.map(\.index)).count)
        }
        if case .pieces = kind {
            guard let path = RelativePath(name) else { return [] }
            return [SelectedFile(path: path, parts: members.map(\.file))]
        }
        return members.compactMap { member in
            RelativePath(member.file.path.name).map { SelectedFile(path: $0, parts: [member.file]) }
        }
    }
}

extension StringProtocol {
    /// The first place of a text in this one.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}

extension String {
    /// What stands before an index of another string whose UTF-8 has the same length.
    fileprivate func prefix(before index: Index, of other: String) -> String {
        let offset = other.utf8.distance(from: other.startIndex, to: index)
        return String(decoding: utf8.prefix(offset), as: UTF8.self)
    }
}
