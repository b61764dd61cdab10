import Catalog
import FoundationEssentials
import Platform
import Store
import SystemPackage

/// The adapters that came with a model: kept in the stack's folder of adapters, in the layout of models and under the
/// model's own key, so that no engine that scans the models takes one for a model.
struct AdapterShelf: Sendable {
    let key: ModelKey
    let source: Manifest.Source
    let store: ModelStore?

    init(key: ModelKey, source: Manifest.Source, in store: ModelStore?) {
        self.key = key
        self.source = source
        self.store = store
    }

    /// Makes verified files visible as the adapters of the model, and answers their paths below the stack's folder of
    /// adapters; `nil` if there are none.
    func publish(
        _ contents: [(content: FilePath, file: Manifest.File)],
        _ report: Reporter
    ) async throws -> [RelativePath]? {
        guard !contents.isEmpty else { return nil }
        guard let store else { preconditionFailure("adapters are refused where they cannot be served") }
        let lock = try await store.lock(model: key.model) {}
        defer { withExtendedLifetime(lock) {} }
        let ingest = try store.beginIngest(model: key.model)
        do {
            for (content, file) in contents { try ingest.add(content, as: file.path) }
            let files = contents.map(\.file)
            for file in files {
                _ = try HeaderReading(.gguf, in: ingest.directory, files: [file.path], report)
            }
            let manifest = Manifest(
                key: key,
                source: source,
                facts: Manifest.Facts(),
                files: files,
                pulledAt: .now,
                tool: toolVersion
            )
            let folder = try ingest.publish(manifest).layout.directory(of: key)
            return files.compactMap { file in
                RelativePath(
                    file.path.below(folder).string.dropFirst(store.layout.volume.string.utf8.count + 1)
                )
            }
        } catch {
            ingest.discard()
            throw error
        }
    }

    /// Removes what an earlier state of the model had; it is of no use to this one.
    func clear() throws(StoreError) {
        if let store, let former = try store.model(key) { try store.remove(former) }
    }
}

extension Stack {
    /// The adapters that came with models, laid out as models are.
    var adapterStore: ModelStore { ModelStore(volume: adapters) }
    /// The same, if the engine is given them at a launch.
    var servedAdapters: ModelStore? { engine == .llamacpp ? adapterStore : nil }

    /// The adapters that came with a stored model, where there are any.
    func adapters(of model: StoredModel) throws(Failure) -> StoredModel? {
        guard model.manifest.adapters?.isEmpty == false else { return nil }
        do throws(StoreError) { return try adapterStore.model(model.key) } catch {
            throw Failure(store: error)
        }
    }
}
