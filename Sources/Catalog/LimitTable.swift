public import SystemPackage

/// The limits of models by patterns of their names.
public struct LimitTable: Sendable {
    /// Those of the user, which go before the others, and those that are built in; each the most telling first.
    private let layers: [[Limits]]

    /// What is assumed of a model that nothing is known of: no model of our table that answers has a smaller window.
    public static let safeContext = 2048
    /// What can be relied on then.
    public static let safeCapabilities: Set<Capability> = [.streaming]

    private static let embeddedFile = "config/limits.yaml"
    private static let builtIn = Result { () throws(DeclarationError) in
        try Limits.read(Embedded.bytes(embeddedFile) ?? [], file: "built-in \(embeddedFile)", .builtIn)
    }

    private init(_ layers: [[Limits]]) {
        self.layers = layers.map { $0.sorted { $0.pattern.literals > $1.pattern.literals } }
    }

    /// Every pattern with what it says, those of the user first.
    public var limits: [Limits] { layers.flatMap(\.self) }

    /// The file in a home where the user declares limits.
    public static func file(in home: FilePath) -> FilePath {
        home.appending("config").appending("limits.yaml")
    }

    /// Reads the table: what is built in, and what `config/limits.yaml` of the home lays over it.
    public static func load(home: FilePath?) throws(DeclarationError) -> LimitTable {
        let base = try builtIn.get()
        guard let path = home.map(file(in:)), let bytes = try DeclaredFile.read(path) else {
            return LimitTable([base])
        }
        return LimitTable([try Limits.read(bytes, file: path.string, .file(path)), base])
    }

    /// Reads a table from texts alone, each of them going before those after it.
    public static func load(_ texts: [(file: String, bytes: [UInt8])]) throws(DeclarationError) -> LimitTable
    {
        var layers: [[Limits]] = []
        for (file, bytes) in texts {
            layers.append(try Limits.read(bytes, file: file, .file(FilePath(file))))
        }
        return LimitTable(layers)
    }
}

// MARK: Looking up

extension LimitTable {
    /// What the most telling pattern of a name says.
    public func limits(named name: String) -> Limits? { limits(named: [name]) }

    /// What is said of a model that has several names, the first ones going before the others.
    public func limits(named names: [String]) -> Limits? {
        for layer in layers {
            for name in names {
                if let found = layer.first(where: { $0.pattern.matches(name) }) { return found }
            }
        }
        return nil
    }

    /// What is said of the model that a reference means.
    public func limits(for reference: ModelReference, in catalog: ModelCatalog) -> Limits? {
        limits(named: reference.names(in: catalog))
    }
}

extension ModelReference {
    /// The names that a model goes by, the best known first: of a name of the catalog also its repositories'.
    public func names(in catalog: ModelCatalog) -> [String] {
        switch source {
        case .catalog(let name, let tag):
            let typed = "\(name):\(tag ?? CatalogEntry.untagged)"
            guard let entry = catalog.entry(for: self)?.entry else {
                // What looks like a quantization may belong to the name.
                return quantization == nil ? [typed, name] : [typed, "\(self)", name]
            }
            // A model that was declared without a tag has a name without one.
            return ["\(entry.name):\(entry.tag)", entry.name] + entry.repositories
        case .repository(let id), .repositoryFile(let id, _): return [id]
        case .ollama(let model):
            return ["\(model.model):\(model.tag)", "\(model.repository):\(model.tag)"]
        case .local(let path): return ["./\(path.lexicallyNormalized().lastComponent?.string ?? path.string)"]
        }
    }
}

extension CatalogEntry {
    /// The repositories of its weights, the original ones first.
    fileprivate var repositories: [String] {
        var names = [safetensors].compactMap(\.self)
        for quantization in quantizations {
            guard case .hub(let repository, _) = gguf[quantization]?.place, !names.contains(repository) else {
                continue
            }
            names.append(repository)
        }
        return names
    }
}
