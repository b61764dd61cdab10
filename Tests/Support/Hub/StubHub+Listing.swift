import Platform
import Synchronization

private struct Entry: Encodable {
    struct LargeFile: Encodable {
        let oid: String
        let size: Int64
        let pointerSize: Int
    }
    let type: String
    let oid: String
    let size: Int64
    let path: String
    var lfs: LargeFile?
    var xetHash: String?

    init(directory path: String) {
        type = "directory"
        oid = Digest.of(Array(path.utf8), .sha1).hex
        size = 0
        self.path = path
    }

    init(_ file: StubFile) {
        type = "file"
        oid = file.oid
        size = file.content.size
        path = file.path
        guard let digest = file.sha256 else { return }
        lfs = LargeFile(oid: digest, size: file.content.size, pointerSize: file.pointerSize)
        xetHash = file.storageHash
    }
}

extension StubHubState {
    /// What the hub knows of a repository at a commit.
    func information(_ repository: StubRepository, _ tree: StubTree) -> StubResponse {
        struct Sibling: Encodable { let rfilename: String }
        struct Document: Encodable {
            let _id = "621ffdc036468d709f174364"
            let id: String
            let sha: String
            let isPrivate: Bool
            let gated: Bool
            let disabled: Bool
            let lastModified = "2025-01-01T00:00:00.000Z"
            let tags: [String] = []
            let siblings: [Sibling]

            enum CodingKeys: String, CodingKey {
                case _id, id, sha, gated, disabled, lastModified, tags, siblings
                case isPrivate = "private"
            }
        }
        let document = Document(
            id: repository.id,
            sha: tree.commit,
            isPrivate: repository.access == .restricted,
            gated: repository.access == .gated,
            disabled: repository.access == .disabled,
            siblings: tree.files.map { Sibling(rfilename: $0.path) }
        )
        return .encoded(document)
    }

    /// The branches and tags of a repository; what is named like a version is a tag.
    func references(_ repository: StubRepository) -> StubResponse {
        struct Reference: Encodable {
            let name: String
            let ref: String
            let targetCommit: String
        }
        struct Document: Encodable {
            var branches: [Reference] = []
            let converts: [Reference] = []
            var tags: [Reference] = []
        }
        var document = Document()
        for (name, tree) in repository.revisions.sorted(by: { $0.key < $1.key }) {
            if name.first == "v", name.dropFirst().first?.isNumber == true {
                document.tags.append(
                    Reference(name: name, ref: "refs/tags/\(name)", targetCommit: tree.commit)
                )
            } else {
                document.branches.append(
                    Reference(name: name, ref: "refs/heads/\(name)", targetCommit: tree.commit)
                )
            }
        }
        return .encoded(document)
    }

    /// A page of the files of a repository at a commit.
    func list(
        _ request: StubRequest,
        _ repository: StubRepository,
        _ tree: StubTree,
        below folder: String
    ) -> StubResponse {
        let query = request.query
        let all = entries(of: tree, below: folder, isRecursive: query["recursive"]?.lowercased() == "true")
        if all.isEmpty, !folder.isEmpty {
            let message = "\(folder) does not exist on \\\"main\\\""
            var response = StubResponse.json("{\"error\":\"\(message)\"}", status: 404)
            response.headers["X-Error-Code"] = "EntryNotFound"
            return response
        }
        let most = query["expand"]?.lowercased() == "true" ? 50 : settings.pageSize
        let limit = max(1, min(query["limit"].flatMap { Int($0) } ?? most, most))
        let start = min(query["cursor"].flatMap { Int($0) } ?? 0, all.count)
        var response = StubResponse.encoded(Array(all[start...].prefix(limit)))
        response.headers["X-Repo-Commit"] = tree.commit
        if start + limit < all.count {
            let hub = addresses.withLock { $0.hub }
            let others = query.filter { $0.key != "cursor" && $0.key != "limit" }.sorted { $0.key < $1.key }
                .map { "\($0.key)=\($0.value)&" }.joined()
            response.headers["Link"] =
                "<\(hub)\(request.path)?\(others)limit=\(limit)&cursor=\(start + limit)>; rel=\"next\""
        }
        return response
    }

    private func entries(of tree: StubTree, below folder: String, isRecursive: Bool) -> [Entry] {
        let prefix = folder.isEmpty ? "" : folder + "/"
        var directories: Set<String> = []
        var files: [Entry] = []
        for file in tree.files where file.path.hasPrefix(prefix) {
            let parts = file.path.dropFirst(prefix.count).split(
                separator: "/",
                omittingEmptySubsequences: false
            )
            for depth in 1..<max(1, parts.count) where isRecursive || depth == 1 {
                directories.insert(prefix + parts.prefix(depth).joined(separator: "/"))
            }
            if isRecursive || parts.count == 1 { files.append(Entry(file)) }
        }
        return directories.sorted().map(Entry.init(directory:)) + files
    }
}

extension StubResponse {
    fileprivate static func encoded(_ document: some Encodable) -> StubResponse {
        guard let bytes = try? JSON.encodeLine(document) else { return StubResponse(500) }
        return .json(String(decoding: bytes, as: UTF8.self))
    }
}
