import FoundationEssentials
import HTTPTypes
import Platform

extension Routes {
    /// What lies in a folder of a repository; all of it at once, unless the client sets a limit.
    func tree(_ asked: Asked, _ repository: Repository, _ revision: Revision, below folder: String) throws
        -> Answer
    {
        let prefix = folder.isEmpty ? "" : folder + "/"
        let all = revision.entries.filter { $0.path.hasPrefix(prefix) }
        guard folder.isEmpty || !all.isEmpty else { throw Refusal.entryNotFound(revision) }
        var entries = all
        if !asked.isTrue("recursive") {
            entries = all.filter { !$0.path.dropFirst(prefix.count).contains("/") }
        }
        if let cursor = asked.query("cursor") { entries = entries.filter { $0.path > cursor } }
        var fields: HTTPFields = [.repositoryCommit: revision.commit]
        if let limit = asked.query("limit") {
            guard let limit = Int(limit), limit > 0 else { throw Refusal.malformed }
            if entries.count > limit, let origin = asked.origin {
                entries = Array(entries.prefix(limit))
                fields[.link] = next(
                    asked,
                    origin,
                    repository,
                    revision,
                    folder,
                    limit,
                    after: entries[limit - 1]
                )
            }
        }
        return try .json(entries, fields)
    }

    /// The next page is one of this commit, whatever becomes of the branch.
    private func next(
        _ asked: Asked,
        _ origin: String,
        _ repository: Repository,
        _ revision: Revision,
        _ folder: String,
        _ limit: Int,
        after last: TreeEntry
    ) -> String {
        let place = "/api/models/\(repository.id)/tree/\(revision.commit)"
        let below = folder.isEmpty ? "" : "/" + folder.percentEncoded()
        let query =
            "recursive=\(asked.isTrue("recursive"))&limit=\(limit)&cursor=\(last.path.percentEncoded())"
        return "<\(origin)\(place)\(below)?\(query)>; rel=\"next\""
    }

    /// What is known of the paths that a client names; those that lead nowhere are left out.
    func pathsInfo(_ asked: Asked, _ body: [UInt8], _ revision: Revision) throws -> Answer {
        let isJSON = asked[.contentType]?.lowercased().hasPrefix("application/json") ?? false
        let paths: Set<String>
        if isJSON {
            guard let decoded = try? JSON.decode(PathsAsked.self, from: body) else { throw Refusal.malformed }
            paths = Set(decoded.paths)
        } else {
            paths = Set(
                String(decoding: body, as: UTF8.self).formPairs.filter { $0.name == "paths" }.map(\.value)
            )
        }
        return try .json(
            revision.entries.filter { paths.contains($0.path) },
            [.repositoryCommit: revision.commit]
        )
    }
}

private struct PathsAsked: Decodable {
    let paths: [String]

    private enum CodingKeys: CodingKey { case paths }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let one = try? container.decode(String.self, forKey: .paths) {
            paths = [one]
        } else {
            paths = try container.decode([String].self, forKey: .paths)
        }
    }
}

struct TreeEntry: Encodable {
    enum Kind: String, Encodable { case file, directory }
    struct LargeFile: Encodable {
        let oid: String
        let size: ByteCount
        let pointerSize: Int
    }

    let type: Kind
    let oid: String
    let size: ByteCount
    let path: String
    var lfs: LargeFile?
}

extension Revision {
    /// Files and the directories that they lie in, by path.
    var entries: [TreeEntry] {
        var contents: [String: String] = [:]
        var entries = files.map { file in
            var folder = file.path.string
            while let slash = folder.lastIndex(of: "/") {
                folder = String(folder[..<slash])
                contents[folder, default: ""] += "\(file.digest.hex) \(file.path)\n"
            }
            let large = TreeEntry.LargeFile(
                oid: file.digest.hex,
                size: file.size,
                pointerSize: file.pointerSize
            )
            return TreeEntry(
                type: .file,
                oid: file.oid,
                size: file.size,
                path: file.path.string,
                lfs: file.isLarge ? large : nil
            )
        }
        entries += contents.map { folder, content in
            TreeEntry(type: .directory, oid: Digest.of(Array(content.utf8), .sha1).hex, size: 0, path: folder)
        }
        return entries.sorted { $0.path < $1.path }
    }
}
