public import SystemPackage

/// A fact that stopped the mirror, or kept it from starting.
public enum MirrorError: Error, Sendable, CustomStringConvertible {
    /// Other hosts could read everything, and nobody said that they may.
    case exposedWithoutToken(ListenAddress)
    /// A token that any request would bear.
    case emptyToken
    /// The folder to be served is none.
    case notADirectory(FilePath)
    /// The address cannot be listened on.
    case cannotListen(ListenAddress, reason: String)
    /// The server ended by itself.
    case ended(reason: String)

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .exposedWithoutToken(let address):
            "\(address) can be reached by other hosts, and no token is asked for"
        case .emptyToken: "the token is empty"
        case .notADirectory(let path): "\(path) is not a directory"
        case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
        case .ended(let reason): "the server ended: \(reason)"
        }
    }
}
