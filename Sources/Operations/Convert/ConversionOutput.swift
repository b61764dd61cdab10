import Platform
import Store
import SystemPackage

/// The file or the folder that the user has named for what is made.
struct ConversionOutput: Sendable {
    private let path: FilePath
    private let isFolder: Bool
    private let options: ConvertOptions
    private let model: String

    init(_ path: FilePath, _ options: ConvertOptions, _ model: String) throws(Failure) {
        self.path = path
        self.options = options
        self.model = model
        do throws(SystemError) {
            let isThere = try FileSystem.status(path)?.kind == .directory
            isFolder = isThere || options.outputIsFolder
        } catch { throw Failure(system: error) }
    }

    /// The file of each target: in the folder if there is one, or there are several targets.
    func place(for targets: [TargetForm], besides source: [FileStatus.Version?]) throws(Failure)
        -> ConversionPlace
    {
        var paths: [TargetForm: FilePath] = [:]
        do {
            for target in targets {
                let file =
                    isFolder || targets.count > 1
                    ? try ConversionPlace.fileName(model, target).below(path) : path
                try check(file, besides: source)
                paths[target] = file
            }
        } catch { throw Failure(error) }
        return .files(paths)
    }

    private func check(_ file: FilePath, besides source: [FileStatus.Version?]) throws {
        guard let status = try FileSystem.status(file) else { return }
        let isSource = source.contains { $0?.device == status.device && $0?.inode == status.inode }
        guard !isSource else {
            throw Failure(
                .conflict,
                "\(file) is what would be converted",
                hint: "name another place with `--output`"
            )
        }
        guard options.force, status.kind == .file else {
            throw Failure(
                .conflict,
                "there is \(status.kind == .file ? "a file" : "something else") at \(file) already",
                hint: status.kind == .file
                    ? "add `--force` to replace it" : "name another place with `--output`"
            )
        }
    }
}
