import Platform
import Store
import SystemPackage

/// The stored files of this host that a file on one volume can be another name of.
struct StoredCopies: Sendable {
    private let store: ModelStore
    private let workspace: Workspace

    /// Copies for a volume.
    init(_ store: ModelStore, in workspace: Workspace) {
        self.store = store
        self.workspace = workspace
    }

    /// The stored files of any stack with one of the wanted contents, on the volume's filesystem, by their hash.
    func find(_ contents: [Digest]) async throws(Failure) -> [String: FilePath] {
        let wanted = Set(contents.map(\.hex))
        guard !wanted.isEmpty else { return [:] }
        let device = store.device
        var known: [String: FilePath] = [:]
        for stack in try workspace.stacks() {
            let other = try? await workspace.store(of: stack)
            let stores = [other, stack.adapterStore].compactMap(\.self)
            for model in stores.flatMap({ (try? $0.models().models) ?? [] }) {
                for file in model.manifest.files {
                    let hashes = [file.sha256, file.gitBlob].compactMap(\.self).filter(wanted.contains)
                    let path = model.path(of: file)
                    guard !hashes.isEmpty, let status = try? FileSystem.status(path, followingLinks: false),
                        status.kind == .file, status.size == file.sizeBytes, status.device == device
                    else { continue }
                    for hash in hashes { known[hash] = path }
                }
            }
        }
        return known
    }
}

extension ModelStore {
    /// The filesystem that the volume is on, or would be.
    fileprivate var device: UInt64? {
        var place = layout.volume
        while !place.isEmpty {
            if let status = try? FileSystem.status(place) { return status.device }
            place.removeLastComponent()
        }
        return nil
    }
}
