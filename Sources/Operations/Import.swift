import Catalog
import FoundationEssentials
import Host
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
            let (format, files) = try chooseFiles()
            return PullPlan(
                stack: stack.name,
                model: request.model,
                format: format.rawValue,
                quant: (request.selection.quant
                    ?? files.first.flatMap { Quantization.label(inFileName: $0.path.name) })?.name,
                repository: try absolute(origin),
                revision: nil,
                files: files.map { PullPlan.File(path: $0.path, sizeBytes: $0.size, missingBytes: $0.size) },
                freeBytes: try DiskSpace(at: store.layout.volume).available
            )
        } catch { throw Failure(error) }
    }

    /// Copies the model in; one that is stored already with the same content is left as it is.
    func run(in store: ModelStore, report: @escaping Reporter) async throws -> (StoredModel, wasThere: Bool) {
        let (format, files) = try chooseFiles()
        try checkSpace(for: files, in: store)
        let lock = try await store.lock(model: request.model) {
            report(.stage("waiting for another stackctl that changes \(request.model)"))
        }
        defer { withExtendedLifetime(lock) {} }
        report(.files(files.map { ($0.path.string, $0.size) }))
        let ingest = try store.beginIngest(model: request.model)
        do {
            var stored: [Manifest.File] = []
            for file in files {
                let sha256 = try await copy(file, to: file.path.below(ingest.directory), report)
                stored.append(Manifest.File(path: file.path, sizeBytes: file.size, sha256: sha256.hex))
                report(.done(file: file.path.string))
            }
            let header = try HeaderReading(format, in: ingest.directory, files: files.map(\.path), report)
            let key = try key(format, stored, header)
            if !options.force, let old = try store.model(key) {
                guard old.manifest.files == stored else {
                    throw Failure(
                        .conflict,
                        "`\(key)` is stored already, with another content",
                        hint: "add `--force` to replace it, or `--as NAME`"
                    )
                }
                ingest.discard()
                return (old, true)
            }
            let path = try absolute(origin)
            let model = try ingest.publish(
                Manifest(
                    key: key,
                    source: .init(kind: .local, repository: path),
                    facts: header.facts,
                    files: stored,
                    pulledAt: .now,
                    tool: toolVersion
                )
            )
            return (model, false)
        } catch {
            ingest.discard()
            throw error
        }
    }

    private func checkSpace(for files: [LocalFile], in store: ModelStore) throws {
        let size = files.lazy.map(\.size).total()
        let free = try DiskSpace(at: store.layout.volume).available
        guard size > free else { return }
        throw Failure(
            .noSpace,
            "`\(request.model)` needs \(size), and \(store.layout.volume) has \(free) free",
            hint: "see `stackctl df`"
        )
    }

    private func key(
        _ format: ModelFormat,
        _ files: [Manifest.File],
        _ header: HeaderReading
    ) throws -> ModelKey {
        let named =
            request.selection.quant ?? files.first.flatMap { Quantization.label(inFileName: $0.path.name) }
        let quant = named?.name ?? header.quant ?? "unknown"
        return try ModelKey(model: request.model, format: format.rawValue, quant: quant)
    }

    private struct LocalFile: Sendable {
        let source: FilePath
        let path: RelativePath
        let size: ByteCount
    }

    private func chooseFiles() throws -> (ModelFormat, [LocalFile]) {
        guard let status = try FileSystem.status(origin) else {
            throw Failure(.notFound, "there is nothing at \(origin)")
        }
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
            return (.gguf, try shards(of: path, size: status.size))
        }
        let files = try FileSystem.walk(origin).compactMap { path, status -> LocalFile? in
            guard status.kind == .file, let relative = RelativePath(path), !path.hasPrefix("."),
                path != Layout.manifestName
            else { return nil }
            return LocalFile(source: relative.below(origin), path: relative, size: status.size)
        }
        let wantsGGUF = request.selection.formats.first == .gguf
        let gguf = files.filter {
            $0.path.string.lowercased().hasSuffix(".gguf") && !$0.path.string.contains("/")
        }
        let weights = files.filter { SafetensorsFiles.isWeights($0.path) }
        if !gguf.isEmpty, wantsGGUF || weights.isEmpty { return (.gguf, gguf) }
        guard !weights.isEmpty else {
            throw Failure(.notFound, "\(origin) holds neither GGUF nor safetensors files")
        }
        return (.safetensors, files)
    }

    private func shards(of path: RelativePath, size: ByteCount) throws -> [LocalFile] {
        guard let place = ShardName(path.name) else {
            return [LocalFile(source: origin, path: path, size: size)]
        }
        return try (1...place.count).map { index in
            let name = place.name(index)
            let source = origin.removingLastComponent().appending(name)
            guard let status = try FileSystem.status(source), status.kind == .file,
                let path = RelativePath(name)
            else {
                throw Failure(.invalid, "the shard \(source) is missing")
            }
            return LocalFile(source: source, path: path, size: status.size)
        }
    }

    private func copy(_ file: LocalFile, to target: FilePath, _ report: @escaping Reporter) async throws
        -> Digest
    {
        try await cancellableBlocking { checkCancellation in
            try FileSystem.createDirectory(target.removingLastComponent())
            let source = try File(file.source, .read)
            let copy = try File(target, .create)
            var digest = RunningDigest(.sha256)
            var done: Int64 = 0
            _ = try source.forEachChunk { bytes in
                try checkCancellation()
                try copy.write(bytes, at: done)
                digest.update(bytes)
                done += Int64(bytes.byteCount)
                report(.progress(file: file.path.string, bytes: ByteCount(done), of: file.size))
            }
            guard ByteCount(done) == file.size else {
                throw Failure(
                    .conflict,
                    "\(file.source) changed while it was read",
                    hint: "try again when nothing writes to it"
                )
            }
            try copy.synchronize()
            return digest.finish()
        }
    }

    private func absolute(_ path: FilePath) throws -> String {
        path.isAbsolute
            ? path.string : try FileSystem.currentDirectory().pushing(path).lexicallyNormalized().string
    }
}
