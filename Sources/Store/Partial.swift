public import FoundationEssentials
public import Platform
public import SystemPackage

/// A download under way, or one that was stopped and can be taken up again.
public struct Partial: Sendable {
    /// What the download is for, kept beside its bytes.
    public struct Purpose: Sendable, Codable, Equatable {
        /// The model's name.
        public var model: String
        /// `gguf` or `safetensors`.
        public var format: String
        /// The quantization as far as it is known before the file is.
        public var quant: String?
        /// The file's path in the model.
        public var path: String
        /// The length it will have.
        public var sizeBytes: ByteCount
        /// Whether it is made of another form of the model, and not received.
        public var isConversion: Bool?

        /// States a purpose.
        public init(
            model: String,
            format: String,
            quant: String?,
            path: String,
            sizeBytes: ByteCount,
            isConversion: Bool? = nil
        ) {
            self.isConversion = isConversion
            self.model = model
            self.format = format
            self.quant = quant
            self.path = path
            self.sizeBytes = sizeBytes
        }
    }

    /// Where its bytes, journal and lock are.
    public let directory: FilePath
    /// What it is for; `nil` if that was lost.
    public let purpose: Purpose?
    /// What it takes of the disk, room that is reserved for it included.
    public let occupied: ByteCount
    /// When the last byte arrived.
    public let changedAt: Date
    /// Whether a process works on it now.
    public let isBusy: Bool
}

extension ModelStore {
    /// The name of the received bytes in a partial's directory.
    public static let partialContentName = "data"

    /// All downloads that are not part of a model yet.
    public func partials() throws(StoreError) -> [Partial] {
        var found: [Partial] = []
        let names = try stored { () throws(SystemError) in try FileSystem.list(layout.partials) }
        for name in names where !name.hasPrefix(".") {
            let directory = layout.partials.appending(name)
            let contents = Self.contents(of: directory)
            let about = try? FileSystem.read(directory.appending("purpose.json"))
            found.append(
                Partial(
                    directory: directory,
                    purpose: about.flatMap { try? JSON.decode(Partial.Purpose.self, from: $0) },
                    occupied: contents.map(\.allocated).total(),
                    changedAt: Date(
                        timeIntervalSince1970: Double(
                            (contents.map(\.modifiedNanoseconds).max() ?? 0) / 1_000_000_000
                        )
                    ),
                    isBusy: isBusy(directory)
                )
            )
        }
        return found
    }

    /// The received bytes, and what a conversion has beside them.
    private static func contents(of directory: FilePath) -> [FileStatus] {
        let names = (try? FileSystem.list(directory)) ?? []
        return names.filter { $0.hasPrefix(partialContentName) }.flatMap { name -> [FileStatus] in
            let path = directory.appending(name)
            guard let status = try? FileSystem.status(path, followingLinks: false) else { return [] }
            guard status.kind == .directory else { return [status] }
            return ((try? FileSystem.walk(path)) ?? []).map(\.status)
        }
    }

    /// What the place of a partial takes of the disk, room that is reserved for it included.
    public static func occupied(byPartialAt directory: FilePath) -> ByteCount {
        contents(of: directory).map(\.allocated).total()
    }

    private func isBusy(_ directory: FilePath) -> Bool {
        let path = directory.appending("lock")
        guard FileSystem.exists(path) else { return false }
        do { return try FileLock.attempt(path) == nil } catch { return false }
    }

    /// Where the download of that content is, or would be.
    public func partialDirectory(_ content: Digest) -> FilePath { layout.partials.appending(content.hex) }

    /// Opens the place of a download and takes its lock; a stopped download of the same content is taken up there.
    public func openPartial(
        _ content: Digest,
        for purpose: Partial.Purpose,
        onWait: () -> Void
    ) async throws -> (directory: FilePath, lock: FileLock) {
        let directory = partialDirectory(content)
        while true {
            try FileSystem.createDirectory(directory)
            do {
                let lock = try await FileLock.acquire(directory.appending("lock"), onWait: onWait)
                // It says what nothing depends on: a power cut may take it.
                try FileSystem.write(
                    JSON.encode(purpose),
                    to: directory.appending("purpose.json"),
                    durably: false
                )
                return (directory, lock)
            } catch let error as SystemError where error.isNotFound {
                // Whoever held the lock before has finished and removed the place.
                continue
            }
        }
    }

    /// Removes the place of a download to which no byte came; the caller holds its lock.
    public func removePartialIfEmpty(_ directory: FilePath, holding lock: FileLock) {
        let content = try? FileSystem.status(directory.appending(Self.partialContentName))
        if (content?.size ?? 0) == 0 { try? removePartial(directory, holding: lock) }
    }

    /// Removes the places of downloads whose bytes are the model's: a process was killed before it came to that.
    public func removeSpentPartials(of model: StoredModel) {
        for file in model.manifest.files {
            for name in [file.sha256, file.gitBlob].compactMap(\.self) {
                let directory = layout.partials.appending(name)
                let stored = try? FileSystem.status(file.path.below(layout.directory(of: model.key)))
                let left = try? FileSystem.status(
                    directory.appending(Self.partialContentName),
                    followingLinks: false
                )
                guard let stored, let left, stored.inode == left.inode, stored.device == left.device else {
                    continue
                }
                try? removePartial(directory)
            }
        }
    }

    /// Removes the place of a download, unless another process works on it.
    public func removePartial(_ directory: FilePath) throws(StoreError) {
        try checkIsPartial(directory)
        let path = directory.appending("lock")
        guard let lock = try stored({ () throws(SystemError) in try FileLock.attempt(path) }) else {
            throw .busy(directory.lastComponent?.string ?? directory.string)
        }
        try removePartial(directory, holding: lock)
    }

    /// Removes the place of a download whose lock the caller holds.
    public func removePartial(_ directory: FilePath, holding lock: FileLock) throws(StoreError) {
        defer { withExtendedLifetime(lock) {} }
        try checkIsPartial(directory)
        // Aside first: whoever waits for its lock may make the place anew while this one is emptied.
        let name = directory.lastComponent?.string ?? ""
        let aside = layout.partials.appending(".\(name).\(UInt32.random(in: 0 ... .max))")
        try stored { () throws(SystemError) in
            try FileSystem.rename(directory, to: aside)
            try FileSystem.remove(aside)
        }
    }

    private func checkIsPartial(_ directory: FilePath) throws(StoreError) {
        guard directory.removingLastComponent() == layout.partials else {
            throw .invalidName(directory.string)
        }
    }
}
