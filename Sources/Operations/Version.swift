import Catalog

/// Which stackctl this is.
public struct Version: Sendable, Encodable {
    /// The release.
    public let version: String
    /// The git commit of the build.
    public let commit: String

    /// This one.
    public static let current = Version(version: "0.1.0", commit: Build.commit)
    /// For example `stackctl 0.1.0 (1a2b3c4d)`.
    public static var text: String { "stackctl \(current.version) (\(current.commit.prefix(8)))" }
}

/// What a manifest says that wrote it.
let toolVersion = "stackctl \(Version.current.version)"
