import Hub
import Platform
import Store
import SystemPackage
import Transfer

/// Fetches one file of a stored model again, at the commit it came from, and puts it in its place.
struct Repair: Sendable {
    let model: StoredModel
    let file: Manifest.File

    func run(in workspace: Workspace, _ report: @escaping Reporter) async throws {
        let source = model.manifest.source
        guard source.kind == .hub, let id = RepositoryID(source.repository), let commit = source.revision,
            let sourcePath = RelativePath(file.sourcePath ?? file.path.string), let content
        else {
            throw Failure(
                .unsupported,
                "`\(model.key.model)` did not come from a hub, so `\(file.path)` cannot be fetched again",
                hint: "import or convert it again with `--force`"
            )
        }
        let store = ModelStore(volume: model.layout.volume)
        let lock = try await store.lock(model: model.key.model) {
            report(.stage("waiting for another stackctl that changes \(model.key.model)"))
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
        let part = part(remote, at: Revision(repository: id, commit: commit), workspace.hub(offline: false))
        report(.stage("fetching \(file.path) again"))
        defer { store.removePartialIfEmpty(directory, holding: partialLock) }
        let received = try await TransferEngine(connections: 1) { event in
            if case .received(let name, let bytes, let size) = event {
                report(.progress(file: name, bytes: bytes, of: size))
            }
        }.receive([RemoteFile(name: file.path.string, directory: directory, parts: [part])])
        let target = model.path(of: file)
        for content in received {
            try FileSystem.createDirectory(target.removingLastComponent())
            try FileSystem.rename(content.content, to: target)
            try FileSystem.synchronize(target.removingLastComponent())
        }
    }

    private func part(_ remote: RepositoryFile, at revision: Revision, _ hub: HubClient) -> RemotePart {
        let endpoint = model.manifest.source.endpoint
        return RemotePart(size: remote.size, content: remote.content.remote) {
            do throws(HubError) {
                let location = try await hub.locate(remote, at: revision)
                return RemoteAddress(url: location.url, headers: location.headers)
            } catch {
                let failure = Failure(error, client: hub)
                if failure.kind == .notFound {
                    throw Failure(
                        .notFound,
                        failure.message,
                        hint: "fetch the model anew with `pull --force`"
                    )
                }
                guard failure.kind == .unavailable, let endpoint, endpoint != hub.endpoint else {
                    throw failure
                }
                // Not asked by itself: a manifest must not decide who is sent the user's token.
                let hint = "it was pulled from \(endpoint): set `HF_ENDPOINT`"
                throw Failure(failure.kind, failure.message, hint: hint)
            }
        }
    }

    private var content: RepositoryFile.Content? {
        if let blob = file.gitBlob { return Digest(.sha1, hex: blob).map { .gitBlob($0) } }
        return Digest(.sha256, hex: file.sha256).map { .sha256($0) }
    }
}
