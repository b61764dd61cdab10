public import FoundationEssentials
public import Platform
public import SystemPackage

/// The models inside one stack's volume.
///
/// The disk is the state, and other processes share it: this value holds none.
public struct ModelStore: Sendable, Hashable {
    /// Where things lie.
    public let layout: Layout

    /// Describes a store; nothing is touched, the volume need not exist.
    public init(volume: FilePath) { layout = Layout(volume: volume) }

    // MARK: Reading

    /// All models, by name, and the manifests that cannot be read.
    public func models() throws(StoreError) -> (models: [StoredModel], damaged: [StoreError]) {
        let variants = try visibleDirectories(in: layout.volume).concurrentMap { directory in
            do throws(StoreError) { return try self.variants(in: directory) } catch {
                return [.failure(error)]
            }
        }
        var models: [StoredModel] = []
        var damaged: [StoreError] = []
        for variant in variants.joined() {
            switch variant {
            case .success(let model): models.append(model)
            case .failure(let error): damaged.append(error)
            }
        }
        return (models.ordered(), damaged)
    }

    /// What is in one model's folder: each format and quantization, or why it cannot be read.
    private func variants(in directory: FilePath) throws(StoreError) -> [Result<StoredModel, StoreError>] {
        var variants: [Result<StoredModel, StoreError>] = []
        for format in try visibleDirectories(in: directory) {
            for quant in try visibleDirectories(in: format) {
                do throws(StoreError) {
                    if let model = try model(in: quant) { variants.append(.success(model)) }
                } catch { variants.append(.failure(error)) }
            }
        }
        return variants
    }

    /// The stored formats and quantizations of the model of that name; letters' case does not count.
    public func models(named name: String) throws(StoreError) -> [StoredModel] {
        try variants(ofModelNamed: name).compactMap { try? $0.get() }.ordered()
    }

    /// The folders of the model of that name whose manifests cannot be read.
    public func damagedFolders(ofModelNamed name: String) throws(StoreError) -> [FilePath] {
        try variants(ofModelNamed: name).compactMap { variant in
            guard case .failure(.malformedManifest(let path, _)) = variant else { return nil }
            return path.removingLastComponent()
        }
    }

    private func variants(
        ofModelNamed name: String
    ) throws(StoreError) -> [Result<StoredModel, StoreError>] {
        let wanted = ModelKey.directoryName(of: name).lowercased()
        var found: [Result<StoredModel, StoreError>] = []
        for directory in try visibleDirectories(in: layout.volume)
        where directory.lastComponent?.string.lowercased() == wanted {
            found += try variants(in: directory)
        }
        return found
    }

    /// The model of exactly that key.
    public func model(_ key: ModelKey) throws(StoreError) -> StoredModel? {
        try model(in: layout.directory(of: key))
    }

    private func model(in directory: FilePath) throws(StoreError) -> StoredModel? {
        let path = directory.appending(Layout.manifestName)
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(path)
        } catch {
            if error.isNotFound || error.errno == .notDirectory { return nil }
            throw .system(error)
        }
        let manifest: Manifest
        do { manifest = try JSON.decode(Manifest.self, from: bytes) } catch {
            throw .malformedManifest(path, reason: "it is no manifest")
        }
        guard manifest.formatVersion == 1 else {
            throw .malformedManifest(path, reason: "it was written by a newer stackctl")
        }
        let key = try ModelKey(model: manifest.model, format: manifest.format, quant: manifest.quant)
        guard directory.string == key.path(below: layout.volume.string) else {
            throw .malformedManifest(path, reason: "it describes \(key), whose place is another")
        }
        return StoredModel(key: key, manifest: manifest, layout: layout)
    }

    /// What may be a directory: all names but the hidden ones.
    private func visibleDirectories(in directory: FilePath) throws(StoreError) -> [FilePath] {
        do throws(SystemError) {
            return try FileSystem.list(directory).filter { !$0.hasPrefix(".") }.map {
                directory.appending($0)
            }
        } catch {
            if error.errno == .notDirectory { return [] }
            throw .system(error)
        }
    }

    // MARK: Changing

    /// Takes the right to change a model, or to read it while nobody may; `onWait` is called once if it has to wait.
    public func lock(
        model: String,
        _ mode: FileLock.Mode = .exclusive,
        onWait: () -> Void
    ) async throws -> FileLock {
        try await FileLock.acquire(lockPath(model), mode, onWait: onWait)
    }

    private func lockPath(_ model: String) throws(StoreError) -> FilePath {
        try ModelKey.checkDirectoryName(of: model)
        try prepare(layout.locks)
        return layout.locks.appending("\(ModelKey.directoryName(of: model)).lock")
    }

    func prepare(_ directory: FilePath) throws(StoreError) {
        try stored { () throws(SystemError) in try FileSystem.createDirectory(directory) }
    }

    /// Removes a model, whole and at once for every reader.
    public func remove(_ model: StoredModel) throws(StoreError) {
        try remove(model, holding: try lockAtOnce(model: model.key.model))
    }

    /// The same for whoever has the right to change it already.
    public func remove(_ model: StoredModel, holding lock: FileLock) throws(StoreError) {
        defer { withExtendedLifetime(lock) {} }
        try takeAway(layout.directory(of: model.key))
        try stored { () throws(SystemError) in try FileSystem.remove(usePath(model.key)) }
    }

    /// Removes the folder of a model whose manifest cannot be read.
    public func removeDamaged(_ directory: FilePath) throws(StoreError) {
        let model = directory.removingLastComponent().removingLastComponent()
        guard model.removingLastComponent() == layout.volume, let name = model.lastComponent?.string else {
            throw .invalidName(directory.string)
        }
        let lock = try lockAtOnce(model: name)
        defer { withExtendedLifetime(lock) {} }
        try takeAway(directory)
    }

    func lockAtOnce(model: String) throws(StoreError) -> FileLock {
        let path = try lockPath(model)
        guard let lock = try stored({ () throws(SystemError) in try FileLock.attempt(path) }) else {
            throw .busy(model)
        }
        return lock
    }

    /// Removes a folder of a model: out of every reader's sight in one step, then from the disk.
    private func takeAway(_ directory: FilePath) throws(StoreError) {
        let format = directory.removingLastComponent()
        let model = format.removingLastComponent()
        // What a link leads to is not this volume's.
        for place in [model, format, directory] {
            let kind = try stored { () throws(SystemError) in
                try FileSystem.status(place, followingLinks: false)?.kind
            }
            guard kind == .directory else { throw .foreignFiles(place) }
        }
        try prepare(layout.removed)
        let aside = layout.removed.appending("\(UInt64.random(in: 0 ... .max))")
        try stored { () throws(SystemError) in
            try FileSystem.rename(directory, to: aside)
            try FileSystem.synchronize(format)
        }
        clearRemoved()
        if FileSystem.removeIfEmpty(format) { FileSystem.removeIfEmpty(model) }
    }

    /// Removes from the disk what was taken away, also by a process that was killed before it came to this.
    func clearRemoved() {
        for name in (try? FileSystem.list(layout.removed)) ?? [] {
            try? FileSystem.remove(layout.removed.appending(name))
        }
    }

    // MARK: Use

    /// Notes that a model is used now; a note that cannot be kept is not worth a failure.
    public func noteUse(of key: ModelKey) {
        try? FileSystem.createDirectory(usePath(key).removingLastComponent())
        try? FileSystem.write(Array("\(useCount(of: key) + 1)\n".utf8), to: usePath(key))
    }

    /// How often a model was used, as far as it was noted.
    public func useCount(of key: ModelKey) -> Int {
        guard let bytes = try? FileSystem.read(usePath(key), limit: 64) else { return 0 }
        return Int(String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber && $0.isASCII }) ?? 0
    }

    /// When a model was last used, as far as it was noted.
    public func lastUse(of key: ModelKey) -> Date? {
        guard let status = try? FileSystem.status(usePath(key)) else { return nil }
        return Date(timeIntervalSince1970: Double(status.modifiedNanoseconds / 1_000_000_000))
    }

    /// When each model was last used, as far as it was noted; asks the disk for those alone.
    public func lastUses() -> (ModelKey) -> Date? {
        let names = Set((try? FileSystem.list(layout.state.appending("used"))) ?? [])
        return { names.contains(Self.useName($0)) ? lastUse(of: $0) : nil }
    }

    private static func useName(_ key: ModelKey) -> String {
        "\(key.directoryName).\(key.format).\(key.quant)"
    }

    private func usePath(_ key: ModelKey) -> FilePath {
        layout.state.appending("used").appending(Self.useName(key))
    }
}

extension [StoredModel] {
    /// By name, whatever the letters' case, then by format and quantization.
    fileprivate func ordered() -> [StoredModel] {
        // Lower case is worked out once a model and not once a comparison.
        map { (name: $0.key.model.lowercased(), model: $0) }.sorted { left, right in
            (left.name, left.model.key.format, left.model.key.quant)
                < (right.name, right.model.key.format, right.model.key.quant)
        }.map(\.model)
    }
}
