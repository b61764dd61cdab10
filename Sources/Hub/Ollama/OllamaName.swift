import Platform

/// What a registry of Ollama's kind calls a model.
public struct OllamaName: Sendable, Hashable, CustomStringConvertible {
    /// The model, `namespace/model`.
    public let repository: String
    /// The tag.
    public let tag: String

    /// Names a model.
    public init(repository: String, tag: String) {
        self.repository = repository
        self.tag = tag
    }

    /// `namespace/model:tag`.
    public var description: String { "\(repository):\(tag)" }

    var manifestPath: String {
        "/v2/\(repository.percentEncoded(keeping: "/"))/manifests/\(tag.percentEncoded())"
    }

    func blobPath(_ digest: Digest) -> String {
        "/v2/\(repository.percentEncoded(keeping: "/"))/blobs/\(digest)"
    }
}
