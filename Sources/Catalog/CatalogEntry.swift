public import Platform

/// A model of the catalog in one of its sizes.
public struct CatalogEntry: Sendable {
    /// The name as people type it, in lower case.
    public let name: String
    /// The tag that tells its size or version.
    public let tag: String
    /// Other tags that mean the same.
    public let aliases: [String]
    /// Whether the bare name means this one.
    public let isDefault: Bool
    /// What it is good for, in a line.
    public let description: String?
    /// The architecture, in the words of GGUF.
    public let family: String?
    /// The licence's id.
    public let licence: String?
    /// Whether the hub wants a licence accepted before it hands out the original weights.
    public let gated: Bool?
    /// What it was made for.
    public let useCases: [String]
    /// Words to find it by.
    public let tags: [String]
    /// How large it is among models.
    public let sizeClass: SizeClass?
    /// Whether it is a good first choice.
    public let recommended: Bool
    /// The repository with the original weights.
    public let safetensors: String?
    /// The repository with the tokenizer.
    public let tokenizer: String?
    /// Where each quantization is.
    public let gguf: [Quantization: GGUFSource]
    /// The number of weights.
    public let parameters: Int?
    /// The number of layers.
    public let layers: Int?
    /// The number of attention heads.
    public let heads: Int?
    /// The number of heads that keep keys and values.
    public let kvHeads: Int?
    /// The length of a head's vectors.
    public let headSize: Int?
    /// The largest context, in tokens.
    public let context: Int?
    /// Where it was declared.
    public let origin: DeclarationOrigin

    /// What to type for it, for example `qwen2.5-coder:7b`.
    public var reference: String { tag == Self.untagged ? name : "\(name):\(tag)" }
    /// The quantizations there are as GGUF, the smallest first.
    public var quantizations: [Quantization] { gguf.keys.sorted() }

    /// The tag of a model that was declared without one.
    static let untagged = "latest"
}

/// Where the GGUF of one quantization is.
public struct GGUFSource: Sendable, Hashable {
    /// Who has it.
    public enum Place: Sendable, Hashable {
        /// A repository of the hub, and the file in it; the shards `-00001-of-0000N` of it belong to it.
        case hub(repository: String, file: String)
        /// A registry of Ollama's kind.
        case ollama(OllamaReference)
    }

    /// Who has it.
    public let place: Place
    /// The hash, where the declaration knows one.
    public let sha256: Digest?

    /// The repository on the hub, or the whole name at a registry.
    public var repository: String {
        switch place {
        case .hub(let repository, _): repository
        case .ollama(let reference): "\(reference)"
        }
    }

    /// The file in the repository; a registry's models have no files to name.
    public var file: String? {
        if case .hub(_, let file) = place { return file }
        return nil
    }

    /// Says who has a quantization.
    public init(_ place: Place, sha256: Digest? = nil) {
        self.place = place
        self.sha256 = sha256
    }

    /// Says where on the hub a quantization is.
    public init(repository: String, file: String, sha256: Digest? = nil) {
        self.init(.hub(repository: repository, file: file), sha256: sha256)
    }
}

/// How large a model is among models, by its number of weights.
public enum SizeClass: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    case tiny, small, medium, large, huge

    /// The class of a number of weights.
    public init(parameters: Int) {
        switch parameters {
        case ..<2_000_000_000: self = .tiny
        case ..<5_000_000_000: self = .small
        case ..<12_000_000_000: self = .medium
        case ..<40_000_000_000: self = .large
        default: self = .huge
        }
    }

    /// Orders from tiny to huge.
    public static func < (left: Self, right: Self) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}
