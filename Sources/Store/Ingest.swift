public import Platform
public import SystemPackage

/// A model being put together out of sight, to appear in one step.
///
/// Whoever holds the model's lock has at most one; what a killed process left is removed by the next.
public struct Ingest: Sendable {
    /// Where its files are for now, under their final names.
    public let directory: FilePath
    private let store: ModelStore

    fileprivate init(_ directory: FilePath, _ store: ModelStore) {
        self.directory = directory
        self.store = store
    }

    /// Takes a file in: complete, verified and synced, on the same filesystem; it keeps its other name too.
    public func add(_ content: FilePath, as path: RelativePath) throws(StoreError) {
        let target = path.below(directory)
        try stored { () throws(SystemError) in
            try FileSystem.createDirectory(target.removingLastComponent())
            do throws(SystemError) { try FileSystem.link(content, as: target) } catch {
                // Some network filesystems know no hard links, and another volume may be on another filesystem.
                guard [.notPermitted, .notSupported, .tooManyLinks, .improperLink].contains(error.errno)
                else { throw error }
                try FileSystem.copy(content, to: target)
            }
        }
    }

    /// Writes the manifest and puts the model in its place, in one step and in place of what had the same key.
    public func publish(_ manifest: Manifest) throws(StoreError) -> StoredModel {
        let key = try ModelKey(model: manifest.model, format: manifest.format, quant: manifest.quant)
        let target = store.layout.directory(of: key)
        if let other = try store.otherModel(inTheFolderOf: key) { throw .nameTaken(target, by: other) }
        guard let bytes = try? JSON.encode(manifest) else {
            preconditionFailure("a manifest holds only what JSON can say")
        }
        try stored { () throws(SystemError) in
            try FileSystem.write(bytes, to: directory.appending(Layout.manifestName))
            try FileSystem.createDirectory(target.removingLastComponent())
        }
        if try stored({ () throws(SystemError) in try FileSystem.status(target, followingLinks: false) })
            == nil
        {
            try stored { () throws(SystemError) in try FileSystem.rename(directory, to: target) }
        } else {
            guard FileSystem.exists(target.appending(Layout.manifestName)) else {
                throw .foreignFiles(target)
            }
            try stored { () throws(SystemError) in try replace(target) }
        }
        try stored { () throws(SystemError) in
            let folders = Set(manifest.files.map { $0.path.below(target).removingLastComponent() })
            for folder in folders { try FileSystem.synchronize(folder) }
            var place = target
            while place != store.layout.volume, place.removeLastComponent() {
                try FileSystem.synchronize(place)
            }
        }
        return StoredModel(key: key, manifest: manifest, layout: store.layout)
    }

    private func replace(_ target: FilePath) throws(SystemError) {
        do throws(SystemError) { try FileSystem.exchange(directory, target) } catch {
            // NFS cannot exchange two names: there the model is away for the moment between two renames.
            guard [.invalidArgument, .noFunction, .notSupported].contains(error.errno) else { throw error }
            let aside = directory.removingLastComponent().appending(
                "\(directory.lastComponent?.string ?? "").old"
            )
            try FileSystem.remove(aside)
            try FileSystem.rename(target, to: aside)
            try FileSystem.rename(directory, to: target)
            return try FileSystem.remove(aside)
        }
        try FileSystem.remove(directory)
    }

    /// Gives up; nothing of it remains.
    public func discard() {
        try? FileSystem.remove(directory)
    }
}

extension ModelStore {
    /// Begins to put a model together; the caller holds its lock.
    public func beginIngest(model: String) throws(StoreError) -> Ingest {
        try ModelKey.checkDirectoryName(of: model)
        clearRemoved()
        let directory = layout.staging.appending(ModelKey.directoryName(of: model))
        try stored { () throws(SystemError) in
            try FileSystem.remove(directory)
            try FileSystem.createDirectory(directory)
        }
        return Ingest(directory, self)
    }

    /// Refuses a place where files lie that stackctl did not put there, or that another model's name leads to.
    public func refuseForeignFiles(at key: ModelKey) throws(StoreError) {
        let target = layout.directory(of: key)
        if let other = try otherModel(inTheFolderOf: key) { throw .nameTaken(target, by: other) }
        let isThere =
            try stored { () throws(SystemError) in try FileSystem.status(target, followingLinks: false) }
            != nil
        guard isThere, !FileSystem.exists(target.appending(Layout.manifestName)) else { return }
        throw .foreignFiles(target)
    }

    /// Refuses a new name that differs from that of a stored model in the case of its letters only, which no lookup
    /// tells apart.
    public func refuseOtherSpelling(of model: String) throws(StoreError) {
        let stored = try models(named: model).map(\.key.model).filter {
            $0.lowercased() == model.lowercased()
        }
        guard let other = stored.first, !stored.contains(model) else { return }
        throw .spelledOtherwise(model, as: other)
    }

    fileprivate func otherModel(inTheFolderOf key: ModelKey) throws(StoreError) -> String? {
        try models(named: key.directoryName).first { $0.key.model.lowercased() != key.model.lowercased() }?
            .key.model
    }
}
