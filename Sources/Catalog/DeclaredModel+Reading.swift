import Platform

extension DeclaredModel {
    private static let sharedKeys = ["description", "family", "licence", "gated", "use_cases", "tags"]
    private static let variantKeys = [
        "aliases", "safetensors", "tokenizer", "gguf", "parameters", "layers", "heads", "kv_heads",
        "head_size",
        "context", "size", "recommended",
    ]
    /// How a model was declared before it had variants.
    private static let olderKeys = ["huggingface_id", "formats"]

    /// Reads all models of a file.
    static func read(
        _ root: YAMLNode,
        origin: DeclarationOrigin,
        _ reader: inout DeclarationReader
    ) -> [DeclaredModel] {
        reader.mapping(root, known: ["models"])
        guard let models = root["models"] else { return [] }
        var names: [String: Int] = [:]
        return reader.mapping(models).compactMap { pair in
            let name = pair.name.lowercased()
            guard ModelReferenceScanner.isName(name) else {
                reader.report(
                    pair.key.error(
                        "`\(pair.name)` cannot name a model: use letters, digits, `.`, `-` and `_`"
                    )
                )
                return nil
            }
            if let line = names.updateValue(pair.key.line, forKey: name) {
                reader.report(pair.key.error("the model `\(name)` is already on line \(line)"))
                return nil
            }
            return DeclaredModel(name, pair, origin, &reader)
        }
    }

    private init(
        _ name: String,
        _ pair: YAMLNode.Pair,
        _ origin: DeclarationOrigin,
        _ reader: inout DeclarationReader
    ) {
        self.name = name
        key = pair.key
        let node = pair.value
        shared = Shared(node, &reader)
        defaultTag = reader.read("default", of: node) { (node) throws(DeclarationError) in
            (try node.word().lowercased(), node)
        }
        variants = []
        guard let declared = node["variants"] else {
            reader.mapping(node, known: Self.sharedKeys + Self.variantKeys + Self.olderKeys + ["default"])
            // Without a word on weights, only what all variants share is changed.
            if (Self.variantKeys + Self.olderKeys).contains(where: { node[$0] != nil }) {
                variants = [Variant(CatalogEntry.untagged, node, Shared(), origin, &reader)]
                var tags = [CatalogEntry.untagged: node.line]
                Self.checkAliases(of: node, &tags, &reader)
            }
            return
        }
        for pair in reader.mapping(node)
        where Self.variantKeys.contains(pair.name) || Self.olderKeys.contains(pair.name) {
            reader.report(
                pair.key.error("`\(pair.name)` cannot stand beside `variants`: it belongs into one of them")
            )
        }
        reader.mapping(
            node,
            known: Self.sharedKeys + Self.variantKeys + Self.olderKeys + ["default", "variants"]
        )
        var tags: [String: Int] = [:]
        for variant in reader.mapping(declared) {
            guard let tag = Self.tag(variant.key, &tags, &reader) else { continue }
            reader.mapping(variant.value, known: Self.sharedKeys + Self.variantKeys)
            variants.append(Variant(tag, variant.value, Shared(variant.value, &reader), origin, &reader))
        }
        for variant in (try? declared.pairs()) ?? [] { Self.checkAliases(of: variant.value, &tags, &reader) }
    }

    private static func checkAliases(
        of node: YAMLNode,
        _ tags: inout [String: Int],
        _ reader: inout DeclarationReader
    ) {
        guard let aliases = node["aliases"], (try? aliases.words()) != nil else { return }
        for alias in (try? aliases.list()) ?? [aliases] { _ = tag(alias, &tags, &reader) }
    }

    /// A tag or alias that was not used before in the same model.
    private static func tag(
        _ node: YAMLNode,
        _ tags: inout [String: Int],
        _ reader: inout DeclarationReader
    ) -> String? {
        guard let tag = reader.keep({ () throws(DeclarationError) in try node.word().lowercased() }) else {
            return nil
        }
        guard ModelReferenceScanner.isName(tag) else {
            reader.report(node.error("`\(tag)` cannot be a tag: use letters, digits, `.`, `-` and `_`"))
            return nil
        }
        if let line = tags.updateValue(node.line, forKey: tag) {
            reader.report(node.error("`\(tag)` already means the variant on line \(line)"))
            return nil
        }
        return tag
    }
}

extension DeclaredModel.Shared {
    fileprivate init(_ node: YAMLNode, _ reader: inout DeclarationReader) {
        description = reader.read("description", of: node) { (node) throws(DeclarationError) in
            try node.string()
        }
        family = reader.read("family", of: node) { (node) throws(DeclarationError) in try node.word() }
        licence = reader.read("licence", of: node) { (node) throws(DeclarationError) in try node.word() }
        gated = reader.read("gated", of: node) { (node) throws(DeclarationError) in try node.boolean() }
        useCases = reader.read("use_cases", of: node) { (node) throws(DeclarationError) in try node.words() }
        tags = reader.read("tags", of: node) { (node) throws(DeclarationError) in try node.words() }
    }
}

extension DeclaredModel.Variant {
    fileprivate init(
        _ tag: String,
        _ node: YAMLNode,
        _ shared: DeclaredModel.Shared,
        _ origin: DeclarationOrigin,
        _ reader: inout DeclarationReader
    ) {
        func count(_ name: String, _ reader: inout DeclarationReader) -> Int? {
            reader.read(name, of: node) { (node) throws(DeclarationError) in try node.integer(in: 1 ... .max)
            }
        }
        let older = OlderSources(node, &reader)
        self.tag = tag
        self.shared = shared
        self.origin = origin
        let words = reader.read("aliases", of: node) { (node) throws(DeclarationError) in try node.words() }
        aliases = words?.map { $0.lowercased() } ?? []
        safetensors = reader.read("safetensors", of: node, repositoryID) ?? older.safetensors
        tokenizer = reader.read("tokenizer", of: node, repositoryID) ?? older.repository
        gguf = node["gguf"].map { GGUFDeclaration.read($0, &reader) } ?? older.gguf
        parameters = count("parameters", &reader)
        layers = count("layers", &reader)
        heads = count("heads", &reader)
        kvHeads = count("kv_heads", &reader)
        headSize = count("head_size", &reader)
        context = count("context", &reader)
        size = reader.read("size", of: node) { (node) throws(DeclarationError) in
            try node.choice(of: SizeClass.self)
        }
        recommended =
            reader.read("recommended", of: node) { (node) throws(DeclarationError) in try node.boolean() }
            ?? false
        if safetensors == nil, gguf.isEmpty, node["safetensors"] == nil, node["gguf"] == nil, older.isAbsent {
            reader.report(node.error("the weights are missing: neither `safetensors` nor `gguf` is declared"))
        }
    }
}
