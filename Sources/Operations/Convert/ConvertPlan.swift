public import Platform

/// What a conversion will do.
public struct ConvertPlan: Sendable, Encodable {
    /// What it is made of.
    public struct Source: Sendable, Encodable {
        /// `gguf` or `safetensors`.
        public let format: String
        /// The quantization or the type of the weights, as far as it is known.
        public let quant: String?
        /// The repository, or the path.
        public let repository: String
        /// The commit, if it came from a hub.
        public let revision: String?
        /// The length of its files.
        public let sizeBytes: ByteCount
        /// What of it must be fetched first.
        public let missingBytes: ByteCount
    }

    /// Something that it will be made into.
    public struct Target: Sendable, Encodable {
        /// The quantization.
        public let quant: String
        /// The file.
        public let path: String
        /// The length that the file will have; of a source that must be fetched, about that.
        public let sizeBytes: ByteCount
        /// Whether it is there already.
        public let wasThere: Bool
    }

    /// The stack whose volume it goes to, if it goes to one.
    public let stack: String?
    /// The model's name.
    public let model: String
    /// What it is made of.
    public let source: Source
    /// What it will be made into.
    public let targets: [Target]
    /// What must be free for it.
    public let neededBytes: ByteCount
    /// What is free.
    public let freeBytes: ByteCount

    /// Whether there is room.
    public var fits: Bool { neededBytes <= freeBytes }

    /// Refuses a plan that the disk cannot hold.
    public func checkSpace() throws(Failure) {
        guard !fits else { return }
        let fetching = source.missingBytes > 0 ? "fetching and " : ""
        throw Failure(
            .noSpace,
            "\(fetching)converting `\(model)` needs \(neededBytes), and there is \(freeBytes) free for it",
            hint: stack == nil
                ? "name a place on another disk with `--output`"
                : "see `stackctl df`; `stackctl ls` shows what could be removed with `stackctl rm`"
        )
    }
}

/// How a conversion ended.
public struct ConvertedModel: Sendable, Encodable {
    /// The stack, if it was stored in one.
    public let stack: String?
    /// The model's name.
    public let model: String
    /// `gguf` or `uqff`.
    public let format: String
    /// The quantization.
    public let quant: String
    /// The file.
    public let path: String
    /// Its length.
    public let sizeBytes: ByteCount
    /// `gguf` or `safetensors`: what it was made of, if it was made here.
    public let sourceFormat: String?
    /// The quantization or the type of the weights that it was made of, as far as it is known.
    public let sourceQuant: String?
    /// The length of the files that it was made of.
    public let sourceBytes: ByteCount?
    /// What a weight takes on average; none if it was there already.
    public var bitsPerWeight: Double?
    /// How long the weights took, with all that was made in the same pass; none if it was there already.
    public var seconds: Double?
    /// How much of the source was read in a second.
    public var bytesPerSecond: ByteCount?
    /// Whether it was there already.
    public let wasThere: Bool
}
