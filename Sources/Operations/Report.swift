public import Platform

/// What an operation tells while it works; a terminal draws it, a test collects it.
public enum Report: Sendable {
    /// A stage began, for example `resolving`.
    case stage(String)
    /// Something the user should know.
    case note(String)
    /// Something that may be wrong, though the work goes on.
    case warning(String)
    /// The files of a transfer and their lengths, known before the first byte.
    case files([(name: String, size: ByteCount)])
    /// So many bytes of a file are here from an earlier run.
    case resumed(file: String, bytes: ByteCount, of: ByteCount)
    /// So many bytes of a file are here.
    case progress(file: String, bytes: ByteCount, of: ByteCount)
    /// A file is whole and verified.
    case done(file: String)
}

/// Where reports go.
public typealias Reporter = @Sendable (Report) -> Void
