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
        reader.mapping(formats, known: ModelFormat.published.map(\.rawValue))
        if let declared = formats["safetensors"] {
            reader.mapping(declared, known: ["repository"])
            safetensors = reader.read("repository", of: declared, repositoryID) ?? own
            if declared["repository"] == nil, node["huggingface_id"] == nil {
                reader.report(declared.error("`repository` is missing, here or as `huggingface_id`"))
            }
        } else {
            safetensors = nil
        }
        let shared = GGUFDeclaration(
            repository: own,
            lacksRepository: node["huggingface_id"] == nil,
            file: nil,
            lacksFile: true
        )
        gguf = formats["gguf"].map { shared.quantizations($0, &reader) } ?? [:]
    }
}

/// What the GGUF files of a model have in common.
struct GGUFDeclaration {
    /// The repository of those that name none.
    let repository: String?
    /// Whether none was declared for all, right or wrong.
    let lacksRepository: Bool
    /// The names of those that have none of their own.
    let file: GGUFFilePattern?
    /// Whether none was declared for all, right or wrong.
    let lacksFile: Bool

    /// Reads the sources of a model's `gguf`.
    static func read(_ node: YAMLNode, _ reader: inout DeclarationReader) -> [Quantization: GGUFSource] {
        reader.mapping(node, known: ["repository", "file", "quants"])
        let declaration = GGUFDeclaration(
            repository: reader.read("repository", of: node, repositoryID),
            lacksRepository: node["repository"] == nil,
            file: reader.read("file", of: node, GGUFFilePattern.init),
            lacksFile: node["file"] == nil
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
        var seen: Set<Quantization> = []
        var shared = 0
        for (key, own) in declared(node, &reader) {
            guard let quantization = reader.quantization(key) else { continue }
            guard seen.insert(quantization).inserted else {
                reader.report(key.error("the quantization `\(quantization)` is declared twice"))
                continue
            }
            if own?["file"] == nil, own?["ollama"] == nil { shared += 1 }
            sources[quantization] = source(quantization, at: key, own: own, &reader)
        }
        if shared > 1, let file, !file.hasPlaceholder {
            let message = "one file cannot be \(shared) quantizations: put `{quant}` into its name"
            reader.report(file.node.error(message))
        }
        return sources
    }

    private func declared(
        _ node: YAMLNode,
        _ reader: inout DeclarationReader
    ) -> [(key: YAMLNode, own: YAMLNode?)] {
        if case .sequence(let items) = node.content { return items.map { ($0, nil) } }
        return reader.mapping(node).map { ($0.key, $0.value) }
    }

    private func source(
        _ quantization: Quantization,
        at key: YAMLNode,
        own: YAMLNode?,
        _ reader: inout DeclarationReader
    ) -> GGUFSource? {
        var (repository, file, sha256): (String?, GGUFFilePattern?, Digest?) = (repository, file, nil)
        if let own {
            reader.mapping(own, known: ["repository", "file", "ollama", "sha256"])
            if own["repository"] != nil { repository = reader.read("repository", of: own, repositoryID) }
            if own["file"] != nil { file = reader.read("file", of: own, GGUFFilePattern.init) }
            sha256 = reader.read("sha256", of: own) { (node) throws(DeclarationError) in
                guard let digest = Digest(.sha256, hex: try node.string()) else {
                    throw node.error("a SHA-256 has 64 hexadecimal digits")
                }
                return digest
            }
            if own["ollama"] != nil { return registrySource(own, sha256, &reader) }
        }
        if lacksFile, own?["file"] == nil {
            reader.report(key.error("`file` is missing for `\(quantization)`"))
        }
        if lacksRepository, own?["repository"] == nil {
            reader.report(key.error("`repository` is missing for `\(quantization)`"))
        }
        guard let repository, let file else { return nil }
        return GGUFSource(repository: repository, file: file.name(for: quantization), sha256: sha256)
    }

    private func registrySource(
        _ own: YAMLNode,
        _ sha256: Digest?,
        _ reader: inout DeclarationReader
    ) -> GGUFSource? {
        for pair in reader.mapping(own) where pair.name == "repository" || pair.name == "file" {
            reader.report(
                pair.key.error(
                    "`\(pair.name)` cannot stand beside `ollama`: the registry has no files to name"
                )
            )
        }
        let reference = reader.read("ollama", of: own) { (node) throws(DeclarationError) in
            let text = try node.word()
            guard let reference = OllamaReference(parsing: text) else {
                throw node.error("`\(text)` is not a name of the form [[HOST/]NAMESPACE/]MODEL[:TAG]")
            }
            return reference
        }
        return reference.map { GGUFSource(.ollama($0), sha256: sha256) }
    }
}

/// The name of a GGUF file with `{quant}` or `{QUANT}` where the quantization stands.
struct GGUFFilePattern {
    /// Where it is written.
    let node: YAMLNode
    private let text: String
    /// Whether it stands for more than one file.
    let hasPlaceholder: Bool

    /// Reads a pattern that stays in its repository.
    init(_ node: YAMLNode) throws(DeclarationError) {
        let text = try node.word()
        guard RelativePath(text) != nil, text.lowercased().hasSuffix(".gguf") else {
            throw node.error("`\(text)` is not the path of a GGUF file in a repository")
        }
        self.node = node
        self.text = text
        hasPlaceholder = text.utf8.indices.contains {
            text.utf8[$0...].starts(with: Self.lower) || text.utf8[$0...].starts(with: Self.upper)
        }
    }

    /// The name with a quantization in it.
    ///
    /// Publishers write a prefix apart: `UD-Q4_K_XL`, `i1-IQ4_XS`.
    func name(for quantization: Quantization) -> String {
        guard hasPlaceholder else { return text }
        var lower = Array(quantization.name.utf8)
        let hasPrefix = lower.starts(with: "ud_".utf8) || lower.starts(with: "i1_".utf8)
        if hasPrefix { lower[2] = UInt8(ascii: "-") }
        var upper = Array(String(decoding: lower, as: UTF8.self).uppercased().utf8)
        if upper.starts(with: "I1-".utf8) { upper[0] = UInt8(ascii: "i") }
        var name: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.first {
            let isLower = byte == UInt8(ascii: "{") && rest.starts(with: Self.lower)
            if isLower || (byte == UInt8(ascii: "{") && rest.starts(with: Self.upper)) {
                name += isLower ? lower : upper
                rest = rest.dropFirst(Self.lower.count)
            } else {
                name.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: name, as: UTF8.self)
    }

    private static let lower = Array("{quant}".utf8)
    private static let upper = Array("{QUANT}".utf8)
}

/// The id of a repository on the hub.
func repositoryID(_ node: YAMLNode) throws(DeclarationError) -> String {
    let id = try node.word()
    guard ModelReferenceScanner.isRepository(id) else {
        throw node.error("`\(id)` is not a repository of the form organization/name")
    }
    return id
}
