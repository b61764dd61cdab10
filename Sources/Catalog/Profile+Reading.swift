import Platform

extension Profile {
    private static let keys = ["aliases", "description", "use_cases", "context", "ladder", "route"]

    /// Reads a text with named profiles; the first mistake in it is thrown.
    static func read(
        _ bytes: [UInt8],
        file: String,
        _ origin: DeclarationOrigin
    ) throws(DeclarationError) -> [Profile] {
        let root = try YAMLNode.parse(bytes, file: file)
        var reader = DeclarationReader()
        reader.mapping(root, known: ["profiles"])
        let pairs = root["profiles"].map { reader.mapping($0) } ?? []
        let profiles = pairs.map { Profile($0, origin, &reader) }
        reportSharedNames(profiles, &reader)
        try reader.throwFirst()
        return profiles
    }

    /// A name that two profiles have would mean neither.
    private static func reportSharedNames(_ profiles: [Profile], _ reader: inout DeclarationReader) {
        var owners = Dictionary(profiles.map { ($0.name, $0.name) }) { first, _ in first }
        for profile in profiles {
            for alias in profile.aliases {
                if let owner = owners.updateValue(profile.name, forKey: alias) {
                    let problem = "`\(profile.name)` has the alias `\(alias)`, which is a name of `\(owner)`"
                    reader.report(profile.key.error(problem))
                }
            }
        }
    }

    private init(_ pair: YAMLNode.Pair, _ origin: DeclarationOrigin, _ reader: inout DeclarationReader) {
        if !ModelReferenceScanner.isName(pair.name) {
            reader.report(pair.key.error("`\(pair.name)` is no name of a profile"))
        }
        let node = pair.value
        reader.mapping(node, known: Self.keys)
        Self.reportMissing(pair, &reader)
        let aliases = reader.read("aliases", of: node) { (node) throws(DeclarationError) in
            try node.profileNames()
        }
        let description = reader.read("description", of: node) { (node) throws(DeclarationError) in
            try node.word()
        }
        let useCases = reader.read("use_cases", of: node) { (node) throws(DeclarationError) in
            let words = try node.words()
            if words.isEmpty { throw node.error("this must not be empty") }
            return words
        }
        let context = reader.read("context", of: node) { (node) throws(DeclarationError) in
            try node.integer(in: 1 ... .max)
        }
        let items = reader.read("ladder", of: node) { (node) throws(DeclarationError) in
            node.isNull ? [] : try node.list()
        }
        let ladder = (items ?? []).compactMap { Rung($0, &reader) }
        for (lower, higher) in zip(ladder, ladder.dropFirst()) where higher.memory <= lower.memory {
            reader.report(higher.node.error("a rung has more memory than the one before it"))
        }
        self.init(
            name: pair.name,
            aliases: aliases ?? [],
            description: description,
            useCases: useCases ?? [],
            context: context,
            ladder: ladder,
            route: node["route"].map { ProfileRoute($0, &reader) } ?? ProfileRoute(),
            origin: origin,
            key: pair.key
        )
    }

    /// What is recommended needs use cases; what is only a way to models that are there needs none.
    private static func reportMissing(_ pair: YAMLNode.Pair, _ reader: inout DeclarationReader) {
        let node = pair.value
        guard node["use_cases"] == nil, (try? node.pairs()) != nil else { return }
        if let name = ["context", "ladder"].first(where: { node[$0] != nil }) {
            let problem =
                "`use_cases` is missing: without it nothing is recommended, and `\(name)` means nothing"
            reader.report(pair.key.error(problem))
        } else if node["route"] == nil {
            let problem = "`use_cases` is missing: it tells which models are meant, unless `route` does"
            reader.report(pair.key.error(problem))
        }
    }
}

extension Profile.Rung {
    fileprivate init?(_ node: YAMLNode, _ reader: inout DeclarationReader) {
        reader.mapping(node, known: ["memory", "model"])
        for name in ["memory", "model"] where node[name] == nil {
            reader.report(node.error("`\(name)` is missing"))
        }
        let memory = reader.read("memory", of: node) { (node) throws(DeclarationError) in try node.byteCount()
        }
        let model = reader.read("model", of: node) { (node) throws(DeclarationError) in try node.form() }
        guard let memory, let model else { return nil }
        self.init(memory: memory, model: model, node: node)
    }
}

extension YAMLNode {
    /// A name of the catalog with a quantization.
    fileprivate func form() throws(DeclarationError) -> ModelReference {
        let text = try word()
        let reference: ModelReference
        do throws(ModelReferenceError) { reference = try ModelReference(parsing: text) } catch {
            throw self.error("\(error)")
        }
        guard case .catalog = reference.source, reference.quantization != nil else {
            throw error("`\(text)` is not a name of the form NAME[:TAG]-QUANT")
        }
        return reference
    }
}
