import CEmbedded

/// Which build of the program this is.
public enum Build {
    /// The git commit it was made from, or `unknown`.
    public static let commit = embedded_commit().map { String(cString: $0) } ?? "unknown"
}
