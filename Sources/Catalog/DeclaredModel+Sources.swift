import Platform

/// The weights of a model that was declared with `huggingface_id` and `formats`.
struct OlderSources {
    let repository: String?
    let safetensors: String?
    let gguf: [Quantization: GGUFSource]
    /// Whether nothing was declared this way.
    let isAbsent: Bool

    init(_ node: YAMLNode, _ reader: inout DeclarationReader) {
        let own = reader.read("huggingface_id", of: node, repositoryID)
        repository = own
        isAbsent = node["huggingface_id"] == nil && node["formats"] == nil
        guard let formats = node["formats"] else {
            safetensors = own
            gguf = [:]
            return
        }
        reader.mapping(formats, known: ModelFormat.allCases.map(\.rawValue))
        if let declared = formats["safetensors"] {
            reader.mapping(declared, known: ["repository"])
            safetensors = reader.read("repository", of: declared, repositoryID) ?? own
            if safetensors == nil {
                reader.report(declared.error("`repository` is missing, here or as `huggingface_id`"))
            }
        } else {
            safetensors = nil
        }
        gguf =
            formats["gguf"].map { GGUFDeclaration(repository: own, file: nil).quantizations($0, &reader) }
            ?? [:]
    }
}

/// What the GGUF files of a model have in common.
struct GGUFDeclaration {
    /// The repository of those that name none.
    let repository: String?
    /// The pattern of the names of those that have none of their own.
    let file: YAMLNode?

    /// Reads the sources of a model's `gguf`.
    static func read(_ node: YAMLNode, _ reader: inout DeclarationReader) -> [Quantization: GGUFSource] {
        reader.mapping(node, known: ["repository", "file", "quants"])
        let declaration = GGUFDeclaration(
            repository: reader.read("repository", of: node, repositoryID),
            file: node["file"]
        )
        if let quants = node["quants"] { return declaration.quantizations(quants, &reader) }
        // One file whose name tells the rest.
        guard let file = node["file"], let name = try? file.word(),
            let label = Quantization.label(inFileName: name)
        else {
            if case .mapping = node.content { reader.report(node.error("`quants` is missing")) }
            return [:]
        }
        return declaration.source(label, at: file, own: nil, &reader).map { [label: $0] } ?? [:]
    }

    /// Reads a list of quantizations, or a mapping of them to where they differ.
    func quantizations(_ node: YAMLNode, _ reader: inout DeclarationReader) -> [Quantization: GGUFSource] {
        var sources: [Quantization: GGUFSource] = [:]
        var shared: Set<Quantization> = []
        for (key, own) in declared(node, &reader) {
            guard let quantization = reader.keep({ () throws(DeclarationError) in try key.quantization() })
            else { continue }
            if sources[quantization] != nil {
                reader.report(key.error("the quantization `\(quantization)` is declared twice"))
                continue
            }
            if own?["file"] == nil { shared.insert(quantization) }
            sources[quantization] = source(quantization, at: key, own: own, &reader)
        }
        if shared.count > 1, let file, let pattern = try? file.word(), !Self.hasPlaceholder(pattern) {
            reader.report(
                file.error(
                    "one file cannot be \(shared.count) quantizations: put `{quant}` into its name"
                )
            )
        }
        return sources
    }

    private func declared(_ node: YAMLNode, _ reader: inout DeclarationReader) -> [(
        key: YAMLNode, own: YAMLNode?
    )] {
        if case .sequence(let items) = node.content { return items.map { ($0, nil) } }
        return reader.mapping(node).map { ($0.key, $0.value) }
    }

    private func source(
        _ quantization: Quantization,
        at key: YAMLNode,
        own: YAMLNode?,
        _ reader: inout DeclarationReader
    ) -> GGUFSource? {
        if let own { reader.mapping(own, known: ["repository", "file", "sha256"]) }
        let repository = own.flatMap { reader.read("repository", of: $0, repositoryID) } ?? repository
        let sha256 = own.flatMap { own in
            reader.read("sha256", of: own) { (node) throws(DeclarationError) in
                guard let digest = Digest(.sha256, hex: try node.string()) else {
                    throw node.error("a SHA-256 has 64 hexadecimal digits")
                }
                return digest
            }
        }
        guard let node = own?["file"] ?? file else {
            reader.report(key.error("`file` is missing for `\(quantization)`"))
            return nil
        }
        let file = reader.keep { () throws(DeclarationError) in
            let name = Self.fill(try node.word(), quantization)
            guard RelativePath(name) != nil, name.lowercased().hasSuffix(".gguf") else {
                throw node.error("`\(name)` is not the path of a GGUF file in a repository")
            }
            return name
        }
        guard let file else { return nil }
        guard let repository else {
            // Said already if one is written and wrong.
            if own?["repository"] == nil, self.repository == nil {
                reader.report(key.error("`repository` is missing for `\(quantization)`"))
            }
            return nil
        }
        return GGUFSource(repository: repository, file: file, sha256: sha256)
    }

    private static func hasPlaceholder(_ pattern: String) -> Bool {
        pattern.contains("{quant}") || pattern.contains("{QUANT}")
    }

    /// Publishers write a prefix apart: `UD-Q4_K_XL`, `i1-IQ4_XS`.
    private static func fill(_ pattern: String, _ quantization: Quantization) -> String {
        guard hasPlaceholder(pattern) else { return pattern }
        let name = quantization.name
        let lower =
            ["ud_", "i1_"].contains { name.hasPrefix($0) } ? "\(name.prefix(2))-\(name.dropFirst(3))" : name
        let upper = lower.hasPrefix("i1-") ? "i1-\(lower.dropFirst(3).uppercased())" : lower.uppercased()
        return pattern.replacing("{quant}", with: lower).replacing("{QUANT}", with: upper)
    }
}

/// The id of a repository on the hub.
func repositoryID(_ node: YAMLNode) throws(DeclarationError) -> String {
    let id = try node.word()
    guard ModelReferenceScanner.isRepository(id) else {
        throw node.error("`\(id)` is not a repository of the form organization/name")
    }
    return id
}
