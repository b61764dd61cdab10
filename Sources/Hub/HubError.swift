public import Transport

/// A fact that the hub stated, or why it could not be asked.
public enum HubError: Error, Sendable, CustomStringConvertible {
    /// No such repository, or a private one that this user may not know of.
    case repositoryNotFound(RepositoryID)
    /// The repository has no such revision.
    case revisionNotFound(RepositoryID, String)
    /// The revision has no such file.
    case entryNotFound(RepositoryID, String)
    /// The repository's owner asks for an agreement first; the hub's own message.
    case gated(RepositoryID, String)
    /// The token is not valid.
    case invalidToken
    /// The token, or its user, may not do this; the hub's own message.
    case forbidden(RepositoryID, String)
    /// The quota of requests is used up, for so many seconds.
    case rateLimited(seconds: Int)
    /// The hub failed; the request's name in the hub's logs.
    case server(status: Int, request: String?)
    /// The hub could not be asked.
    case unreachable(host: String, TransportError)
    /// The hub, or something that stands in its place, answers what a hub would not.
    case unexpected(String)
    /// The endpoint or a redirect is not an address that may be asked.
    case refusedAddress(String)
    /// The user, or the environment, forbids asking the hub.
    case offline
    /// The task was cancelled.
    case cancelled

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .repositoryNotFound(let id): "\(id): no such repository"
        case .revisionNotFound(let id, let revision): "\(id): no revision \(revision)"
        case .entryNotFound(let id, let path): "\(id): no file \(path)"
        case .gated(let id, let message): "\(id): \(message)"
        case .invalidToken: "the token is not valid"
        case .forbidden(let id, let message): "\(id): \(message)"
        case .rateLimited(let seconds): "too many requests, for \(seconds) s"
        case .server(let status, let request): "status \(status)\(request.map { ", request \($0)" } ?? "")"
        case .unreachable(let host, let error): "\(host): \(error)"
        case .unexpected(let what): what
        case .refusedAddress(let address): "may not ask \(address)"
        case .offline: "offline"
        case .cancelled: "cancelled"
        }
    }
}
