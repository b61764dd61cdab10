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
    /// Where a file's bytes can be asked for, without a question whether they are there.
    ///
    /// The hub may redirect from there: `redirected` follows.
    public func address(of file: RepositoryFile, at revision: Revision) -> FileLocation {
        let path = file.path.string.percentEncoded(keeping: "/")
        return location("\(endpoint)/\(revision.repository)/resolve/\(revision.commit)/\(path)")
    }

    /// Where a file's bytes can be had.
    ///
    /// Maps to `HEAD /{id}/resolve/{commit}/{path}`, whose redirect to another origin is read and not followed.
    public func locate(
        _ file: RepositoryFile,
        at revision: Revision,
        tries: Int = 4
    ) async throws(HubError) -> FileLocation {
        let url = address(of: file, at: revision).url
        let (response, answered) = try await ask(
            HTTPRequest(.head, url, headers: [("Accept-Encoding", "identity")]),
            about: Subject(
                repository: revision.repository,
                revision: revision.commit,
                path: file.path.string
            ),
            tries: tries
        )
        try check(response.head, of: file)
        guard (300..<400).contains(response.head.status) else { return location(answered) }
        guard let target = response.head["location"] else {
            throw .unexpected("the hub redirects to no address")
        }
        return try redirected(from: answered, to: target)
    }

    /// Where a redirect leads, from an address that `locate`, `address` or this function gave.
    ///
    /// The token goes from the hub to the hub, and nowhere else; nothing leads out of TLS.
    public func redirected(from url: String, to location: String) throws(HubError) -> FileLocation {
        guard let source = Origin(url), let target = resolve(location, against: url),
            let origin = Origin(target)
        else { throw .unexpected("the hub redirects to no address") }
        guard source.mayLead(to: origin) else {
            throw .unexpected("the hub redirects to \(origin), which is not encrypted")
        }
        guard let home = Origin(endpoint), home.trusts(source) else {
            return FileLocation(url: target, headers: [])
        }
        return self.location(target)
    }

    /// An address, with the token if it is the hub's own.
    private func location(_ url: String) -> FileLocation {
        guard let home = Origin(endpoint), let origin = Origin(url), home.trusts(origin) else {
            return FileLocation(url: url, headers: [])
        }
        return FileLocation(url: url, headers: authorization)
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
