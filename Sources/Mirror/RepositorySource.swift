public import Store
public import SystemPackage

/// Where repositories come from.
public enum MirrorSource: Sendable {
    /// A folder that holds `owner/name/files`; its links are served as far as they stay inside.
    case folder(FilePath)
    /// What was pulled from a hub into the stores of the stacks.
    case stores([ModelStore])

    func opened(_ threads: DiskThreads) throws(MirrorError) -> any RepositorySource {
        switch self {
        case .folder(let root): try FolderSource(root, threads)
        case .stores(let stores): StoreSource(stores, threads)
        }
    }
}

/// Finds repositories on this host as they are at the moment.
protocol RepositorySource: Sendable {
    func repository(_ id: RepositoryID) async throws -> Repository?
}
