import Catalog
import Host
import Platform
import Store
import SystemPackage

/// Where what is made goes.
enum ConversionPlace: Sendable {
    /// Into the volume of a stack, under a name.
    case volume(ModelStore, model: String)
    /// To files that the user has named.
    case files([TargetForm: FilePath])

    /// The file of a target when it is done, or the folder if it is none.
    func path(of target: TargetForm) throws(StoreError) -> FilePath {
        switch self {
        case .volume(let store, let model):
            let folder = store.layout.directory(of: try Self.key(model, target))
            return target.format == .gguf ? try Self.fileName(model, target).below(folder) : folder
        case .files(let paths):
            guard let path = paths[target] else { preconditionFailure("every target has a path") }
            return path
        }
    }

    /// The folder whose filesystem must have room.
    var folder: FilePath {
        switch self {
        case .volume(let store, _): store.layout.volume
        case .files(let paths): paths.values.first?.removingLastComponent() ?? "."
        }
    }

    static func key(_ model: String, _ target: TargetForm) throws(StoreError) -> ModelKey {
        try ModelKey(model: model, format: target.format.rawValue, quant: target.quant)
    }

    /// For example `qwen2.5-7b-instruct-q4_k_m.gguf`.
    static func fileName(_ model: String, _ target: TargetForm) throws(StoreError) -> RelativePath {
        let last = model.split(separator: "/").last.map(String.init) ?? model
        let name = "\(ModelKey.directoryName(of: last))-\(target.quant).\(target.format.rawValue)"
        guard let path = RelativePath(name) else { throw .invalidName(name) }
        return path
    }

    // MARK: Opening

    /// A file that is being written where nobody looks for a model.
    struct Opened: Sendable {
        let target: TargetForm
        let path: FilePath
        /// The place of it in a volume, which others may not touch meanwhile.
        fileprivate let partial: (directory: FilePath, lock: FileLock)
    }

    /// Opens the place of a target; the caller closes it, whatever happens.
    func open(_ target: TargetForm, size: ByteCount, _ report: @escaping Reporter) async throws
        -> Opened
    {
        switch self {
        case .files:
            let partial = try Self.openPartial(beside: try path(of: target))
            let path = partial.directory.appending(ModelStore.partialContentName)
            return Opened(target: target, path: path, partial: partial)
        case .volume(let store, let model):
            let purpose = Partial.Purpose(
                model: model,
                format: target.format.rawValue,
                quant: target.quant,
                path: try Self.fileName(model, target).string,
                sizeBytes: size,
                isConversion: true
            )
            func opened() async throws -> (directory: FilePath, lock: FileLock) {
                try await store.openPartial(Self.partialID(model, target), for: purpose) {
                    report(.phase(.waiting, "waiting for another stackctl that converts \(model)"))
                }
            }
            var partial = try await opened()
            let left = try FileSystem.list(partial.directory)
            if left.contains(where: { $0.hasPrefix(ModelStore.partialContentName) }) {
                // A tool whose stackctl was killed may still write there: let it, where nobody looks any more.
                try store.removePartial(partial.directory, holding: partial.lock)
                partial = try await opened()
            }
            let path = partial.directory.appending(ModelStore.partialContentName)
            return Opened(target: target, path: path, partial: partial)
        }
    }

    /// Takes away what was written and is of no use any more.
    func close(_ opened: Opened) {
        let (directory, lock) = opened.partial
        if case .volume(let store, _) = self {
            try? store.removePartial(directory, holding: lock)
        } else {
            try? Self.removeContents(of: directory)
            try? FileSystem.remove(directory.appending("lock"))
            FileSystem.removeIfEmpty(directory)
            withExtendedLifetime(lock) {}
        }
    }

    /// A hidden folder beside a file that the user has named: what a killed run has left in it is replaced.
    private static func openPartial(beside path: FilePath) throws -> (directory: FilePath, lock: FileLock) {
        let directory = partialDirectory(beside: path)
        while true {
            let kind = try FileSystem.status(directory, followingLinks: false)?.kind
            guard kind == nil || kind == .directory else {
                throw Failure(
                    .conflict,
                    "\(directory) is no folder of stackctl's, and \(path) would be written there first",
                    hint: "remove it, or name another place with `--output`"
                )
            }
            try FileSystem.createDirectory(directory)
            do {
                guard let lock = try FileLock.attempt(directory.appending("lock")) else {
                    throw Failure(
                        .conflict,
                        "another stackctl writes \(path)",
                        hint: "wait until it is done, or name another place with `--output`"
                    )
                }
                try removeContents(of: directory)
                return (directory, lock)
            } catch let error as SystemError where error.isNotFound {
                // Whoever held the lock before has removed the place.
                continue
            }
        }
    }

    private static func partialDirectory(beside path: FilePath) -> FilePath {
        path.removingLastComponent().appending(".\(path.lastComponent?.string ?? "").partial")
    }

    private static func removeContents(of directory: FilePath) throws(SystemError) {
        // What is not named like ours is somebody else's, and stays.
        for left in try FileSystem.list(directory) where left.hasPrefix(ModelStore.partialContentName) {
            try FileSystem.remove(directory.appending(left))
        }
    }

    /// The name of a partial's place: what is begun again takes the place of what was left.
    private static func partialID(_ model: String, _ target: TargetForm) -> Digest {
        let form = target.format == .gguf ? target.quant : "\(target.format.rawValue)\n\(target.quant)"
        return .of(Array("conversion\n\(model)\n\(form)".utf8))
    }

    // MARK: Room

    /// What is free, the room included that a stopped run has left.
    func free(_ targets: [TargetForm]) throws(Failure) -> ByteCount {
        do {
            return try DiskSpace(at: folder).available + left(of: targets)
        } catch { throw Failure(error) }
    }

    private func left(of targets: [TargetForm]) throws -> ByteCount {
        switch self {
        case .volume(let store, let model):
            let ours = Set(targets.map { Self.partialID(model, $0).hex })
            return try store.partials().filter { ours.contains($0.directory.lastComponent?.string ?? "") }
                .map(\.occupied).total()
        case .files:
            return try targets.map {
                ModelStore.occupied(byPartialAt: Self.partialDirectory(beside: try path(of: $0)))
            }
            .total()
        }
    }
}
