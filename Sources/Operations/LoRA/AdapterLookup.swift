import Catalog
import Formats
import Hub
import Platform
import Store
import SystemPackage

/// An adapter that was found, with what its headers say; it need not be stored yet.
struct FoundAdapter: Sendable {
    enum Place: Sendable {
        case stored(StoredModel)
        case hub(PullSource, FileSelection)
        case local(FileSelection)
    }

    let source: AdapterSource
    let place: Place
    let facts: AdapterFacts

    /// The length of its files.
    var size: ByteCount {
        switch place {
        case .stored(let model): model.manifest.size
        case .hub(_, let selection), .local(let selection): selection.size
        }
    }

    var stored: StoredModel? { if case .stored(let model) = place { model } else { nil } }
}

/// Finds an adapter, and reads of it what is needed to judge it.
struct AdapterLookup: Sendable {
    let source: AdapterSource
    let stack: Stack

    private var request: PullRequest { source.request(for: stack.engine) }

    /// What is stored of it, if it is whole.
    func stored() throws(Failure) -> StoredModel? {
        let models: [StoredModel]
        do throws(StoreError) { models = try stack.adapterStore.models(named: source.name) } catch {
            throw Failure(store: error)
        }
        // Different names may lead to one folder.
        let whole = models.filter {
            $0.key.model.lowercased() == source.name.lowercased() && $0.firstMissingFile == nil
        }
        let usual = whole.filter { $0.key.format == request.selection.formats.first?.rawValue }
        // An earlier state of it may be there still, for a launch that has it.
        return (usual.isEmpty ? whole : usual).max { $0.publishedAt < $1.publishedAt }
    }

    /// Looks at what is stored, and asks where it comes from whether it still is that.
    func find(
        in workspace: Workspace,
        isOffline: Bool = false,
        report: @escaping Reporter
    ) async throws(Failure) -> FoundAdapter {
        switch request.origin {
        case .local(let path): try await local(path, report)
        default: try await remote(workspace.hub(offline: isOffline, report), report)
        }
    }

    /// What is known of a stored one.
    func found(_ model: StoredModel) throws(Failure) -> FoundAdapter {
        FoundAdapter(source: source, place: .stored(model), facts: try AdapterFacts.read(model))
    }

    // MARK: On the hub

    private func remote(_ hub: HubClient, _ report: @escaping Reporter) async throws(Failure) -> FoundAdapter
    {
        let stored = try stored()
        if let stored, let revision = source.revision, stored.manifest.source.revision == revision {
            return try found(stored)
        }
        report(.phase(.resolving, "resolving \(source.name)"))
        let state: PullSource
        do throws(Failure) { state = try await request.resolve(hub, tries: stored == nil ? 4 : 1) } catch {
            guard let stored, [.unavailable, .notFound, .refused].contains(error.kind) else { throw error }
            report(.note("\(error.message); what is stored is used"))
            return try found(stored)
        }
        if let stored, stored.manifest.source.revision == state.revision { return try found(stored) }
        let selection = try await FileChoice(request, state, PullOptions()).selection(report)
        report(.phase(.downloading, "reading the header of \(source.name)"))
        return FoundAdapter(
            source: source,
            place: .hub(state, selection),
            facts: try await facts(selection, at: state.place, hub)
        )
    }

    private func facts(_ selection: FileSelection, at place: FilePlace, _ hub: HubClient)
        async throws(Failure) -> AdapterFacts
    {
        if selection.format == .gguf {
            let reader = RemoteHeaders(hub: hub, place: place, arrayLimit: GGUFHeader.usualArrayLimit)
            guard case .gguf(let parts) = try await reader.read(selection).headers, parts.count == 1 else {
                throw Failure(.unsupported, "`\(source.text)` is in several files, and an adapter is one")
            }
            return try Failure.wording(source.text) { () throws(AdapterError) in
                try AdapterFacts(parts[0].header)
            }
        }
        guard selection.files.count == 2, selection.files[0].size <= AdapterFacts.longestConfig else {
            throw Failure(.invalid, "`\(AdapterFacts.configName)` of `\(source.text)` is too long to be one")
        }
        var first = RemoteBeginning(of: selection.files[0], at: place, hub)
        let config = try await first.whole()
        var second = RemoteBeginning(of: selection.files[1], at: place, hub)
        let weights = try await second.header(isExact: true) { bytes, size throws(FormatError) in
            try SafetensorsHeader.parse(prefix: bytes, fileSize: size)
        }
        return try Failure.wording(source.text) { () throws(AdapterError) in
            try AdapterFacts(config: config, weights: weights)
        }
    }

    // MARK: On this machine

    private func local(_ path: FilePath, _ report: @escaping Reporter) async throws(Failure) -> FoundAdapter {
        let stored = try stored()
        do {
            if let stored, try !FileSystem.exists(path) || isSame(path, stored) {
                if !FileSystem.exists(path) {
                    report(.note("there is nothing at \(path) any more; what is stored is used"))
                }
                return try found(stored)
            }
            let (folder, selection) = try Import(path, request, PullOptions()).choose()
            let facts = try AdapterFacts.read(
                selection.format,
                in: folder,
                selection.files.map(\.path),
                source.text
            )
            return FoundAdapter(source: source, place: .local(selection), facts: facts)
        } catch { throw Failure(error) }
    }

    /// Whether a path still has the bytes that are stored of it.
    private func isSame(_ path: FilePath, _ stored: StoredModel) throws -> Bool {
        let isFolder = try FileSystem.status(path)?.kind == .directory
        for file in stored.manifest.conversion?.files ?? stored.manifest.files {
            let original = isFolder ? file.path.below(path) : path
            guard let status = try FileSystem.status(original), status.size == file.sizeBytes,
                try Digest.ofFile(original).hex == file.sha256
            else { return false }
        }
        return true
    }
}

extension StoredModel {
    /// When it became visible, to the nanosecond; the manifest is never changed in its place.
    fileprivate var publishedAt: Int64 {
        let manifest = layout.directory(of: key).appending(Layout.manifestName)
        return (try? FileSystem.status(manifest))??.modifiedNanoseconds ?? 0
    }
}

extension AdapterFacts {
    /// Reads the headers of a stored adapter.
    static func read(_ model: StoredModel) throws(Failure) -> AdapterFacts {
        guard let format = ModelFormat(rawValue: model.key.format) else {
            throw Failure(.unsupported, "`\(model.key.model)` has the unknown format `\(model.key.format)`")
        }
        let folder = model.layout.directory(of: model.key)
        return try read(format, in: folder, model.manifest.files.map(\.path), model.key.model)
    }

    /// Reads the headers of an adapter whose files are in a folder; `name` is what failures call it.
    static func read(
        _ format: ModelFormat,
        in folder: FilePath,
        _ files: [RelativePath],
        _ name: String
    ) throws(Failure) -> AdapterFacts {
        try Failure.wording(name) { () throws(AdapterError) in
            guard format == .gguf else { return try read(peft: folder) }
            guard files.count == 1 else { throw .noAdapter(nil) }
            let header: GGUFHeader
            do throws(FormatError) { header = try GGUFHeader.read(files[0].below(folder)) } catch {
                throw .format(error)
            }
            return try AdapterFacts(header)
        }
    }
}
