import FoundationEssentials
import Platform
import SystemPackage

/// The `owner/name` of a repository, checked as the hub's own client checks it.
struct RepositoryID: Sendable, Hashable, CustomStringConvertible {
    let owner: String
    let name: String

    init?(owner: String, name: String) {
        for part in [owner, name] {
            guard (1...96).contains(part.utf8.count), part.utf8.allSatisfy(\.isOfName), !part.hasPrefix("."),
                !part.contains(".."), !part.contains("--"), !part.hasSuffix(".git")
            else { return nil }
        }
        self.owner = owner
        self.name = name
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        self.init(owner: String(parts[0]), name: String(parts[1]))
    }

    var description: String { "\(owner)/\(name)" }
}

extension UInt8 {
    fileprivate var isOfName: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// One repository as it is served.
struct Repository: Sendable {
    let id: RepositoryID
    /// The newest first; it is what `main` means.
    let revisions: [Revision]

    /// The revision that a client names: a branch, a tag, a commit or the beginning of one.
    func revision(named name: String) -> Revision? {
        if ["main", "HEAD", "refs/heads/main"].contains(name) { return revisions.first }
        if let named = revisions.first(where: { $0.names.contains(name) }) { return named }
        let start = name.lowercased()
        guard start.utf8.count >= 7 else { return nil }
        let begun = revisions.filter { $0.commit.hasPrefix(start) }
        return begun.count == 1 ? begun.first : nil
    }
}

/// The files of a repository at one commit.
struct Revision: Sendable {
    /// 40 hexadecimal digits.
    let commit: String
    /// The branches and tags besides `main` that lead here.
    let names: [String]
    let changedAt: Date
    /// By path.
    let files: [RepositoryFile]

    init(commit: String, names: [String] = [], changedAt: Date, files: [RepositoryFile]) {
        self.commit = commit
        self.names = names
        self.changedAt = changedAt
        self.files = files.sorted { $0.path < $1.path }
    }

    func file(at path: RelativePath) -> RepositoryFile? { files.first { $0.path == path } }
}

/// One file of a repository.
struct RepositoryFile: Sendable {
    let path: RelativePath
    /// Where its bytes are on this host.
    let location: FilePath
    let size: ByteCount
    /// Git's hash of the content, or its SHA-256 for a file that counts as one of git's large file storage.
    let digest: Digest
    /// What the file was when it was hashed, where that is known.
    let status: FileStatus?

    var isLarge: Bool { digest.algorithm == .sha256 }
    /// The name of the blob in every client's cache.
    var etag: String { "\"\(digest.hex)\"" }

    /// Git's hash of what is in the repository: the content, or the pointer in its place.
    var oid: String { isLarge ? gitBlob(pointer).hex : digest.hex }
    var pointerSize: Int { pointer.count }

    private var pointer: [UInt8] {
        Array(
            "version https://git-lfs.github.com/spec/v1\noid sha256:\(digest.hex)\nsize \(size.bytes)\n".utf8
        )
    }
}

/// Git's hash of bytes in memory.
func gitBlob(_ bytes: [UInt8]) -> Digest {
    Digest.of(Array("blob \(bytes.count)\0".utf8) + bytes, .sha1)
}
