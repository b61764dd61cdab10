/// Where a server listens.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address, an IPv6 address without brackets.
    public let host: String
    /// The port; 0 lets the kernel choose.
    public let port: Int

    /// The port that nobody named: none that an engine of the shipped stacks takes.
    public static let defaultPort = 8090
    /// Where the mirror listens if nobody says: this host only.
    public static let standard = ListenAddress(host: "127.0.0.1", port: defaultPort)

    /// Names a place.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`, `[IPV6]:PORT`, `HOST`, `PORT`, or `:PORT` for all addresses of the host.
    public init?(parsing text: String) {
        if let port = Self.port(text) {
            self.init(host: Self.standard.host, port: port)
        } else if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard host.contains(":"), Self.isPlain(host, besides: ":.%"), rest.isEmpty || rest.hasPrefix(":"),
                let port = rest.isEmpty ? Self.defaultPort : Self.port(rest.dropFirst())
            else { return nil }
            self.init(host: host, port: port)
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2, let host = parts.first, Self.isPlain(String(host), besides: ".-"),
                let port = parts.count == 2 ? Self.port(parts[1]) : host.isEmpty ? nil : Self.defaultPort
            else { return nil }
            self.init(host: host.isEmpty ? "0.0.0.0" : String(host), port: port)
        }
    }

    private static func port(_ text: some StringProtocol) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(text), port <= 65_535
        else {
            return nil
        }
        return port
    }

    private static func isPlain(_ host: String, besides others: String) -> Bool {
        host.allSatisfy { ($0.isASCII && ($0.isLetter || $0.isNumber)) || others.contains($0) }
    }

    /// Whether only this host can reach it; of a name other than `localhost`, nobody can say.
    public var isLoopback: Bool {
        let bytes = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host.lowercased() == "localhost" || host == "::1"
            || (bytes.count == 4 && bytes.first == 127 && !bytes.contains(nil))
    }

    /// For example `127.0.0.1:8090` or `[::1]:8090`.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
