import Platform
public import SystemPackage

/// A repository of the stub hub, as a test describes it.
public struct StubRepository: Sendable {
    /// Who may have what.
    public enum Access: Sendable {
        /// Anybody may have everything.
        case open
        /// Anybody sees what there is; the files are for those who were granted them.
        case gated
        /// Only those who were granted it know that it exists.
        case restricted
        /// Closed by the hub.
        case disabled
    }

    /// The name, for example `org/name`.
    public let id: String
    /// Who may have what.
    public var access: Access
    /// The commits that branches and tags stand for; `main` is one of them.
    public private(set) var revisions: [String: StubTree]
    /// Every commit, those included that no branch stands for any more.
    private(set) var history: [StubTree]

    /// Describes a repository whose branch `main` has these files; a path may be anything, the worst included.
    public init(_ id: String, files: [String: StubContent], access: Access = .open) {
        self.id = id
        self.access = access
        let tree = StubTree(repository: id, files: files)
        revisions = ["main": tree]
        history = [tree]
    }

    /// Describes a repository whose branch `main` has the files of a folder.
    public init(_ id: String, folder: FilePath, access: Access = .open) throws {
        let found = try FileSystem.walk(folder).filter { $0.status.kind == .file }
            .map { ($0.path, StubContent.file(folder.pushing(FilePath($0.path)))) }
        self.init(id, files: Dictionary(found) { first, _ in first }, access: access)
    }

    /// Lets a branch or tag stand for these files from now on.
    public mutating func setRevision(_ name: String, files: [String: StubContent]) {
        let tree = StubTree(repository: id, files: files)
        revisions[name] = tree
        history.append(tree)
    }

    /// Keeps the commits that an earlier description of this repository had.
    mutating func keepHistory(of earlier: StubRepository) { history += earlier.history }

    /// The commit of `main`.
    public var commit: String { revisions["main"]?.commit ?? "" }

    /// What a branch, a tag, a commit or the beginning of one stands for.
    func tree(at revision: String) -> StubTree? {
        if let tree = revisions[revision] { return tree }
        guard revision.count >= 7, revision.allSatisfy(\.isHexDigit) else { return nil }
        return history.last { $0.commit.hasPrefix(revision.lowercased()) }
    }
}

/// The files of a repository at one commit.
public struct StubTree: Sendable {
    /// The commit, 40 hexadecimal digits that follow from the files.
    public let commit: String
    /// The files, sorted by path.
    public let files: [StubFile]

    init(repository: String, files: [String: StubContent]) {
        self.files = files.map { StubFile(path: $0.key, content: $0.value) }.sorted { $0.path < $1.path }
        let listing = self.files.map { "\($0.oid) \($0.path)\n" }.joined()
        commit = Digest.of(Array("\(repository)\n\(listing)".utf8), .sha1).hex
    }

    /// The file at a path.
    public subscript(_ path: String) -> StubFile? { files.first { $0.path == path } }
}

/// A file of a repository.
public struct StubFile: Sendable {
    /// The path, which a hostile hub may have chosen.
    public let path: String
    /// The content.
    public let content: StubContent
    /// The SHA-256 of a file in large file storage; `nil` for one that git itself keeps.
    public let sha256: String?
    /// What git calls the blob: the content, or the pointer to it.
    let oid: String
    let pointerSize: Int

    /// The endings that hub repositories keep in large file storage, whatever the size.
    private static let largeEndings: Set<String> = [
        "gguf", "safetensors", "bin", "pt", "pth", "onnx", "model", "npz", "h5", "msgpack", "parquet", "gz",
        "zip",
    ]

    init(path: String, content: StubContent) {
        self.path = path
        self.content = content
        let ending = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
        guard Self.largeEndings.contains(ending) || content.size > 10 << 20 else {
            sha256 = nil
            pointerSize = 0
            oid = content.gitBlob.hex
            return
        }
        let digest = content.sha256.hex
        let pointer =
            "version https://git-lfs.github.com/spec/v1\noid sha256:\(digest)\nsize \(content.size)\n"
        sha256 = digest
        pointerSize = pointer.utf8.count
        oid = StubContent.text(pointer).gitBlob.hex
    }

    /// What the hub's `X-Linked-ETag`, or the `ETag` of a small file, says.
    var etag: String { sha256 ?? oid }

    /// The name that the content has at the CDN, which is not its SHA-256.
    var storageHash: String { Digest.of(Array("storage of \(etag)".utf8)).hex }
}
