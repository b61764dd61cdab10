import Transport

extension Origin {
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
