import HTTPTypes
import Platform
import SystemPackage

extension Routes {
    /// A file's bytes, or what is said of them.
    func resolve(_ asked: Asked, _ path: String, in revision: Revision) async throws -> Answer {
        guard let path = RelativePath(path), let served = revision.file(at: path) else {
            throw Refusal.entryNotFound(revision)
        }
        var fields: HTTPFields = [
            .repositoryCommit: revision.commit, .eTag: served.etag, .linkedETag: served.etag,
            .acceptRanges: "bytes",
        ]
        if served.isLarge { fields[.linkedSize] = "\(served.size.bytes)" }
        if let known = asked[.ifNoneMatch], isNamed(served.etag, in: known) {
            return Answer(.notModified, fields)
        }
        guard let file = try await opened(served) else { throw Refusal.entryNotFound(revision) }
        fields[.contentType] = "application/octet-stream"
        let size = served.size.bytes
        // Only a GET has ranges, and only while the file is the one that the client began with.
        let isSame = asked[.ifRange].map { $0 == served.etag } ?? true
        let range = ByteRange(field: asked.method == .get && isSame ? asked[.range] : nil, size: size)
        switch range {
        case .whole: return Answer(.ok, fields, .file(file, offset: 0, length: size))
        case .part(let offset, let length):
            fields[.contentRange] = "bytes \(offset)-\(offset + length - 1)/\(size)"
            return Answer(.partialContent, fields, .file(file, offset: offset, length: length))
        case .beyondTheEnd:
            fields[.contentRange] = "bytes */\(size)"
            fields[.contentType] = nil
            return Answer(.rangeNotSatisfiable, fields)
        }
    }

    /// Opens what the revision names; `nil` if it has gone.
    ///
    /// Bytes other than those that were hashed are not served.
    private func opened(_ served: RepositoryFile) async throws -> File? {
        do {
            return try await threads.run {
                let file = try File(served.location, .read)
                let status = try file.status()
                let isSame = served.status.map { status.isSameContent(as: $0) } ?? (status.kind == .file)
                guard isSame, status.size == served.size else { throw ChangedFile(path: served.location) }
                return file
            }
        } catch let error as SystemError where error.isNotFound {
            return nil
        }
    }

    private func isNamed(_ etag: String, in field: String) -> Bool {
        field.split(separator: ",").contains { entry in
            let name = entry.drop { $0 == " " }
            let strong = (name.hasPrefix("W/") ? name.dropFirst(2) : name).prefix { $0 != " " }
            return strong == "*" || strong == etag
        }
    }
}

/// A file that is no longer what its manifest or its digest says.
struct ChangedFile: Error, CustomStringConvertible {
    let path: FilePath
    var description: String { "\(path) has changed" }
}
