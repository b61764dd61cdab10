import Catalog
import Formats
import FoundationEssentials
import Host
import Hub
import Platform
import Store
import SystemPackage

/// Brings a model of this machine into a volume: copied, hashed, then visible.
///
/// The original is left as it is.
struct Import: Sendable {
    private let origin: FilePath
    private let request: PullRequest
    private let options: PullOptions

    init(_ origin: FilePath, _ request: PullRequest, _ options: PullOptions) {
        self.origin = origin
        self.request = request
        self.options = options
    }

    /// Tells what would be copied.
    func plan(stack: Stack, store: ModelStore) throws(Failure) -> PullPlan {
        do {
            try store.refuseOtherSpelling(of: request.model)
            let (_, chosen) = try choose()
            return PullPlan(
                stack: stack.name,
                model: request.model,
                format: chosen.format.rawValue,
                quant: (request.selection.quant ?? chosen.quant)?.name,
                repository: try FileSystem.absolute(origin).string,
                revision: nil,
                files: chosen.files.map {
                    PullPlan.File(path: $0.path, sizeBytes: $0.size, missingBytes: $0.size)
                },
                freeBytes: try DiskSpace(at: store.layout.volume).available
            )
        } catch { throw Failure(error) }
    }

    /// Copies the model in; one that is stored already with the same content is left as it is.
    ///
    /// `held` is the right to change it, where the caller has that already.
    func run(
        in store: ModelStore,
        holding held: FileLock? = nil,
        report: @escaping Reporter
    ) async throws -> (StoredModel, wasThere: Bool) {
        let (folder, chosen) = try choose()
        let files = chosen.files
        try checkSpace(for: chosen, in: store)
        var lock = held
        if lock == nil {
            lock = try await store.lock(model: request.model) {
                report(.phase(.waiting, "waiting for another stackctl that changes \(request.model)"))
            }
        }
        defer { withExtendedLifetime(lock) {} }
        try store.refuseOtherSpelling(of: request.model)
        report(.files(files.map { ($0.path.string, $0.size) }))
        report(.phase(.copying, "copying \(request.model)"))
        let ingest = try store.beginIngest(model: request.model)
        do {
            var stored: [Manifest.File] = []
            for file in files {
                let sha256 = try await copy(file, from: folder, to: file.path.below(ingest.directory), report)
                stored.append(Manifest.File(path: file.path, sizeBytes: file.size, sha256: sha256.hex))
                report(.done(file: file.path.string))
            }
            report(.phase(.storing, "storing \(request.model)"))
            return try publish(stored, of: chosen, ingest, in: store, report)
        } catch {
            ingest.discard()
            throw error
        }
    }

    private func publish(
        _ files: [Manifest.File],
        of chosen: FileSelection,
        _ ingest: Ingest,
        in store: ModelStore,
        _ report: Reporter
    ) throws -> (StoredModel, wasThere: Bool) {
        let header = try HeaderReading(chosen.format, in: ingest.directory, files: files.map(\.path), report)
        let key = try ModelKey(
            model: request.model,
            format: chosen.format.rawValue,
            quant: (request.selection.quant ?? chosen.quant)?.name ?? header.quant ?? "unknown"
        )
        if !options.force, let old = try store.model(key) {
            guard old.manifest.files == files else {
                throw Failure.stored(key, "with another content")
            }
            ingest.discard()
            return (old, true)
        }
        let source = Manifest.Source(kind: .local, repository: try FileSystem.absolute(origin).string)
        let manifest = Manifest(
            key: key,
            source: source,
            facts: header.facts,
            files: files,
            pulledAt: .now,
            tool: toolVersion
        )
        return (try ingest.publish(manifest), false)
    }

    private func checkSpace(for chosen: FileSelection, in store: ModelStore) throws {
        let free = try DiskSpace(at: store.layout.volume).available
        guard chosen.size > free else { return }
        throw Failure(
            .noSpace,
            "`\(request.model)` needs \(chosen.size), and \(store.layout.volume) has \(free) free",
            hint: "see `stackctl df`"
        )
    }

    /// Chooses by the rules for a repository: the folder is one, and a file is one of its folder.
    func choose() throws -> (folder: FilePath, chosen: FileSelection) {
        guard let status = try FileSystem.status(origin) else {
            throw Failure(
                .notFound,
                "there is nothing at \(origin)",
                hint: "a repository of the hub is named without the `./`"
            )
        }
        var wanted = request.selection
        var folder = origin
        if status.kind == .file {
            guard let name = origin.lastComponent?.string, name.lowercased().hasSuffix(".gguf"),
                let path = RelativePath(name)
            else {
                throw Failure(
                    .unsupported,
                    "\(origin) is not a `.gguf` file",
                    hint: "for safetensors, name the folder"
                )
            }
            wanted.path = path
            folder = origin.removingLastComponent()
        }
        let files = try (status.kind == .file ? besides(folder) : FileSystem.walk(folder))
            .compactMap { path, status -> RepositoryFile? in
                guard !path.hasPrefix("."), let path = RelativePath(path) else { return nil }
                // A folder of the hub's own cache is all links; what they lead to is the user's to choose.
                let status =
                    status.kind == .link ? try FileSystem.status(path.below(folder)) ?? status : status
                guard status.kind == .file else { return nil }
                // Nobody has declared a hash of it: its name stands in, which only tells it from the others.
                return RepositoryFile(
                    path: path,
                    size: status.size,
                    content: .sha256(.of(Array(path.string.utf8)))
                )
            }
        do throws(SelectionRefusal) {
            return (folder, try FileSelection.choose(wanted, from: files))
        } catch { throw Failure(error, of: "\(origin)", request) }
    }

    /// Refuses a folder that has weights too, and is no model.
    func refuseAdapter() throws(Failure) {
        guard FileSystem.exists(origin.appending(AdapterFacts.configName)),
            !FileSystem.exists(origin.appending("config.json"))
        else { return }
        throw Failure(
            .unsupported,
            "\(origin) is a LoRA adapter, not a model",
            hint:
                "lay it over its model with `stackctl lora add MODEL NAME=\(ModelReference(.local(origin)))`"
        )
    }

    private func besides(_ folder: FilePath) throws -> [(path: String, status: FileStatus)] {
        let folder = folder.isEmpty ? "." : folder
        return try FileSystem.list(folder).compactMap { name in
            try FileSystem.status(folder.appending(name)).map { (name, $0) }
        }
    }

    private func copy(
        _ file: SelectedFile,
        from folder: FilePath,
        to target: FilePath,
        _ report: @escaping Reporter
    ) async throws -> Digest {
        try await cancellableBlocking { checkCancellation in
            try FileSystem.createDirectory(target.removingLastComponent())
            let copy = try File(target, .create)
            var digest = RunningDigest(.sha256)
            var done: Int64 = 0
            for part in file.parts {
                _ = try File(part.path.below(folder), .read).forEachChunk { bytes in
                    try checkCancellation()
                    try copy.write(bytes, at: done)
                    digest.update(bytes)
                    done += Int64(bytes.byteCount)
                    report(.progress(file: file.path.string, bytes: ByteCount(done), of: file.size))
                }
            }
            guard ByteCount(done) == file.size else {
                throw Failure(
                    .conflict,
                    "`\(file.path)` changed while it was read",
                    hint: "try again when nothing writes to it"
                )
            }
            try copy.synchronize()
            return digest.finish()
        }
    }
}
