public import FoundationEssentials
public import Platform
public import SystemPackage

/// What a stored model is made of and where it came from; written last, never changed in place.
public struct Manifest: Sendable, Codable, Equatable {
    /// The version of this document's shape.
    public var formatVersion = 1
    /// The name that the user gives.
    public var model: String
    /// `gguf`, `safetensors` or `uqff`.
    public var format: String
    /// The quantization or the type of the weights.
    public var quant: String
    /// Where it came from.
    public var source: Source
    /// How it was made of that, if it was not taken as it is.
    public var conversion: Conversion?
    /// What its header says.
    public var facts: Facts
    /// Its files, the ones that an engine is pointed at first.
    public var files: [File]
    /// The adapters that belong to it, as paths below the stack's folder of adapters.
    public var adapters: [RelativePath]?
    /// When the last byte was verified.
    public var pulledAt: Date
    /// The version of stackctl that wrote it.
    public var tool: String

    /// Where a model came from.
    public struct Source: Sendable, Codable, Equatable {
        /// A repository on a hub, a model of a registry of Ollama's kind, or files of this machine.
        public enum Kind: String, Sendable, Codable { case hub, ollama, local }
        /// The kind.
        public var kind: Kind
        /// The address of the hub or the registry.
        public var endpoint: String?
        /// The `owner/name` of the hub or `namespace/model` of the registry, or the path that was imported.
        public var repository: String
        /// The commit, 40 hexadecimal digits; of a registry the SHA-256 of its manifest, 64 digits.
        public var revision: String?
        /// What was asked for, for example `main`; of a registry the tag.
        public var requestedRevision: String?
        /// The patterns that chose the files, if the user gave any.
        public var selection: String?

        /// Describes a source.
        public init(
            kind: Kind,
            endpoint: String? = nil,
            repository: String,
            revision: String? = nil,
            requestedRevision: String? = nil,
            selection: String? = nil
        ) {
            self.kind = kind
            self.endpoint = endpoint
            self.repository = repository
            self.revision = revision
            self.requestedRevision = requestedRevision
            self.selection = selection
        }
    }

    /// How a model was made of another form of it.
    public struct Conversion: Sendable, Codable, Equatable {
        /// An image with the tools that made it.
        public struct Image: Sendable, Codable, Equatable {
            /// The name that it had.
            public var name: String
            /// Its identifier, by which it is told from what has the name later.
            public var id: String
            /// What a registry knows it as, if it came from one: a repository, `@` and a digest.
            public var digest: String?

            /// Describes an image.
            public init(name: String, id: String, digest: String?) {
                (self.name, self.id, self.digest) = (name, id, digest)
            }
        }

        /// What made it: `native` is stackctl itself.
        public var engine: String
        /// The image with the tools that made it, if it was not stackctl itself.
        public var image: Image?
        /// The format that it was made of.
        public var format: String
        /// The quantization or the type of the weights that it was made of.
        public var quant: String?
        /// The options that decide about its bytes, as they would be typed.
        public var options: [String]
        /// The SHA-256 of the importance matrix, if there was one.
        public var importance: String?
        /// The files that it was made of, as they were read.
        public var files: [File]

        /// Describes a conversion.
        public init(
            engine: String,
            image: Image? = nil,
            format: String,
            quant: String?,
            options: [String],
            importance: String?,
            files: [File]
        ) {
            self.engine = engine
            self.image = image
            self.format = format
            self.quant = quant
            self.options = options
            self.importance = importance
            self.files = files
        }
    }

    /// What the model's own header says, kept so that a list need not open the files.
    public struct Facts: Sendable, Codable, Equatable {
        /// For example `llama` or `qwen2`.
        public var architecture: String?
        /// The number of weights.
        public var parameters: Int64?
        /// The longest context it was made for, in tokens.
        public var contextLength: Int?

        /// States facts; `nil` is unknown.
        public init(architecture: String? = nil, parameters: Int64? = nil, contextLength: Int? = nil) {
            self.architecture = architecture
            self.parameters = parameters
            self.contextLength = contextLength
        }
    }

    /// One file.
    public struct File: Sendable, Codable, Equatable {
        /// Its path in the model's folder.
        public var path: RelativePath
        /// Its length.
        public var sizeBytes: ByteCount
        /// The SHA-256 of its content, in hexadecimal.
        public var sha256: String
        /// Git's hash of its content, for a file that the hub does not keep in large file storage.
        public var gitBlob: String?
        /// Its path in the repository, where that differs.
        public var sourcePath: String?

        /// Describes a file.
        public init(
            path: RelativePath,
            sizeBytes: ByteCount,
            sha256: String,
            gitBlob: String? = nil,
            sourcePath: String? = nil
        ) {
            self.path = path
            self.sizeBytes = sizeBytes
            self.sha256 = sha256
            self.gitBlob = gitBlob
            self.sourcePath = sourcePath
        }

        /// Reads and checks a file's description; by hand, since a list of a thousand models reads thousands.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            let path = try values.decode(String.self, forKey: .path)
            guard let relative = RelativePath(path) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .path,
                    in: values,
                    debugDescription: "`\(path)` leaves its directory"
                )
            }
            self.path = relative
            sizeBytes = ByteCount(try values.decode(Int64.self, forKey: .sizeBytes))
            guard sizeBytes >= 0 else {
                throw DecodingError.dataCorruptedError(
                    forKey: .sizeBytes,
                    in: values,
                    debugDescription: "negative"
                )
            }
            sha256 = try values.decode(String.self, forKey: .sha256)
            gitBlob = try values.decodeIfPresent(String.self, forKey: .gitBlob)
            sourcePath = try values.decodeIfPresent(String.self, forKey: .sourcePath)
        }
    }

    /// Describes a model.
    public init(
        key: ModelKey,
        source: Source,
        conversion: Conversion? = nil,
        facts: Facts,
        files: [File],
        adapters: [RelativePath]? = nil,
        pulledAt: Date,
        tool: String
    ) {
        model = key.model
        format = key.format
        quant = key.quant
        self.source = source
        self.conversion = conversion
        self.facts = facts
        self.files = files
        self.adapters = adapters
        self.pulledAt = pulledAt
        self.tool = tool
    }

    /// The length of all files.
    public var size: ByteCount { files.lazy.map(\.sizeBytes).total() }
}

/// A model that exists: a manifest in its place.
public struct StoredModel: Sendable, Equatable {
    /// What tells it from others.
    public let key: ModelKey
    /// What it is made of.
    public let manifest: Manifest
    /// Where its files are.
    public let layout: Layout

    /// The first file that is not there, or not as long as the manifest says; a look that costs no reading.
    public var firstMissingFile: Manifest.File? {
        manifest.files.first { file in
            let status = try? FileSystem.status(path(of: file))
            return status?.kind != .file || status?.size != file.sizeBytes
        }
    }

    /// Where a file of it is.
    public func path(of file: Manifest.File) -> FilePath { file.path.below(layout.directory(of: key)) }
}
