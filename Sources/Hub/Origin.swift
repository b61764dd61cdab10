/// Scheme, host and port of a URL: what a token is for.
struct Origin: Hashable, CustomStringConvertible {
    let scheme: String
    let host: String
    let port: Int

    /// Reads the origin of an absolute http or https URL; `nil` for any other, and for one with a user in it.
    init?(_ url: some StringProtocol) {
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

    var description: String { "\(scheme)://\(host):\(port)" }

    /// Whether a redirect may go there: never out of TLS.
    func mayLead(to other: Origin) -> Bool { scheme != "https" || other.scheme == "https" }

    /// Whether what this origin's user may say is meant for another origin too.
    func trusts(_ other: Origin) -> Bool { self == other || (isHub && other.isHub) }

    /// A host of the hub itself, where the configured endpoint is one: it moves requests between its names.
    var isHub: Bool {
        scheme == "https" && port == 443 && ["huggingface.co", "hf.co", "www.huggingface.co"].contains(host)
    }
}

/// Makes a `Location` absolute; `nil` if it is neither absolute nor a path.
func resolve(_ location: String, against url: String) -> String? {
    if location.hasPrefix("http://") || location.hasPrefix("https://") { return location }
    guard location.hasPrefix("/"), !location.hasPrefix("//"), let origin = Origin(url) else { return nil }
    let authority = url.dropFirst(origin.scheme.count + 3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    return "\(origin.scheme)://\(authority)\(location)"
}
