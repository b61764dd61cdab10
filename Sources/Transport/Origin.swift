/// Scheme, host and port of a URL: whom a request is sent to, and what a secret is for.
public struct Origin: Sendable, Hashable, CustomStringConvertible {
    /// `http` or `https`.
    public let scheme: String
    /// The host, in lower case; an IPv6 address with its brackets.
    public let host: String
    /// The port, also where the URL leaves it to the scheme.
    public let port: Int

    /// Reads the origin of an absolute http or https URL; `nil` for any other, and for one with a user in it.
    public init?(_ url: some StringProtocol) {
        let halves = url.split(separator: "://", maxSplits: 1)
        guard halves.count == 2 else { return nil }
        scheme = halves[0].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let authority = halves[1].prefix { $0 != "/" && $0 != "?" && $0 != "#" }.lowercased()
        guard !authority.isEmpty, !authority.contains("@") else { return nil }
        let defaultPort = scheme == "https" ? 443 : 80
        if let bracket = authority.lastIndex(of: "]") {
            host = String(authority[...bracket])
            let rest = authority[authority.index(after: bracket)...]
            guard let port = rest.isEmpty ? defaultPort : Int(rest.dropFirst()) else { return nil }
            self.port = port
        } else {
            let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2, let port = parts.count == 2 ? Int(parts[1]) : defaultPort else {
                return nil
            }
            host = String(parts[0])
            self.port = port
        }
    }

    /// `scheme://host:port`.
    public var description: String { "\(scheme)://\(host):\(port)" }

    /// Whether a redirect may go there: never out of TLS.
    public func mayLead(to other: Origin) -> Bool { scheme != "https" || other.scheme == "https" }
}
