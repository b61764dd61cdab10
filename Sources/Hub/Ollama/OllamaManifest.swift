public import Platform

/// What a model of a registry is made of.
public struct OllamaManifest: Sendable, Hashable {
    /// What a layer is to the model.
    public enum Role: Sendable, Hashable {
        /// The weights, a GGUF.
        case model
        /// The projector of a model that also sees or hears.
        case projector
        /// An adapter to be laid over the weights.
        case adapter
        /// One tensor of weights that are no GGUF.
        case tensor
        /// Something for Ollama itself: `template`, `system`, `params`, `license` and others.
        case other(String)
    }

    /// A run of bytes that the registry keeps.
    public struct Layer: Sendable, Hashable {
        /// What it is to the model.
        public let role: Role
        /// The SHA-256 of its bytes.
        public let digest: Digest
        /// Its length.
        public let size: ByteCount

        /// Describes a layer.
        public init(role: Role, digest: Digest, size: ByteCount) {
            self.role = role
            self.digest = digest
            self.size = size
        }
    }

    /// The SHA-256 of the manifest itself: another one is another model.
    public let digest: Digest
    /// The layers, in order.
    public let layers: [Layer]
    /// The description of the model for Ollama, if there is one.
    public let configuration: Layer?

    /// The layers of one role.
    public func layers(_ role: Role) -> [Layer] { layers.filter { $0.role == role } }
}

extension OllamaManifest {
    /// True ones have a few hundred bytes, or some for each of a model's tensors.
    static let longest: ByteCount = 4_000_000

    private static let kinds = [
        "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json",
    ]

    private struct Document: Decodable {
        struct Layer: Decodable {
            let mediaType: String
            let digest: String
            let size: Int64

            func checked() throws(OllamaManifestFault) -> OllamaManifest.Layer {
                let prefix = "sha256:"
                guard digest.hasPrefix(prefix),
                    let hash = Digest(.sha256, hex: digest.dropFirst(prefix.count))
                else { throw .badDigest(digest) }
                guard size >= 0 else { throw .badSize(size) }
                return .init(role: .init(mediaType: mediaType), digest: hash, size: ByteCount(size))
            }
        }
        let schemaVersion: Int
        let mediaType: String?
        let config: Layer?
        let layers: [Layer]
    }

    /// Reads and checks what a registry has sent.
    init(reading bytes: [UInt8]) throws(OllamaManifestFault) {
        let document: Document
        do { document = try JSON.decode(Document.self, from: bytes) } catch { throw .shapeless }
        guard document.schemaVersion == 2 else { throw .unknownKind("version \(document.schemaVersion)") }
        if let kind = document.mediaType, !Self.kinds.contains(kind) { throw .unknownKind(kind) }
        digest = .of(bytes)
        var layers: [Layer] = []
        for layer in document.layers {
            let layer = try layer.checked()
            guard layers.allSatisfy({ $0.digest != layer.digest || $0.size == layer.size }) else {
                throw .badSize(layer.size.bytes)
            }
            layers.append(layer)
        }
        self.layers = layers
        configuration = try document.config?.checked()
    }
}

extension OllamaManifest.Role {
    fileprivate init(mediaType: String) {
        let prefix = "application/vnd.ollama.image."
        // A tensor says its name behind the type.
        let mediaType = mediaType.prefix { $0 != ";" }
        guard mediaType.hasPrefix(prefix) else {
            self = .other(String(mediaType))
            return
        }
        self =
            switch mediaType.dropFirst(prefix.count) {
            case "model": .model
            case "projector": .projector
            case "adapter": .adapter
            case "tensor": .tensor
            case let name: .other(String(name))
            }
    }
}

/// What a registry says of a model besides its layers.
public struct OllamaConfiguration: Sendable, Hashable {
    /// For example `Q4_K_M`.
    public let fileType: String?

    /// Reads what a registry has sent; what is not understood is not known.
    init(reading bytes: [UInt8]) {
        struct Document: Decodable { let file_type: String? }
        fileType = (try? JSON.decode(Document.self, from: bytes))?.file_type
    }
}
