public import SystemPackage
public import Transport

/// A fact that the Docker Engine stated, or why it could not be asked.
public enum DockerError: Error, Sendable, CustomStringConvertible {
    /// There is no socket: no engine runs here.
    case noEngine(FilePath)
    /// The engine's address is of a kind that is not spoken.
    case unsupportedAddress(String)
    /// The engine does not answer.
    case unreachable(TransportError)
    /// No such container or volume.
    case notFound(String)
    /// The engine refused, in its own words.
    case engine(status: Int, String)
    /// The answer is not what the engine's interface says.
    case unexpected(String)

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .noEngine(let path): "no Docker Engine at \(path)"
        case .unsupportedAddress(let address): "cannot speak to \(address)"
        case .unreachable(let error): "the Docker Engine does not answer: \(error)"
        case .notFound(let what): "the Docker Engine knows no \(what)"
        case .engine(let status, let message): "the Docker Engine answers \(status): \(message)"
        case .unexpected(let what): "the Docker Engine's answer makes no sense: \(what)"
        }
    }
}
