import Catalog
import Formats
import Hub
import Platform
import SystemPackage

/// A file or a folder of this machine whose headers are wanted.
struct LocalModel: Sendable {
    private let path: FilePath
    private let options: InspectOptions
    private let headers: LocalHeaders

    init(_ path: FilePath, _ options: InspectOptions, _ arrayLimit: Int) {
        self.path = path
        self.options = options
        headers = LocalHeaders(arrayLimit: arrayLimit)
    }

    /// Reads the file, the set that it is one of, or what a pull of the folder would take.
    func read() throws(Failure) -> (ModelHeaders, InspectedModel.Source) {
        let status: FileStatus?
        do throws(SystemError) { status = try FileSystem.status(path) } catch { throw Failure(system: error) }
        let read: ModelHeaders
        switch status?.kind {
        case .directory: read = try folder()
        case .file: read = try file()
        // Whoever opened a pipe or a device would wait for it, or set it off.
        case .other, .link:
            throw Failure(.invalid, "\(path) is neither a file nor a folder")
        case nil:
            throw Failure(
                .notFound,
                "there is nothing at \(path)",
                hint: "a stored model, or one of the hub with `--remote`, is named without the `./`"
            )
        }
        return (read, InspectedModel.Source(kind: "local", path: path.string, sizeBytes: read.size))
    }

    // MARK: A file

    private func file() throws(Failure) -> ModelHeaders {
        let folder = path.removingLastComponent()
        let names = setNames(in: folder)
        guard try LocalHeaders.isSafetensors(path) else {
            return try headers.gguf(names.map { ($0.string, $0.below(folder)) })
        }
        guard case .safetensors(let parts, var beside) = try headers.safetensors(names, in: folder) else {
            preconditionFailure("safetensors are read as safetensors")
        }
        // The index of a folder is about files that were named by it.
        if let bytes = beside.contents[SafetensorsIndex.name],
            (try? SafetensorsIndex.parse(bytes).fileNames) != names.sorted()
        {
            beside.contents[SafetensorsIndex.name] = nil
        }
        return .safetensors(parts, beside)
    }

    /// The names of all shards, where the file is one and the others lie beside it.
    private func setNames(in folder: FilePath) -> [RelativePath] {
        let name = path.lastComponent?.string ?? path.string
        if let shard = ShardName(name) {
            var names: [RelativePath] = []
            for index in 1...shard.count {
                guard let name = RelativePath(shard.name(index)), FileSystem.exists(name.below(folder)) else {
                    break
                }
                names.append(name)
            }
            if names.count == shard.count { return names }
        }
        return [RelativePath(name)].compactMap(\.self)
    }

    // MARK: A folder

    private func folder() throws(Failure) -> ModelHeaders {
        var selection = SelectionRequest(formats: options.format.map { [$0] } ?? ModelFormat.published)
        selection.quant = options.quant
        let request = PullRequest(model: path.string, origin: .local(path), selection: selection)
        let chosen: FileSelection
        do { chosen = try Import(path, request, PullOptions()).choose().chosen } catch {
            throw Failure(error)
        }
        let files = chosen.files.compactMap { file in file.parts.first.map { (file.path, $0.path) } }
        switch chosen.format {
        case .gguf: return try headers.gguf(files.map { ($0.0.string, $0.1.below(path)) })
        case .safetensors, .uqff:
            return try headers.safetensors(files.map(\.1).filter(SafetensorsFiles.isWeights), in: path)
        }
    }
}

extension ModelHeaders {
    /// The length of the files.
    var size: ByteCount {
        switch self {
        case .gguf(let parts): parts.lazy.map(\.header.fileSize).total()
        case .safetensors(let parts, _): parts.lazy.map(\.header.fileSize).total()
        }
    }
}
