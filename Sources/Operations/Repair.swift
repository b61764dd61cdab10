import Catalog
import Hub
import Platform
import Store
import SystemPackage
import Transfer

/// Fetches one file of a stored model again, from the place and in the state that it came from, and puts it in its place.
struct Repair: Sendable {
    let model: StoredModel
    let file: Manifest.File
    /// The stack that it is of.
    let stack: Stack

    func run(in workspace: Workspace, _ report: @escaping Reporter) async throws {
        let hub = workspace.hub(offline: false, report)
        guard model.isFetchable, let place = place(hub),
            let sourcePath = RelativePath(file.sourcePath ?? file.path.string), let content
        else {
            let origin =
                model.manifest.conversion == nil
                ? "did not come from a hub or a registry" : "was converted here"
            throw Failure(
                .unsupported,
                "`\(model.key)` \(origin), so `\(file.path)` cannot be fetched again",
                hint: model.remedy(on: stack)
            )
        }
        let store = ModelStore(volume: model.layout.volume)
        let lock = try await store.lock(model: model.key.model) {
            report(.phase(.waiting, "waiting for another stackctl that changes \(model.key.model)"))
        }
        defer { withExtendedLifetime(lock) {} }
        // Another process may have pulled another commit, or removed the model, before the lock was ours.
        guard try store.model(model.key)?.manifest == model.manifest else {
            throw Failure(
                .conflict,
                "`\(model.key.model)` was changed by another process meanwhile",
                hint: "verify it again"
            )
        }
        let purpose = Partial.Purpose(
            model: model.key.model,
            format: model.key.format,
            quant: model.key.quant,
            path: file.path.string,
            sizeBytes: file.sizeBytes
        )
        let (directory, partialLock) = try await store.openPartial(content.digest, for: purpose) {}
        defer { withExtendedLifetime(partialLock) {} }
        let remote = RepositoryFile(path: sourcePath, size: file.sizeBytes, content: content)
        let part = part(remote, from: place, hub.endpoint)
        report(.phase(.downloading, "fetching \(file.path) again"))
        defer { store.removePartialIfEmpty(directory, holding: partialLock) }
        let received = try await TransferEngine(connections: 1) { event in
            switch event {
            case .received(let name, let bytes, let size):
                report(.progress(file: name, bytes: bytes, of: size))
            case .finished(let name): report(.done(file: name))
            default: break
            }
        }.receive([RemoteFile(name: file.path.string, directory: directory, parts: [part])])
        for content in received { try putInPlace(content.content) }
    }

    private func putInPlace(_ content: FilePath) throws(SystemError) {
        let target = model.path(of: file)
        try FileSystem.createDirectory(target.removingLastComponent())
        try FileSystem.rename(content, to: target)
        try FileSystem.synchronize(target.removingLastComponent())
    }

    private func place(_ hub: HubClient) -> FilePlace? {
        let source = model.manifest.source
        switch source.kind {
        case .hub:
            guard let id = RepositoryID(source.repository), let commit = source.revision else { return nil }
            return .hub(hub, Revision(repository: id, commit: commit))
        case .ollama:
            guard let endpoint = source.endpoint, let tag = source.requestedRevision else { return nil }
            return .ollama(
                hub.registry(at: endpoint),
                OllamaName(repository: source.repository, tag: tag)
            )
        case .local: return nil
        }
    }

    private func part(_ remote: RepositoryFile, from place: FilePlace, _ hub: String) -> RemotePart {
        let part = place.remotePart(remote)
        return RemotePart(size: part.size, content: part.content) {
            do { return try await part.locate() } catch let error as AddressUnavailable {
                throw AddressUnavailable(reason: error.reason, cause: advised(error.cause, hub))
            } catch { throw advised(error, hub) }
        }
    }

    private func advised(_ error: any Error, _ hub: String) -> Failure {
        let failure = Failure(error)
        if failure.kind == .notFound {
            return Failure(.notFound, failure.message, hint: "fetch the model anew with `pull --force`")
        }
        guard failure.kind == .unavailable, model.manifest.source.kind == .hub,
            let endpoint = model.manifest.source.endpoint, endpoint != hub
        else { return failure }
        // Not asked by itself: a manifest must not decide who is sent the user's token.
        return Failure(
            failure.kind,
            failure.message,
            hint: "it was pulled from \(endpoint): set `HF_ENDPOINT`"
        )
    }

    private var content: RepositoryFile.Content? {
        if let blob = file.gitBlob { return Digest(.sha1, hex: blob).map { .gitBlob($0) } }
        return Digest(.sha256, hex: file.sha256).map { .sha256($0) }
    }
}
