import FoundationEssentials
import Platform
import Store

/// The models that came from a hub, as the repositories that they came from.
struct StoreSource: RepositorySource {
    private let stores: [ModelStore]
    private let threads: DiskThreads

    init(_ stores: [ModelStore], _ threads: DiskThreads) {
        self.stores = stores
        self.threads = threads
    }

    func repository(_ id: RepositoryID) async throws -> Repository? {
        let models = try await threads.run { [stores] in
            try stores.flatMap { try $0.models().models }.filter {
                // What was made here is no file of the repository.
                $0.manifest.source.kind == .hub && $0.manifest.conversion == nil
                    && $0.manifest.source.repository == id.description
            }
        }
        let commits = Dictionary(grouping: models.sorted { $0.manifest.pulledAt > $1.manifest.pulledAt }) {
            model in
            model.manifest.source.revision.flatMap { Digest(.sha1, hex: $0)?.hex }
        }
        let revisions = commits.compactMap { commit, models in commit.map { revision($0, models) } }
        guard !revisions.isEmpty else { return nil }
        return Repository(
            id: id,
            revisions: revisions.sorted { ($0.changedAt, $1.commit) > ($1.changedAt, $0.commit) }
        )
    }

    /// All that was pulled of one commit, whatever the format; the newest model first.
    private func revision(_ commit: String, _ models: [StoredModel]) -> Revision {
        var files: [RelativePath: RepositoryFile] = [:]
        for model in models {
            for file in model.manifest.files {
                guard let path = file.sourcePath.map({ RelativePath($0) }) ?? file.path, files[path] == nil,
                    let digest = file.gitBlob.map({ Digest(.sha1, hex: $0) })
                        ?? Digest(.sha256, hex: file.sha256)
                else { continue }
                files[path] = RepositoryFile(
                    path: path,
                    location: model.path(of: file),
                    size: file.sizeBytes,
                    digest: digest,
                    status: nil
                )
            }
        }
        let names = Set(models.compactMap(\.manifest.source.requestedRevision))
        return Revision(
            commit: commit,
            names: names.filter { $0 != "main" && !commit.hasPrefix($0.lowercased()) }.sorted(),
            changedAt: models.lazy.map(\.manifest.pulledAt).max() ?? .distantPast,
            files: Array(files.values)
        )
    }
}
