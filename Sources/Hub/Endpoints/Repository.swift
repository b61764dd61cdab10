public import Platform
import Transport

/// A repository at one commit.
public struct Revision: Sendable, Hashable {
    /// The repository's name as the hub has it now, after a rename.
    public let repository: RepositoryID
    /// The commit, 40 hexadecimal digits.
    public let commit: String

    /// Names a revision that is known already.
    public init(repository: RepositoryID, commit: String) {
        self.repository = repository
        self.commit = commit
    }
}

/// A file of a repository at a commit.
public struct RepositoryFile: Sendable, Hashable {
    /// Its path, checked to stay below any directory.
    public let path: RelativePath
    /// Its length.
    public let size: ByteCount
    /// The hash of its content.
    public let content: Content

    /// Names a file that is known already.
    public init(path: RelativePath, size: ByteCount, content: Content) {
        self.path = path
        self.size = size
        self.content = content
    }

    /// What the hub declares of a content.
    public enum Content: Sendable, Hashable {
        /// The SHA-256 of a file in large file storage.
        case sha256(Digest)
        /// Git's hash of a small file: the SHA-1 of a header and the content.
        case gitBlob(Digest)

        /// The hash, of whichever kind.
        public var digest: Digest {
            switch self {
            case .sha256(let digest), .gitBlob(let digest): digest
            }
        }
    }
}

extension HubClient {
    /// The commit that a branch, tag or commit stands for.
    ///
    /// Maps to `GET /api/models/{id}/revision/{revision}`.
    public func revision(
        _ revision: String,
        of repository: RepositoryID,
        tries: Int = 4
    ) async throws(HubError) -> Revision {
        struct Document: Decodable {
            let id: String
            let sha: String?
        }
        let url = "\(endpoint)/api/models/\(repository)/revision/\(revision.percentEncoded())"
        let (response, _) = try await ask(
            HTTPRequest(.get, url),
            about: Subject(repository: repository, revision: revision),
            tries: tries
        )
        let document = try decode(Document.self, response)
        guard let sha = document.sha, let commit = Digest(.sha1, hex: sha) else {
            throw .unexpected("the hub names no commit of \(repository)")
        }
        return Revision(repository: RepositoryID(document.id) ?? repository, commit: commit.hex)
    }

    /// All files of a repository at a commit, sorted by path, and the paths that were refused as unsafe.
    ///
    /// Maps to `GET /api/models/{id}/tree/{commit}?recursive=true`, all pages.
    public func files(of revision: Revision) async throws(HubError) -> (
        files: [RepositoryFile], refused: [String]
    ) {
        var files: [RepositoryFile] = []
        var refused: [String] = []
        var next: String? =
            "\(endpoint)/api/models/\(revision.repository)/tree/\(revision.commit)?recursive=true&expand=false"
        var pages = 0
        while let url = next {
            // A thousand entries a page: more pages than this is a server that never ends.
            pages += 1
            guard files.count + refused.count <= 100_000 else {
                throw .unexpected("the list of files does not end")
            }
            guard pages <= 1000 else { throw .unexpected("the list of files does not end") }
            let (response, asked) = try await ask(
                HTTPRequest(.get, url),
                about: Subject(repository: revision.repository, revision: revision.commit)
            )
            for entry in try decode([TreeEntry].self, response) where entry.type == "file" {
                guard let path = RelativePath(entry.path) else {
                    refused.append(entry.path)
                    continue
                }
                guard let file = entry.file(at: path) else {
                    throw .unexpected("the hub states no usable size and hash of \(path)")
                }
                files.append(file)
            }
            next = response.head["link"].flatMap(nextPage).flatMap { resolve($0, against: asked) }
            if let next {
                guard let home = Origin(endpoint), let origin = Origin(next), home.trusts(origin) else {
                    throw .refusedAddress(next.prefix { $0 != "?" }.description)
                }
            }
        }
        return (files.sorted { $0.path < $1.path }, refused)
    }

    private struct TreeEntry: Decodable {
        struct LargeFile: Decodable {
            let oid: String
            let size: Int64
        }
        let type: String
        let path: String
        let oid: String?
        let size: Int64?
        let lfs: LargeFile?

        func file(at path: RelativePath) -> RepositoryFile? {
            if let lfs, let digest = Digest(.sha256, hex: lfs.oid), lfs.size >= 0 {
                return RepositoryFile(path: path, size: ByteCount(lfs.size), content: .sha256(digest))
            }
            guard lfs == nil, let oid, let size, size >= 0, let digest = Digest(.sha1, hex: oid) else {
                return nil
            }
            return RepositoryFile(path: path, size: ByteCount(size), content: .gitBlob(digest))
        }
    }

    private func nextPage(_ link: String) -> String? {
        for part in link.split(separator: ",") where part.contains("rel=\"next\"") {
            guard let open = part.firstIndex(of: "<"), let close = part.firstIndex(of: ">"), open < close
            else { continue }
            return String(part[part.index(after: open)..<close])
        }
        return nil
    }
}
