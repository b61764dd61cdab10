import FoundationEssentials
import HTTPTypes
import Platform

extension Routes {
    func modelInfo(_ asked: Asked, _ repository: Repository, _ revision: Revision) throws -> Answer {
        try .json(
            ModelInfo(repository, revision, withBlobs: asked.isTrue("blobs")),
            [.repositoryCommit: revision.commit]
        )
    }

    /// The names of revisions; a client of llama.cpp asks for them before all else.
    func references(_ asked: Asked, _ repository: Repository) throws -> Answer {
        let main = repository.revisions.first.map { [("main", $0.commit)] } ?? []
        let others = repository.revisions.flatMap { revision in revision.names.map { ($0, revision.commit) } }
        var seen: Set<String> = []
        let branches = (main + others).filter { !$0.0.hasPrefix("refs/") && seen.insert($0.0).inserted }
        return try .json(
            References(
                branches: branches.map { .init(name: $0.0, ref: "refs/heads/\($0.0)", targetCommit: $0.1) },
                pullRequests: asked.isTrue("include_prs") ? [] : nil
            ),
            main.first.map { [.repositoryCommit: $0.1] } ?? [:]
        )
    }
}

private struct References: Encodable {
    struct Reference: Encodable {
        let name: String
        let ref: String
        let targetCommit: String
    }

    let branches: [Reference]
    let converts: [Reference] = []
    let tags: [Reference] = []
    let pullRequests: [Reference]?
}

private struct ModelInfo: Encodable {
    struct Sibling: Encodable {
        let rfilename: String
        var blobId: String?
        var size: ByteCount?
        var lfs: LargeFile?
    }

    struct LargeFile: Encodable {
        let sha256: String
        let size: ByteCount
        let pointerSize: Int
    }

    let id: String
    let modelId: String
    let author: String
    let sha: String
    let lastModified: String
    let `private` = false
    let gated = false
    let disabled = false
    let tags: [String] = []
    let downloads = 0
    let likes = 0
    let siblings: [Sibling]

    init(_ repository: Repository, _ revision: Revision, withBlobs: Bool) {
        id = repository.id.description
        modelId = id
        author = repository.id.owner
        sha = revision.commit
        // Older clients insist on the fraction of the second.
        lastModified = revision.changedAt.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        siblings = revision.files.map { file in
            guard withBlobs else { return Sibling(rfilename: file.path.string) }
            let large = LargeFile(sha256: file.digest.hex, size: file.size, pointerSize: file.pointerSize)
            return Sibling(
                rfilename: file.path.string,
                blobId: file.oid,
                size: file.size,
                lfs: file.isLarge ? large : nil
            )
        }
    }
}
