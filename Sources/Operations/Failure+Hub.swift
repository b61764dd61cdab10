import Hub

extension Failure {
    /// Words what a hub stated, for a user with or without a token.
    init(_ error: HubError, client: HubClient) {
        let words = HubWords(hub: withoutUser(client.endpoint), hasToken: client.token != nil)
        let (kind, message, hint) = words.forWhatIsThere(error) ?? words.forTheHub(error)
        self.init(kind, message, hint: hint, cause: error)
    }
}

/// The sentences about a hub.
private struct HubWords {
    typealias Wording = (kind: Failure.Kind, message: String, hint: String?)

    let hub: String
    let hasToken: Bool

    private var logIn: String { "set `HF_TOKEN`, or log in with `hf auth login`" }
    private var tokens: String { "\(hub)/settings/tokens" }

    /// What is said of a repository, a revision or a file, and of who may have it.
    func forWhatIsThere(_ error: HubError) -> Wording? {
        switch error {
        case .repositoryNotFound(let id):
            hasToken
                ? (
                    .notFound, "the hub has no repository `\(id)` that this token may see",
                    "check the spelling"
                )
                : (
                    .notFound, "the hub has no public repository `\(id)`",
                    "check the spelling; if it is private, \(logIn)"
                )
        case .revisionNotFound(let id, let revision):
            (.notFound, "`\(id)` has no revision `\(revision)`", "see \(hub)/\(id)/commits/main")
        case .entryNotFound(let id, let path):
            (.notFound, "`\(id)` has no file `\(path)`", "see \(hub)/\(id)/tree/main")
        case .gated(let id, _): gated(id)
        case .invalidToken:
            (.refused, "the hub does not accept the token", "make a new one at \(tokens) and \(logIn)")
        case .forbidden(let id, let reason):
            (
                .refused, "the hub refuses access to `\(id)`: \(reason)",
                "the token may lack the scope for it: see \(tokens)"
            )
        default: nil
        }
    }

    private func gated(_ id: RepositoryID) -> Wording {
        let accept = "accept the licence at \(hub)/\(id), then"
        return hasToken
            ? (
                .refused, "`\(id)` is gated and this token's user has not been granted access",
                "\(accept) pull again; a fine-grained token must also be allowed to read gated repositories"
            )
            : (.refused, "`\(id)` is gated and no token is set", "\(accept) \(logIn)")
    }

    /// What is said of the hub itself.
    func forTheHub(_ error: HubError) -> Wording {
        switch error {
        case .rateLimited(let seconds):
            (
                .unavailable, "the hub's quota of requests is used up for \(seconds) s",
                hasToken ? "try again then" : "try again then; with a token the quota is larger: \(logIn)"
            )
        case .unreachable(_, let reason):
            (
                .unavailable, "the hub at \(hub) does not answer: \(reason)",
                "models that are stored work without it: see `stackctl ls`"
            )
        case .refusedAddress(let address):
            (.invalid, "`\(withoutUser(address))` is not the address of a hub", "check `HF_ENDPOINT`")
        case .offline:
            (
                .unavailable, "the hub may not be asked: offline",
                "leave out `--offline` and unset `HF_HUB_OFFLINE`"
            )
        case .cancelled: (.cancelled, "interrupted", nil)
        default: (.unavailable, "the hub at \(hub) failed: \(error)", "try again later")
        }
    }
}

/// An address without the name and password that some write into it.
private func withoutUser(_ address: String) -> String {
    guard let at = address.lastIndex(of: "@") else { return address }
    let scheme = address.split(separator: "://", maxSplits: 1)
    return (scheme.count == 2 ? "\(scheme[0])://" : "") + address[address.index(after: at)...]
}
