public import Platform
public import SystemPackage
public import Transport

/// Where the engine is, and why it is looked for there.
public struct EngineAddress: Sendable, Hashable, CustomStringConvertible {
    /// How it is reached.
    public enum Place: Sendable, Hashable {
        /// At a Unix socket of this machine.
        case socket(FilePath)
        /// Over TCP; with TLS if there is an identity.
        case network(host: String, port: Int, TLSIdentity?)
        /// Through the ssh client.
        case ssh(SSHDestination)
    }

    /// What decided it.
    public enum Origin: Sendable, Hashable, CustomStringConvertible {
        /// The caller.
        case given
        /// `DOCKER_HOST`.
        case variable
        /// A context of the docker command, and what names the context: a variable or a file.
        case context(String, namedBy: String)
        /// It is the first of the usual sockets that can be used; those that were looked at before are named.
        case usual(passedOver: [FilePath])

        /// For example `DOCKER_HOST`.
        public var description: String {
            switch self {
            case .given: "given"
            case .variable: "DOCKER_HOST"
            case .context(let name, let place): "the context \(name) of \(place)"
            case .usual(let others) where others.isEmpty: "the usual socket"
            case .usual(let others):
                "a usual socket, after " + others.map { $0.string }.joined(separator: ", ")
            }
        }
    }

    /// How it is reached.
    public let place: Place
    /// What decided it.
    public let origin: Origin

    /// States an address.
    public init(_ place: Place, origin: Origin = .given) {
        self.place = place
        self.origin = origin
    }

    /// As `DOCKER_HOST` would have it.
    public var description: String {
        switch place {
        case .socket(let path): "unix://\(path)"
        case .network(let host, let port, _): "tcp://\(host):\(port)"
        case .ssh(let destination): "ssh://\(destination)"
        }
    }

    /// Finds the engine of an environment as the docker command does: `DOCKER_HOST`, else the current context, else the
    /// usual sockets of Docker and of Podman.
    public init(environment: Environment) throws(DockerError) {
        let configuration = DockerConfiguration(environment)
        if let address = environment["DOCKER_HOST"] {
            let place = try Self.place(address) { configuration.identity(of: environment) }
            self.init(place, origin: .variable)
        } else if let context = try configuration.currentContext(environment) {
            let found = try configuration.endpoint(ofContext: context.name)
            self.init(
                try Self.place(found.address) { found.identity },
                origin: .context(context.name, namedBy: context.namedBy)
            )
        } else {
            self = Self.usual(environment)
        }
    }

    /// Reads an address.
    static func place(_ address: String, identity: () -> TLSIdentity?) throws(DockerError) -> Place {
        let halves = address.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init
        )
        guard halves.count == 2, !halves[1].isEmpty else { throw .unsupportedAddress(address) }
        switch halves[0] {
        case "unix":
            // The kernel's limit of a socket's name, with its end.
            guard halves[1].hasPrefix("/"), halves[1].utf8.count < 108 else {
                throw .unsupportedAddress(address)
            }
            return .socket(FilePath(halves[1]))
        case "tcp":
            let identity = identity()
            guard let origin = Origin.network(halves[1], defaultPort: identity == nil ? 2375 : 2376) else {
                throw .unsupportedAddress(address)
            }
            return .network(host: origin.host, port: origin.port, identity)
        case "ssh":
            guard let destination = SSHDestination(parsing: halves[1]) else {
                throw .unsupportedAddress(address)
            }
            return .ssh(destination)
        default: throw .unsupportedAddress(address)
        }
    }

    /// The first of the usual sockets that this user may use, else the first that is there, else Docker's own place.
    private static func usual(_ environment: Environment) -> EngineAddress {
        let own = environment["XDG_RUNTIME_DIR"].map { FilePath($0) }
        let places: [FilePath] = [
            own?.appending("docker.sock"), "/var/run/docker.sock",
            own?.pushing("podman/podman.sock"), "/run/podman/podman.sock",
        ].compactMap(\.self)
        let granted = places.firstIndex { FileAccess.isGranted($0) }
        let chosen = granted ?? places.firstIndex { FileSystem.exists($0) }
        guard let chosen else {
            return EngineAddress(.socket("/var/run/docker.sock"), origin: .usual(passedOver: places))
        }
        return EngineAddress(.socket(places[chosen]), origin: .usual(passedOver: Array(places[..<chosen])))
    }
}

extension EngineAddress.Origin {
    /// Reads `host`, `host:port` or `[v6]:port`, with nothing behind it but a slash.
    fileprivate static func network(_ text: String, defaultPort: Int) -> (host: String, port: Int)? {
        let text = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard let origin = Origin("http://\(text)"), !text.contains(where: { "/?#".contains($0) }),
            !origin.host.isEmpty, (1...65_535).contains(origin.port),
            origin.host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        let isStated = text.hasSuffix(":\(origin.port)")
        return (origin.host, isStated ? origin.port : defaultPort)
    }
}

/// Whom to log in as, and where.
public struct SSHDestination: Sendable, Hashable, CustomStringConvertible {
    /// The name there; without one, ssh's own configuration says.
    public let user: String?
    /// The host, or what ssh's configuration calls it.
    public let host: String
    /// The port; without one, ssh's own configuration says.
    public let port: Int?

    /// Reads `user@host:port`, of which only the host is needed.
    init?(parsing text: String) {
        let text = text.hasSuffix("/") ? text.dropLast() : text[...]
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        guard halves.count <= 2, let place = halves.last, let (host, port) = Self.hostAndPort(place) else {
            return nil
        }
        let user = halves.count == 2 ? halves[0] : ""
        // What begins with a dash would be an option to ssh.
        for part in [Substring(host), user] {
            guard part.first != "-", part.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        }
        guard !host.isEmpty, !text.contains(where: { "/?#%".contains($0) }),
            halves.count == 1 || !user.isEmpty
        else {
            return nil
        }
        self.user = user.isEmpty ? nil : String(user)
        self.host = host
        self.port = port
    }

    private static func hostAndPort(_ text: Substring) -> (String, Int?)? {
        if text.hasPrefix("["), let bracket = text.firstIndex(of: "]") {
            let rest = text[text.index(after: bracket)...]
            let host = String(text[text.index(after: text.startIndex)..<bracket])
            if rest.isEmpty { return (host, nil) }
            guard rest.first == ":", let port = Int(rest.dropFirst()), (1...65_535).contains(port) else {
                return nil
            }
            return (host, port)
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return nil }
        if parts.count == 1 { return (String(text), nil) }
        guard let port = Int(parts[1]), (1...65_535).contains(port) else { return nil }
        return (String(parts[0]), port)
    }

    /// As it was read.
    public var description: String {
        (user.map { "\($0)@" } ?? "") + (host.contains(":") ? "[\(host)]" : host)
            + (port.map { ":\($0)" } ?? "")
    }

    /// The words behind `ssh` that let the other side's docker command bridge to its engine.
    var arguments: [String] {
        var words = ["-T", "-o", "ConnectTimeout=30"]
        if let user { words += ["-l", user] }
        if let port { words += ["-p", String(port)] }
        return words + ["--", host, "docker", "system", "dial-stdio"]
    }
}
