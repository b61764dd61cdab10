import Platform
public import SystemPackage

/// The models that have a name: those that are built in, and over them those of the user.
public struct ModelCatalog: Sendable {
    /// Every model in every size, by name, then from small to large.
    public let entries: [CatalogEntry]
    /// For each name, the words that follow it and the entry they mean; the empty word means the default.
    private let index: [String: [String: Int]]

    private static let embeddedFile = "config/models.yaml"
    private static let builtIn = Result { () throws(DeclarationError) in
        var reader = DeclarationReader()
        let models = try read(
            Embedded.bytes(embeddedFile) ?? [],
            file: "built-in \(embeddedFile)",
            .builtIn,
            &reader
        )
        let merged = overlay([:], models, &reader)
        try reader.throwFirst()
        return merged
    }

    private init(_ models: [String: DeclaredModel]) {
        entries = models.values.flatMap { $0.entries() }.sorted { left, right in
            if left.name != right.name { return left.name < right.name }
            return (left.parameters ?? .max, left.tag) < (right.parameters ?? .max, right.tag)
        }
        var index: [String: [String: Int]] = [:]
        for (number, entry) in entries.enumerated() {
            for word in [entry.tag] + entry.aliases { index[entry.name, default: [:]][word] = number }
            if entry.isDefault { index[entry.name, default: [:]][""] = number }
        }
        self.index = index
    }
}

// MARK: Loading

extension ModelCatalog {
    /// The file in a home where the user declares models.
    public static func file(in home: FilePath) -> FilePath {
        home.appending("config").appending("models.yaml")
    }

    /// Reads the catalog: what is built in, and what `config/models.yaml` of the home lays over it.
    public static func load(home: FilePath?) throws(DeclarationError) -> ModelCatalog {
        let base = try builtIn.get()
        guard let path = home.map(file(in:)), let bytes = try DeclaredFile.read(path) else {
            return ModelCatalog(base)
        }
        var reader = DeclarationReader()
        let models = overlay(base, try read(bytes, file: path.string, .file(path), &reader), &reader)
        try reader.throwFirst()
        return ModelCatalog(models)
    }

    /// Reads a catalog from texts alone, each laid over the ones before it.
    public static func load(
        _ texts: [(file: String, bytes: [UInt8])]
    ) throws(DeclarationError) -> ModelCatalog {
        var models: [String: DeclaredModel] = [:]
        for (file, bytes) in texts {
            var reader = DeclarationReader()
            models = overlay(models, try read(bytes, file: file, .file(FilePath(file)), &reader), &reader)
            try reader.throwFirst()
        }
        return ModelCatalog(models)
    }

    /// Every mistake of a text that is to be laid over what is built in, in the order of the text.
    public static func problems(in bytes: [UInt8], file: String) -> [DeclarationError] {
        var reader = DeclarationReader()
        do throws(DeclarationError) {
            let models = try read(bytes, file: file, .file(FilePath(file)), &reader)
            _ = overlay(try builtIn.get(), models, &reader)
        } catch {
            reader.report(error)
        }
        return reader.sorted
    }

    /// Every mistake of a file that is to be laid over what is built in; that it is missing is one.
    public static func problems(at path: FilePath) -> [DeclarationError] {
        do throws(DeclarationError) {
            guard let bytes = try DeclaredFile.read(path) else {
                let missing = SystemError(.noSuchFileOrDirectory, operation: "read", path: path)
                return [DeclarationError(file: path.string, cause: missing)]
            }
            return problems(in: bytes, file: path.string)
        } catch {
            return [error]
        }
    }

    /// The number of models that a text declares, each size for itself.
    static func declaredCount(_ bytes: [UInt8], _ file: String) throws(DeclarationError) -> Int {
        var reader = DeclarationReader()
        return try read(bytes, file: file, .file(FilePath(file)), &reader).reduce(0) {
            $0 + $1.variants.count
        }
    }

    private static func read(
        _ bytes: [UInt8],
        file: String,
        _ origin: DeclarationOrigin,
        _ reader: inout DeclarationReader
    ) throws(DeclarationError) -> [DeclaredModel] {
        DeclaredModel.read(try YAMLNode.parse(bytes, file: file), origin: origin, &reader)
    }

    private static func overlay(
        _ base: [String: DeclaredModel],
        _ models: [DeclaredModel],
        _ reader: inout DeclarationReader
    ) -> [String: DeclaredModel] {
        var merged = base
        for model in models {
            let result = base[model.name].map(model.over) ?? model
            if result.variants.isEmpty {
                reader.report(
                    model.key.error(
                        "the model `\(model.name)` has no weights: neither `safetensors` nor `gguf`"
                    )
                )
            }
            if let (tag, node) = model.defaultTag, !result.variants.contains(where: { $0.answers(to: tag) }) {
                reader.report(node.error("the default `\(tag)` is not one of the variants"))
            }
            merged[model.name] = result
        }
        return merged
    }
}

// MARK: Looking up

extension ModelCatalog {
    /// The model of a name and tag; without a tag, or with `latest`, the default.
    public func entry(named name: String, tag: String? = nil) -> CatalogEntry? {
        guard let words = index[name.lowercased()] else { return nil }
        let word = tag?.lowercased() ?? ""
        return (words[word] ?? (word == CatalogEntry.untagged ? words[""] : nil)).map { entries[$0] }
    }

    /// The model that a reference means, and the quantization that is left to choose.
    ///
    /// A user may have declared a name that ends like a quantization, `my-model-awq`: then it is all name.
    public func entry(
        for reference: ModelReference
    ) -> (entry: CatalogEntry, quantization: Quantization?)? {
        guard case .catalog(let name, let tag) = reference.source else { return nil }
        if let quantization = reference.quantization {
            let whole = (tag.map { index[name]?.keys.map(\.self) ?? [$0] } ?? index.keys.map(\.self)).first {
                word in
                ModelReferenceScanner.splitQuantization(word[...]) == (tag ?? name, quantization)
            }
            if let whole, let entry = tag == nil ? entry(named: whole) : entry(named: name, tag: whole) {
                return (entry, nil)
            }
        }
        return entry(named: name, tag: tag).map { ($0, reference.quantization) }
    }

    /// The models that each of `words` is said of, those first whose names have all the words.
    public func search(_ words: [String]) -> [CatalogEntry] {
        let words = words.map { $0.lowercased() }
        let found = entries.filter { entry in
            let text = entry.searchText
            return words.allSatisfy(text.contains)
        }
        let named = { (entry: CatalogEntry) in words.allSatisfy(entry.reference.contains) }
        return found.filter(named) + found.filter { !named($0) }
    }

    /// What a person may have meant by a name that is not in the catalog, the nearest first.
    public func nearest(to name: String, most: Int = 5) -> [String] {
        let pieces = name.lowercased().split(separator: ":", maxSplits: 1).map(String.init)
        guard let word = pieces.first else { return [] }
        if pieces.count == 2 {
            if index[word] != nil { return tags(of: word, near: pieces[1], most: most) }
            let whole = nearestNames(to: name, in: entries.flatMap(\.references), most: most)
            if !whole.isEmpty { return whole }
        }
        // `gema` is far from `gemma3`, and near to it without the version.
        let stems = Dictionary(grouping: index.keys) { name in
            String(name.prefix { !$0.isNumber })
        }
        let names = nearestNames(to: word, in: Set(index.keys).union(stems.keys), most: most)
            .flatMap { index[$0] == nil ? (stems[$0] ?? []).sorted() : [$0] }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }.prefix(most).compactMap {
            entry(named: $0)?.reference
        }
    }

    /// The sizes of a model that there is, those first that resemble what was typed.
    private func tags(of name: String, near tag: String, most: Int) -> [String] {
        let own = entries.filter { $0.name == name }
        let near = nearestNames(to: tag, in: own.flatMap { [$0.tag] + $0.aliases }, most: most)
            .compactMap { entry(named: name, tag: $0)?.reference }
        var seen: Set<String> = []
        return Array((near + own.map(\.reference)).filter { seen.insert($0).inserted }.prefix(most))
    }
}

extension CatalogEntry {
    /// Every way to type it.
    fileprivate var references: [String] { [reference] + aliases.map { "\(name):\($0)" } }

    fileprivate var searchText: String {
        let words: [String] =
            references + useCases + tags
            + [description, family, licence, sizeClass?.rawValue, safetensors].compactMap(\.self)
        return words.joined(separator: "\n").lowercased()
    }
}
