public import Platform

/// What an operation tells while it works; a terminal draws it, a test collects it.
public enum Report: Sendable {
    /// The whole enters a phase, which a sentence describes, for example `resolving org/name`.
    case phase(Phase, String)
    /// The whole enters a phase in which another program writes to the same terminal.
    case handover(Phase, String)
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
    /// All bytes of a file are here, and their hash is being completed.
    case verifying(file: String)
    /// A server's quota of requests is used up: nothing is asked of it for so many seconds.
    case waiting(host: String, seconds: Int)
    /// A file is whole and verified.
    case done(file: String)
}

/// Where reports go.
public typealias Reporter = @Sendable (Report) -> Void
