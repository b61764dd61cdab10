import Platform
import Transport

/// An address from which a file's bytes can be had now.
///
/// It may be signed: it is never shown or stored.
public struct FileLocation: Sendable, CustomStringConvertible, CustomReflectable {
    /// The address.
    public let url: String
    /// What must be sent with it; the token is here only if the address is the hub's own.
    public let headers: [(name: String, value: String)]

    /// Says that there is an address, not which.
    public var description: String { "(address)" }
    /// Shows nothing in a dump.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension HubClient {
    /// Where a file's bytes can be had.
    ///
    /// Maps to `HEAD /{id}/resolve/{commit}/{path}`, whose redirect to another origin is read and not followed.
    public func locate(_ file: RepositoryFile, at revision: Revision) async throws(HubError) -> FileLocation {
        let path = file.path.string.percentEncoded(keeping: "/")
        let url = "\(endpoint)/\(revision.repository)/resolve/\(revision.commit)/\(path)"
        let (response, answered) = try await ask(
            HTTPRequest(.head, url, headers: [("Accept-Encoding", "identity")]),
            about: Subject(repository: revision.repository, revision: revision.commit, path: file.path.string)
        )
        try check(response.head, of: file)
        guard (300..<400).contains(response.head.status) else {
            let authorization = token.map { [("Authorization", "Bearer \($0.secret)")] } ?? []
            return FileLocation(url: answered, headers: authorization)
        }
        guard let location = response.head["location"], let target = resolve(location, against: answered),
            let origin = Origin(target)
        else { throw .unexpected("the hub redirects to no address") }
        if let home = Origin(endpoint), !home.mayLead(to: origin) {
            throw .unexpected("the hub redirects to \(origin), which is not encrypted")
        }
        return FileLocation(url: target, headers: [])
    }

    private func check(_ head: HTTPHead, of file: RepositoryFile) throws(HubError) {
        let isRedirect = (300..<400).contains(head.status)
        let etag = (head["x-linked-etag"] ?? (isRedirect ? nil : head["etag"])).map(Self.unquoted)
        if let etag, let stated = Digest(file.content.digest.algorithm, hex: etag),
            stated != file.content.digest
        {
            throw .unexpected("the hub names two hashes of \(file.path)")
        }
        let size = head["x-linked-size"].flatMap { Int64($0) } ?? (isRedirect ? nil : head.contentLength)
        if let size, ByteCount(size) != file.size {
            throw .unexpected("the hub names two sizes of \(file.path)")
        }
    }

    private static func unquoted(_ etag: String) -> String {
        var text = Substring(etag)
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        return text.filter { $0 != "\"" }
    }
}
