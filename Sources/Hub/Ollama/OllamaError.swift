public import Platform

/// A fact that a registry of Ollama's kind stated, or why it could not be asked.
public enum OllamaError: Error, Sendable, CustomStringConvertible {
    /// No such model or tag.
    case notFound(OllamaName)
    /// A layer that the model's manifest names is not there.
    case layerNotFound(OllamaName, Digest)
    /// Not for everybody; the registry's own message, if it has one.
    case refused(OllamaName, String)
    /// The registry does not hand out what is asked for in this form; its own message.
    case rejected(OllamaName, String)
    /// The manifest is not what the registry's interface says.
    case malformed(OllamaName, OllamaManifestFault)
    /// The registry could not be asked, or failed; the fact is one that hubs have too.
    case unanswered(HubError)

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .notFound(let name): "\(name): no such model or tag"
        case .layerNotFound(let name, let digest): "\(name): no layer \(digest)"
        case .refused(let name, let message): "\(name): refused (\(message))"
        case .rejected(let name, let message): "\(name): \(message)"
        case .malformed(let name, let fault): "\(name): \(fault)"
        case .unanswered(let error): "\(error)"
        }
    }
}

/// What is wrong with a manifest.
public enum OllamaManifestFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// It is longer than any true one.
    case tooLong
    /// It has not the shape of a manifest.
    case shapeless
    /// It is of another version, or another kind of document.
    case unknownKind(String)
    /// A layer's digest is no SHA-256.
    case badDigest(String)
    /// A layer's size is below zero.
    case badSize(Int64)
    /// The description of the model that it names is another one than is there.
    case wrongConfiguration

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .tooLong: "the manifest is too long"
        case .shapeless: "the manifest has not the shape of one"
        case .unknownKind(let kind): "the manifest is of the unknown kind `\(kind)`"
        case .badDigest(let digest): "the manifest names the digest `\(digest)`, which is no SHA-256"
        case .badSize(let size): "the manifest names a size of \(size) bytes"
        case .wrongConfiguration: "the model's description has another hash than the manifest names"
        }
    }
}
