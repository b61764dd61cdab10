import Catalog
import Hub
import Platform
import Store
import SystemPackage

/// A form of a model on this machine of which others can be made.
struct ConversionSource: Sendable {
    /// Where it is.
    enum Place: Sendable {
        /// In a volume, as its manifest says.
        case stored(StoredModel)
        /// Where the user has it.
        case local(FilePath)
    }

    let place: Place
    /// The name under which what is made of it is stored, unless another one is wanted.
    let model: String
    let format: ModelFormat
    /// The quantization or the type of the weights, as far as it is known.
    let quant: String?
    let folder: FilePath
    /// The files that it is made of, below its folder.
    let files: [(path: RelativePath, size: ByteCount)]

    var size: ByteCount { files.lazy.map(\.size).total() }

    /// What the folder was called where it came from, from which much is guessed about a model.
    var originalName: String? {
        switch place {
        case .stored(let model): FilePath(model.manifest.source.repository).lastComponent?.string
        case .local: nil
        }
    }

    /// Its weights as GGUF files.
    var ggufs: [FilePath] { files.filter { $0.path.isModelGGUF }.map { $0.path.below(folder) } }

    /// What a manifest says of where it came from.
    var recorded: Manifest.Source {
        switch place {
        case .stored(let model):
            var source = model.manifest.source
            // It says which files were chosen of the repository, and none of them is one of those that are made.
            source.selection = nil
            return source
        case .local(let path): return Manifest.Source(kind: .local, repository: path.string)
        }
    }

    /// The files with their hashes: those of the manifest, or of what is read now.
    func hashedFiles(_ report: @escaping Reporter) async throws -> [Manifest.File] {
        switch place {
        case .stored(let model): return model.manifest.files
        case .local:
            report(.phase(.verifying, "hashing the source of \(model)"))
            report(.files(files.map { ($0.path.string, $0.size) }))
            var hashed: [Manifest.File] = []
            for file in files {
                let (path, size) = (file.path.below(folder), file.size)
                let sha256 = try await cancellableBlocking { checkCancellation in
                    try Digest.ofFile(path) { done in
                        try checkCancellation()
                        report(.progress(file: file.path.string, bytes: done, of: size))
                    }
                }
                report(.done(file: file.path.string))
                hashed.append(Manifest.File(path: file.path, sizeBytes: size, sha256: sha256.hex))
            }
            return hashed
        }
    }

    /// When its files last changed: what differs after the work was not what was read before it.
    func states() throws(SystemError) -> [FileStatus.Version?] {
        try files.map { file throws(SystemError) in try FileSystem.status(file.path.below(folder))?.version }
    }
}

extension ConversionSource {
    /// A stored form.
    init(_ stored: StoredModel, on stack: Stack) throws(Failure) {
        guard let format = ModelFormat(rawValue: stored.key.format) else {
            throw Failure(.unsupported, "`\(stored.key)` has a format that cannot be converted")
        }
        if let missing = stored.firstMissingFile {
            throw Failure(
                .invalid,
                "`\(missing.path)` of `\(stored.key)` is missing or cut short",
                hint: stored.remedy(on: stack)
            )
        }
        self.init(
            place: .stored(stored),
            model: stored.key.model,
            format: format,
            quant: stored.key.quant,
            folder: stored.layout.directory(of: stored.key),
            files: stored.manifest.files.map { ($0.path, $0.sizeBytes) }
        )
    }

    /// A file or a folder of the user's.
    init(at path: FilePath) throws(Failure) {
        let whole: FilePath
        do throws(SystemError) { whole = try FileSystem.absolute(path).lexicallyNormalized() } catch {
            throw Failure(system: error)
        }
        let model = PullRequest.name(of: whole)
        let request = PullRequest(
            model: model,
            origin: .local(whole),
            selection: SelectionRequest(formats: [.safetensors, .gguf], prefersExact: true)
        )
        let (folder, chosen): (FilePath, FileSelection)
        do {
            let source = Import(whole, request, PullOptions())
            try source.refuseAdapter()
            (folder, chosen) = try source.choose()
        } catch {
            throw Failure(error)
        }
        guard chosen.files.allSatisfy({ $0.parts.count == 1 }) else {
            throw Failure(
                .unsupported,
                "\(path) is in pieces, which are no model each",
                hint: "`stackctl pull \(path)` joins them in the volume"
            )
        }
        let files = chosen.files.flatMap(\.parts).map { ($0.path, $0.size) }
        let header: HeaderReading
        do throws(Failure) {
            header = try HeaderReading(chosen.format, in: folder, files: files.map(\.0)) { _ in }
        } catch { throw Failure(error.kind, "\(path): \(error.message)", cause: error.cause) }
        self.init(
            place: .local(whole),
            model: model,
            format: chosen.format,
            quant: header.quant,
            folder: folder,
            files: files
        )
    }
}
