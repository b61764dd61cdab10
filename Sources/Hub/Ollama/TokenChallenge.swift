import Platform
import Transport

/// Where a registry's `WWW-Authenticate: Bearer realm="…",service="…",scope="…"` says that a token can be had.
struct TokenChallenge: Sendable {
    let realm: String
    private let service: String?
    private let scopes: [String]

    /// Reads the head of an answer with status 401; `nil` if it asks for no such token.
    init?(_ head: HTTPHead) {
        guard let value = head["www-authenticate"], value.utf8.count <= 4096,
            value.lowercased().hasPrefix("bearer ")
        else { return nil }
        let parameters = Self.parameters(value.dropFirst("bearer ".count))
        guard let realm = parameters["realm"], Origin(realm) != nil else { return nil }
        self.realm = realm
        service = parameters["service"]
        scopes = parameters["scope"]?.split(separator: " ").map(String.init) ?? []
    }

    /// What to ask for a token.
    var url: String {
        let query =
            (service.map { ["service=\($0.percentEncoded())"] } ?? [])
            + scopes.map { "scope=\($0.percentEncoded())" }
        let address = realm.prefix { $0 != "#" }
        guard !query.isEmpty else { return String(address) }
        return address + (address.contains("?") ? "&" : "?") + query.joined(separator: "&")
    }

    /// `name="value"`, separated by commas that may also stand inside the quotes.
    private static func parameters(_ text: Substring) -> [String: String] {
        var found: [String: String] = [:]
        var rest = text
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals].filter { $0 != "," && $0 != " " }.lowercased()
            rest = rest[rest.index(after: equals)...]
            let isQuoted = rest.first == "\""
            if isQuoted { rest = rest.dropFirst() }
            let value = rest.prefix { isQuoted ? $0 != "\"" : $0 != "," }
            if found[name] == nil { found[name] = String(value) }
            rest = rest[value.endIndex...].drop { $0 == "\"" }
        }
        return found
    }
}
