public import Platform
public import SystemPackage

/// What a person types for a model: a name of the catalog, a repository of the hub, a file in one, a name at a
/// registry of Ollama's kind, or a local path.
public struct ModelReference: Sendable, Hashable {
    /// Where the model is to be found.
    public enum Source: Sendable, Hashable {
        /// A name of the catalog, in lower case; without a tag the model's default is meant.
        case catalog(name: String, tag: String?)
        /// A repository of the hub, `organization/name`.
        case repository(String)
        /// One file in a repository of the hub, with all shards of its set.
        case repositoryFile(String, path: RelativePath)
        /// A model of a registry of Ollama's kind.
        case ollama(OllamaReference)
        /// A file or folder of this machine.
        case local(FilePath)
    }

    /// Where the model is to be found.
    public let source: Source
    /// The quantization that was asked for.
    public let quantization: Quantization?
    /// The branch, tag or commit of the repository that was asked for.
    public let revision: String?
    /// What was typed for it, which tells more than the rest where the case of letters matters.
    public private(set) var spelling: String?

    /// Puts a reference together from its parts.
    public init(_ source: Source, quantization: Quantization? = nil, revision: String? = nil) {
        self.source = source
        self.quantization = quantization
        self.revision = revision
    }

    /// Reads what a person typed; `~/` is the home of the user in `environment`.
    public init(parsing text: String, environment: Environment = .process) throws(ModelReferenceError) {
        var scanner = ModelReferenceScanner(text: text, environment: environment)
        self = try scanner.reference()
        spelling = text
    }

    /// Whether both mean the same, however they were typed.
    public static func == (left: ModelReference, right: ModelReference) -> Bool {
        (left.source, left.quantization, left.revision) == (right.source, right.quantization, right.revision)
    }

    /// Hashes what is meant.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(source)
        hasher.combine(quantization)
        hasher.combine(revision)
    }

    /// The model in so many words, where its name alone may also be that of something else: `NAME:latest`.
    public var spelledOut: ModelReference {
        guard case .catalog(let name, nil) = source else { return self }
        let source = Source.catalog(name: name, tag: CatalogEntry.untagged)
        return ModelReference(source, quantization: quantization, revision: revision)
    }

    /// The same without the tag that stands for none.
    public var plain: ModelReference {
        guard case .catalog(let name, CatalogEntry.untagged) = source else { return self }
        let source = Source.catalog(name: name, tag: nil)
        return ModelReference(source, quantization: quantization, revision: revision)
    }
}

extension ModelReference: CustomStringConvertible {
    /// The reference in its shortest canonical form, which reads back as the same reference.
    public var description: String {
        let revision = revision.map { "@\($0)" } ?? ""
        let quantization = quantization?.name
        switch source {
        case .catalog(let name, let tag):
            return name + (tag.map { ":\($0)" } ?? "") + (quantization.map { "-\($0)" } ?? "")
        case .repository(let id):
            return id + (quantization.map { ":\($0)" } ?? "") + revision
        case .repositoryFile(let id, let path):
            return "\(id)/\(path)\(revision)"
        case .ollama(let name):
            return "\(name)"
        case .local(let path):
            let text = path.string
            return text.hasPrefix("/") || text == "." || text == ".." || text.hasPrefix("./")
                || text.hasPrefix("../")
                ? text : "./\(text)"
        }
    }
}

/// Why a text is no reference to a model.
public enum ModelReferenceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nothing was typed.
    case empty
    /// It has control characters, or more than 1024 bytes.
    case unprintable
    /// The name or tag has characters that no name of the catalog has.
    case badName(String)
    /// It is not `organization/name` as the hub allows it.
    case badRepository(String)
    /// What stands after the colon has not the shape of a quantization.
    case badQuantization(String)
    /// What stands after the `@` cannot be a branch, tag or commit.
    case badRevision(String)
    /// The path inside the repository could lead out of it.
    case badPath(String)
    /// It is not `[host/][namespace/]model[:tag]` as Ollama allows it.
    case badRegistryName(String)
    /// The address is not that of a model on the hub.
    case badAddress(String)
    /// It names a file without saying in which folder.
    case bareFileName(String)

    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .empty: "no model is named"
        case .unprintable: "the name of the model is too long or has characters that cannot be shown"
        case .badName(let text): "`\(text)` is not a name of the form NAME[:TAG][-QUANT]"
        case .badRepository(let text): "`\(text)` is not a repository of the form organization/name"
        case .badQuantization(let text): "`\(text)` is not the name of a quantization"
        case .badRevision(let text): "`\(text)` is not the name of a revision"
        case .badPath(let text): "`\(text)` is not a path inside a repository"
        case .badRegistryName(let text):
            "`\(text)` is not a name of the form ollama://[[HOST/]NAMESPACE/]MODEL[:TAG]"
        case .badAddress(let text): "`\(text)` is not the address of a model on the hub"
        case .bareFileName(let text): "`\(text)` names a file without a folder: a local one is `./\(text)`"
        }
    }
}
