import FoundationEssentials
import Mirror
import Platform
import Store
import SystemPackage
import TestSupport

/// A folder with one repository, `org/model`.
struct SampleFolder: Sendable {
    static let config = #"{"architectures":["LlamaForCausalLM"]}"#
    static let weights = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(Self.config, to: "org/model/config.json")
        try directory.write(Self.weights, to: "org/model/weights/model-q4_k_m.gguf")
        try directory.write("", to: "org/model/empty.txt")
        try directory.write("spaces and ünï", to: "org/model/weights/a b%#ü.txt")
    }

    var source: MirrorSource { .folder(directory.path) }
}

/// A store with models of one repository, put there as a pull does it.
struct SampleStore: Sendable {
    let directory: TemporaryDirectory
    let store: ModelStore

    init() throws {
        directory = try TemporaryDirectory()
        store = ModelStore(volume: directory.appending("models"))
    }

    var source: MirrorSource { .stores([store]) }

    /// Adds a model that has the given files, those of `small` as files that are not in large file storage.
    func add(
        _ model: String = "llama3:8b",
        quant: String,
        repository: String = "org/model",
        revision: String?,
        requested: String? = "main",
        kind: Manifest.Source.Kind = .hub,
        conversion: Manifest.Conversion? = nil,
        pulledAt: Double = 1_700_000_000,
        large: [String: [UInt8]] = [:],
        small: [String: [UInt8]] = [:],
        sourcePaths: [String: String] = [:]
    ) throws {
        var files: [Manifest.File] = []
        var contents: [FilePath] = []
        for (path, bytes) in large.merging(small, uniquingKeysWith: { first, _ in first }) {
            guard let relative = RelativePath(path) else { continue }
            var blob = RunningDigest(gitBlobOf: ByteCount(Int64(bytes.count)))
            blob.update(bytes.span.bytes)
            files.append(
                Manifest.File(
                    path: relative,
                    sizeBytes: ByteCount(Int64(bytes.count)),
                    sha256: Digest.of(bytes).hex,
                    gitBlob: small[path] == nil ? nil : blob.finish().hex,
                    sourcePath: sourcePaths[path]
                )
            )
            contents.append(try directory.write(bytes, to: "arrived/\(quant)/\(path)"))
        }
        let source = Manifest.Source(
            kind: kind,
            endpoint: "https://huggingface.co",
            repository: repository,
            revision: revision,
            requestedRevision: requested
        )
        let manifest = Manifest(
            key: try ModelKey(model: model, format: "gguf", quant: quant),
            source: source,
            conversion: conversion,
            facts: Manifest.Facts(),
            files: files,
            pulledAt: Date(timeIntervalSince1970: pulledAt),
            tool: "test"
        )
        try publish(manifest, contents)
    }

    private func publish(_ manifest: Manifest, _ contents: [FilePath]) throws {
        let ingest = try store.beginIngest(model: manifest.model)
        for (file, content) in zip(manifest.files, contents) { try ingest.add(content, as: file.path) }
        _ = try ingest.publish(manifest)
    }

    /// Adds a model of one file that is all hole, whose digest nobody checks.
    func addSparse(_ name: String, size: Int64) throws {
        let content = directory.appending("arrived/\(name)")
        try FileSystem.createDirectory(content.removingLastComponent())
        try File(content, .create).truncate(to: ByteCount(size))
        guard let path = RelativePath(name) else { return }
        let manifest = Manifest(
            key: try ModelKey(model: "sparse", format: "gguf", quant: "q4_k_m"),
            source: .init(kind: .hub, repository: "org/sparse", revision: String(repeating: "5", count: 40)),
            facts: .init(),
            files: [.init(path: path, sizeBytes: ByteCount(size), sha256: String(repeating: "a", count: 64))],
            pulledAt: Date(timeIntervalSince1970: 0),
            tool: "test"
        )
        try publish(manifest, [content])
    }
}

struct TreeItem: Decodable, Sendable, Equatable {
    struct LargeFile: Decodable, Sendable, Equatable {
        let oid: String
        let size: Int
        let pointerSize: Int
    }
    let type: String
    let oid: String
    let size: Int
    let path: String
    let lfs: LargeFile?
}

struct Info: Decodable, Sendable {
    struct Sibling: Decodable, Sendable {
        struct LargeFile: Decodable, Sendable {
            let sha256: String
            let size: Int
            let pointerSize: Int
        }
        let rfilename: String
        let blobId: String?
        let size: Int?
        let lfs: LargeFile?
    }
    let id: String
    let sha: String
    let `private`: Bool
    let gated: Bool
    let disabled: Bool
    let lastModified: String
    let tags: [String]
    let siblings: [Sibling]
}
