import FoundationEssentials
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// A volume of a test's own, and models put into it as a pull does.
struct Shelf {
    let folder: TemporaryDirectory
    let store: ModelStore

    init() throws {
        folder = try TemporaryDirectory()
        store = ModelStore(volume: folder.appending("volume"))
    }

    var volume: FilePath { store.layout.volume }

    func path(_ relative: String) -> FilePath { volume.pushing(FilePath(relative)) }

    func manifest(
        _ model: String,
        format: String = "gguf",
        quant: String = "q4_k_m",
        files: [String: String] = ["model.gguf": "weights"]
    ) throws -> Manifest {
        try Manifest(
            key: ModelKey(model: model, format: format, quant: quant),
            source: Manifest.Source(kind: .hub, endpoint: "https://huggingface.co", repository: "org/model"),
            facts: Manifest.Facts(architecture: "llama", parameters: 7, contextLength: 4096),
            files: files.sorted { $0.key < $1.key }.map { path, text in
                Manifest.File(
                    path: try #require(RelativePath(path)),
                    sizeBytes: ByteCount(Int64(text.utf8.count)),
                    sha256: Digest.of(Array(text.utf8)).hex
                )
            },
            pulledAt: Date(timeIntervalSince1970: 1_700_000_000),
            tool: "test"
        )
    }

    @discardableResult
    func put(
        _ model: String,
        format: String = "gguf",
        quant: String = "q4_k_m",
        files: [String: String] = ["model.gguf": "weights"]
    ) throws -> StoredModel {
        let ingest = try store.beginIngest(model: model)
        for (path, text) in files {
            let content = try folder.write(text, to: "arrived")
            try ingest.add(content, as: try #require(RelativePath(path)))
            try FileSystem.remove(content)
        }
        return try ingest.publish(manifest(model, format: format, quant: quant, files: files))
    }

    /// The names of the models that are there.
    func names() throws -> [String] { try store.models().models.map { "\($0.key)" } }

    func text(_ relative: String) throws -> String {
        String(decoding: try FileSystem.read(path(relative)), as: UTF8.self)
    }
}

/// What the store refused with; fails the test if it did not refuse.
func storeError<Answer>(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ work: () async throws -> Answer
) async -> StoreError? {
    do {
        _ = try await work()
        Issue.record("the store did it", sourceLocation: sourceLocation)
    } catch let error as StoreError {
        return error
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return nil
}
