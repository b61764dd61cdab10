import HTTPTypes

/// A request, taken apart.
struct Asked: Sendable {
    let method: HTTPRequest.Method
    /// The path as it was sent, without the query.
    let rawPath: String
    /// The parts of the path, decoded; `nil` if they cannot be.
    let parts: [String]?
    private let query: [(name: String, value: String)]
    private let fields: HTTPFields
    private let authority: String?

    init(_ head: HTTPRequest) {
        method = head.method
        let target = (head.path ?? "/").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        rawPath = target.first.map(String.init) ?? "/"
        query = target.count == 2 ? target[1].formPairs : []
        let decoded = rawPath.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(
            \.percentDecoded
        )
        parts = decoded.contains(nil) ? nil : decoded.compactMap { $0 }
        fields = head.headerFields
        authority = head.authority
    }

    subscript(_ name: HTTPField.Name) -> String? { fields[name] }

    func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    func isTrue(_ name: String) -> Bool { ["true", "1"].contains(query(name)?.lowercased() ?? "") }

    /// The beginning of a URL that leads back here by the way that the client came.
    var origin: String? {
        guard let authority, !authority.isEmpty,
            authority.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"<>\"/\\@?#".utf8.contains($0) })
        else { return nil }
        return (self[.forwardedProtocol]?.lowercased() == "https" ? "https://" : "http://") + authority
    }
}
