/// The name of a repository on the hub, `owner/name`.
public struct RepositoryID: Sendable, Hashable, CustomStringConvertible {
    /// The owner, a user or an organization.
    public let owner: String
    /// The name among the owner's repositories.
    public let name: String

    /// Accepts a name by the hub's own rule; `nil` if it breaks it.
    public init?(_ string: some StringProtocol) {
        let parts = String(string).split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2, parts.allSatisfy(Self.isValid) else { return nil }
        (owner, name) = (parts[0], parts[1])
    }

    private static func isValid(_ part: String) -> Bool {
        (1...96).contains(part.utf8.count)
            && part.utf8.allSatisfy { $0.isASCIILetterOrDigit || [0x2D, 0x2E, 0x5F].contains($0) }
            && !part.contains("--") && !part.contains("..") && !part.hasSuffix(".git")
            && !part.hasPrefix(".") && !part.hasPrefix("-")
    }

    /// `owner/name`.
    public var description: String { "\(owner)/\(name)" }
}

extension UInt8 {
    fileprivate var isASCIILetterOrDigit: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
