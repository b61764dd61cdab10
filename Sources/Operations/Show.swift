public import Catalog
import Formats
public import FoundationEssentials
public import Platform
import Store
import SystemPackage

/// Everything that is known of a stored model.
public struct ShownModel: Sendable, Encodable {
    /// Where it came from.
    public struct Source: Sendable, Encodable {
        /// `hub`, `ollama` or `local`.
        public let kind: String
        /// The address of the hub or the registry.
        public let endpoint: String?
        /// The repository's name, the registry's `namespace/model`, or the path that was imported.
        public let repository: String
        /// The commit, or the hash of the registry's manifest.
        public let revision: String?
        /// What was asked for, for example `main`; of a registry the tag.
        public let requestedRevision: String?
    }

    /// How it was made of another form.
    public struct Conversion: Sendable, Encodable {
        /// An image with the tools that made it.
        public struct Image: Sendable, Encodable {
            /// The name that it had.
            public let name: String
            /// Its identifier.
            public let id: String
            /// What a registry knows it as, if it came from one.
            public let digest: String?
        }

        /// What made it: `native` is stackctl itself.
        public let engine: String
        /// The image with the tools that made it, if it was not stackctl itself.
        public let image: Image?
        /// The format that it was made of.
        public let format: String
        /// The quantization or the type of the weights that it was made of.
        public let quant: String?
        /// The options that decided about its bytes.
        public let options: [String]
        /// The files that it was made of.
        public let files: [File]
    }

    /// A file of it.
    public struct File: Sendable, Encodable {
        /// Its path in the model.
        public let path: RelativePath
        /// Its length.
        public let sizeBytes: ByteCount
        /// The SHA-256 of its content.
        public let sha256: String
    }

    /// What its header says.
    public struct Header: Sendable, Encodable {
        /// For example `llama`.
        public let architecture: String?
        /// The number of weights.
        public let parameters: Int?
        /// The longest context it was made for, in tokens.
        public let contextLength: Int?
        /// The number of layers.
        public let layers: Int?
        /// The number of attention heads.
        public let heads: Int?
        /// The number of heads that keep keys and values.
        public let kvHeads: Int?
        /// The length of a head's vectors.
        public let headSize: Int?
        /// The number of tokens it knows.
        public let vocabularySize: Int?
        /// The number of experts of a mixture.
        public let experts: Int?
        /// What a weight takes on average.
        public let bitsPerWeight: Double?
        /// Whether it brings a chat template.
        public let hasChatTemplate: Bool
    }

    /// What it takes in memory, apart from the engine itself.
    public struct Memory: Sendable, Encodable {
        /// The weights.
        public let weightsBytes: ByteCount
        /// The keys and values of one token of context, at 16 bits each.
        public let kvBytesPerToken: ByteCount?
    }

    /// The stack.
    public let stack: String
    /// Its name.
    public let model: String
    /// `gguf` or `safetensors`.
    public let format: String
    /// Its quantization.
    public let quant: String
    /// The length of its files.
    public let sizeBytes: ByteCount
    /// The folder of its files on this machine.
    public let path: String
    /// The folder of its files as the stack's container sees it.
    public let containerPath: String
    /// Where it came from.
    public let source: Source
    /// How it was made of that, if it was not taken as it is.
    public var conversion: Conversion?
    /// Its licence, if the catalog knows it.
    public let licence: String?
    /// What its header says; absent if that cannot be read.
    public let header: Header?
    /// What it takes in memory.
    public let memory: Memory?
    /// Its files.
    public let files: [File]
    /// The adapters that belong to it, by their paths below the stack's folder of adapters.
    public var adapters: [RelativePath]?
    /// When it was pulled.
    public let pulledAt: Date
    /// When it was last used, as far as that was noted.
    public let lastUsedAt: Date?
    /// How often it was used, as far as that was noted.
    public let uses: Int
    /// What wrote its manifest.
    public let tool: String
}

/// Shows a stored model.
public struct Show: Sendable {
    private let lookup: StoredLookup

    /// Describes a question.
    public init(_ reference: ModelReference, format: ModelFormat? = nil, quant: Quantization? = nil) {
        lookup = StoredLookup(reference: reference, quant: quant, format: format)
    }

    /// Answers from the manifest, the header and the catalog.
    public func run(in workspace: Workspace) async throws(Failure) -> ShownModel {
        let (stack, stored) = try await lookup.one(in: workspace)
        let manifest = stored.manifest
        let folder = stored.layout.directory(of: stored.key)
        let facts = ModelFormat(rawValue: manifest.format).flatMap {
            try? ModelFacts.read($0, in: folder, files: manifest.files.map(\.path))
        }
        let entry = (try? workspace.catalog())?.entries.first { $0.reference == manifest.model }
        let source = manifest.source
        let store = ModelStore(volume: stored.layout.volume)
        return ShownModel(
            stack: stack.name,
            model: manifest.model,
            format: manifest.format,
            quant: manifest.quant,
            sizeBytes: manifest.size,
            path: folder.string,
            containerPath: stored.key.path(below: stack.mount),
            source: .init(
                kind: source.kind.rawValue,
                endpoint: source.endpoint,
                repository: source.repository,
                revision: source.revision,
                requestedRevision: source.requestedRevision
            ),
            conversion: manifest.conversion.map(ShownModel.Conversion.init),
            licence: entry?.licence,
            header: facts.map(ShownModel.Header.init),
            memory: facts.map(ShownModel.Memory.init),
            files: manifest.files.map(ShownModel.File.init),
            adapters: manifest.adapters,
            pulledAt: manifest.pulledAt,
            lastUsedAt: store.lastUse(of: stored.key),
            uses: store.useCount(of: stored.key),
            tool: manifest.tool
        )
    }
}

extension ShownModel.File {
    fileprivate init(_ file: Manifest.File) {
        self.init(path: file.path, sizeBytes: file.sizeBytes, sha256: file.sha256)
    }
}

extension ShownModel.Conversion {
    fileprivate init(_ conversion: Manifest.Conversion) {
        self.init(
            engine: conversion.engine,
            image: conversion.image.map { .init(name: $0.name, id: $0.id, digest: $0.digest) },
            format: conversion.format,
            quant: conversion.quant,
            options: conversion.options,
            files: conversion.files.map(ShownModel.File.init)
        )
    }
}

extension ShownModel.Header {
    fileprivate init(_ facts: ModelFacts) {
        self.init(
            architecture: facts.architecture,
            parameters: facts.parameters > 0 ? facts.parameters : nil,
            contextLength: facts.contextLength,
            layers: facts.layers,
            heads: facts.heads,
            kvHeads: facts.kvHeads,
            headSize: facts.headSize,
            vocabularySize: facts.vocabularySize,
            experts: facts.experts,
            bitsPerWeight: facts.parameters > 0 ? facts.bitsPerWeight : nil,
            hasChatTemplate: facts.chatTemplate
        )
    }
}

extension ShownModel.Memory {
    fileprivate init(_ facts: ModelFacts) {
        var perToken: Int64?
        if let layers = facts.layers, let heads = facts.kvHeads, let size = facts.headSize {
            // Foreign numbers: a product that overflows says nothing.
            let (first, one) = Int64(layers).multipliedReportingOverflow(by: Int64(heads))
            let (second, two) = first.multipliedReportingOverflow(by: Int64(size))
            let (third, three) = second.multipliedReportingOverflow(by: 4)
            if !one, !two, !three { perToken = third }
        }
        self.init(weightsBytes: facts.weightsSize, kvBytesPerToken: perToken.map { ByteCount($0) })
    }
}
