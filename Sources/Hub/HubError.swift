import Platform
public import Transport

/// A fact that the hub stated, or why it could not be asked.
public enum HubError: Error, Sendable, CustomStringConvertible {
    /// No such repository, or a private one that this user may not know of.
    case repositoryNotFound(RepositoryID, HubAnswer)
    /// The repository has no such revision.
    case revisionNotFound(RepositoryID, String, HubAnswer)
    /// The revision has no such file.
    case entryNotFound(RepositoryID, String, HubAnswer)
    /// The repository's owner asks for an agreement, which this user has not given, or not with success.
    case gated(RepositoryID, HubAnswer)
    /// The token may not read what its user may.
    case lacksScope(RepositoryID, HubAnswer)
    /// The token is not valid.
    case invalidToken(HubAnswer)
    /// The hub has closed the repository.
    case disabled(RepositoryID, HubAnswer)
    /// The token, or its user, may not do this.
    case forbidden(RepositoryID, HubAnswer)
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

    /// Whether the same question may be answered some time later, with nothing changed here.
    public var isPassing: Bool {
        switch self {
        case .unreachable(_, let error): error.isPassing
        case .server, .rateLimited: true
        default: false
        }
    }

    /// Whether the hub's certificate, or its TLS otherwise, is the trouble.
    public var isUntrusted: Bool {
        if case .unreachable(_, .untrusted) = self { true } else { false }
    }

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .repositoryNotFound(let id, let answer): "\(id): no such repository (\(answer))"
        case .revisionNotFound(let id, let revision, let answer): "\(id): no revision \(revision) (\(answer))"
        case .entryNotFound(let id, let path, let answer): "\(id): no file \(path) (\(answer))"
        case .gated(let id, let answer): "\(id): gated (\(answer))"
        case .lacksScope(let id, let answer): "\(id): the token lacks the scope (\(answer))"
        case .invalidToken(let answer): "the token is not valid (\(answer))"
        case .disabled(let id, let answer): "\(id): disabled (\(answer))"
        case .forbidden(let id, let answer): "\(id): forbidden (\(answer))"
        case .rateLimited(let seconds): "too many requests, for \(seconds) s"
        case .server(let status, let request): "status \(status)\(request.map { ", request \($0)" } ?? "")"
        case .unreachable(let host, let error): "\(host): \(error)"
        case .unexpected(let what): what
        case .refusedAddress(let address): "may not ask \(withoutUserinfo(address))"
        case .offline: "offline"
        case .cancelled: "cancelled"
        }
    }
}
