import FoundationEssentials
import Glibc
import Platform
import SystemPackage

/// Folders that lie below a root as `owner/name`, each as a repository with one commit made from its content.
struct FolderSource: RepositorySource {
    private let root: FilePath
    private let threads: DiskThreads
    private let digests: DigestCache

    init(_ root: FilePath, _ threads: DiskThreads) throws(MirrorError) {
        guard let resolved = root.resolved, (try? FileSystem.status(resolved))?.kind == .directory else {
            throw .notADirectory(root)
        }
        self.root = resolved
        self.threads = threads
        digests = DigestCache(threads)
    }

    func repository(_ id: RepositoryID) async throws -> Repository? {
        let folder = root.appending(id.owner).appending(id.name)
        let found = try await threads.run { () -> [Found]? in
            guard let place = inside(folder), try FileSystem.status(place)?.kind == .directory else {
                return nil
            }
            return try contents(of: place, named: "")
        }
        guard let found else { return nil }
        var files: [RepositoryFile] = []
        for file in found {
            let algorithm: DigestAlgorithm = file.isLarge ? .sha256 : .sha1
            guard let digest = try await digests.digest(of: file.location, file.status, algorithm) else {
                continue
            }
            files.append(
                RepositoryFile(
                    path: file.path,
                    location: file.location,
                    size: file.status.size,
                    digest: digest,
                    status: file.status
                )
            )
        }
        let newest = found.lazy.map(\.status.modifiedNanoseconds).max() ?? 0
        let changedAt = Date(timeIntervalSince1970: Double(newest / 1_000_000) / 1000)
        return Repository(
            id: id,
            revisions: [Revision(commit: commit(files), changedAt: changedAt, files: files)]
        )
    }

    /// Another content is another commit, since clients keep what they know of a commit for ever.
    private func commit(_ files: [RepositoryFile]) -> String {
        let lines = files.sorted { $0.path < $1.path }.map { "\($0.digest.hex) \($0.path)\n" }
        return Digest.of(Array(lines.joined().utf8), .sha1).hex
    }

    private struct Found: Sendable {
        let path: RelativePath
        let location: FilePath
        let status: FileStatus

        /// What the hub's own rules put into large file storage, by size or by the name's ending.
        var isLarge: Bool {
            status.size.bytes > 10 * 1024 * 1024
                || Self.largeEndings.contains { path.name.lowercased().hasSuffix($0) }
        }

        private static let largeEndings = [
            ".gguf", ".safetensors", ".bin", ".pt", ".pth", ".onnx", ".onnx_data", ".ckpt", ".h5", ".msgpack",
            ".npy",
            ".npz", ".model", ".pickle", ".pkl", ".joblib", ".ot", ".pb", ".tflite", ".mlmodel", ".arrow",
            ".parquet",
            ".wasm", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".zip", ".7z", ".rar", ".imatrix",
        ]
    }

    /// Names that begin with a dot are not served, nor is what is neither a file nor a directory.
    private func contents(of directory: FilePath, named prefix: String) throws -> [Found] {
        var found: [Found] = []
        for name in try FileSystem.list(directory) where !name.hasPrefix(".") {
            let location = directory.appending(name)
            guard let path = RelativePath(prefix + name),
                let status = try FileSystem.status(location, followingLinks: false)
            else { continue }
            switch status.kind {
            case .directory: found += try contents(of: location, named: prefix + name + "/")
            case .file: found.append(Found(path: path, location: location, status: status))
            case .link:
                guard let target = inside(location), let status = try FileSystem.status(target),
                    status.kind == .file
                else { continue }
                found.append(Found(path: path, location: target, status: status))
            case .other: continue
            }
        }
        return found
    }

    /// Where a path leads once its links are followed; `nil` if that is nowhere, or outside.
    private func inside(_ path: FilePath) -> FilePath? {
        guard let resolved = path.resolved, resolved.starts(with: root) else { return nil }
        return resolved
    }
}

extension FilePath {
    /// The path without links in it; `nil` if nothing lies there.
    fileprivate var resolved: FilePath? {
        unsafe withPlatformString { path in
            guard let text = unsafe realpath(path, nil) else { return nil }
            defer { unsafe free(text) }
            return unsafe FilePath(platformString: text)
        }
    }
}
