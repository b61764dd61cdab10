import Hub
import Platform

extension Failure {
    /// Words what a hub stated, for a user with or without a token.
    init(_ error: HubError, client: HubClient) {
        let words = HubWords(hub: withoutUserinfo(client.endpoint), token: client.token?.origin)
        let (kind, message, hint) =
            words.forWhatIsThere(error) ?? words.forWhoMayHaveIt(error) ?? words.forTheHub(error)
        self.init(kind, message, hint: hint, cause: error)
    }
}

/// The sentences about a hub.
private struct HubWords {
    typealias Wording = (kind: Failure.Kind, message: String, hint: String?)

    let hub: String
    /// Where the token was found, if there is one.
    let token: Token.Origin?

    private var logIn: String { "set `HF_TOKEN`, or log in with `hf auth login`" }
    private var tokens: String { "\(hub)/settings/tokens" }

    private func place(of token: Token.Origin) -> String {
        switch token {
        case .environment(let name): "`\(name)`"
        case .file(let path): "`\(path)`"
        }
    }

    // MARK: What is there

    /// What is said of a repository, a revision or a file that there is not.
    func forWhatIsThere(_ error: HubError) -> Wording? {
        switch error {
        case .repositoryNotFound(let id, _):
            token == nil
                ? (
                    .notFound, "the hub has no public repository `\(id)`",
                    "check the spelling; if it is private, \(logIn)"
                )
                : (
                    .notFound, "the hub has no repository `\(id)` that this token may see",
                    "check the spelling; if it is private, its owner must let the token's user in"
                )
        case .revisionNotFound(let id, let revision, _):
            (.notFound, "`\(id)` has no revision `\(revision)`", "see \(hub)/\(id)/commits/main")
        case .entryNotFound(let id, let path, _):
            (.notFound, "`\(id)` has no file `\(path)`", "see \(hub)/\(id)/tree/main")
        case .disabled(let id, _):
            (
                .refused, "the hub has disabled `\(id)`",
                "its page may say why: \(hub)/\(id); look for the model in another repository"
            )
        default: nil
        }
    }

    // MARK: Who may have it

    /// What is said of a token, and of what it may not have.
    func forWhoMayHaveIt(_ error: HubError) -> Wording? {
        switch error {
        case .gated(let id, _): gated(id)
        case .lacksScope(let id, _):
            (
                .refused, "the token\(inItsPlace) lacks the scope to read `\(id)`",
                "let it read gated repositories at \(tokens), then pull again"
            )
        case .invalidToken: invalidToken
        case .forbidden(let id, let answer):
            (
                .refused,
                "the hub refuses access to `\(id)`" + (answer.message.isEmpty ? "" : ": \(answer.message)"),
                token == nil ? logIn : "the token may lack the scope for it: see \(tokens)"
            )
        default: nil
        }
    }

    private var inItsPlace: String { token.map { " in \(place(of: $0))" } ?? "" }

    private func gated(_ id: RepositoryID) -> Wording {
        let accept = "accept the licence at \(hub)/\(id), then"
        return token == nil
            ? (.refused, "`\(id)` is gated and no token is set", "\(accept) \(logIn)")
            : (
                .refused, "`\(id)` is gated and this token's user has not been granted access",
                "\(accept) pull again; a fine-grained token must also be allowed to read gated repositories"
            )
    }

    private var invalidToken: Wording {
        let renew =
            switch token {
            case .environment(let name): "set `\(name)` to it, or unset it for a public model"
            case .file, nil: "log in with `hf auth login`"
            }
        return (
            .refused, "the hub does not accept the token\(inItsPlace)",
            "make a new one at \(tokens) and \(renew)"
        )
    }

    // MARK: The hub itself

    /// What is said of the hub itself.
    func forTheHub(_ error: HubError) -> Wording {
        switch error {
        case .rateLimited(let seconds): rateLimited(.seconds(seconds))
        case .unreachable(_, let reason) where error.isUntrusted:
            (
                .unavailable, "the hub at \(hub) cannot be trusted: \(reason)",
                "check this machine's clock, `SSL_CERT_FILE`, and whether a proxy looks into TLS"
            )
        case .unreachable(_, let reason):
            (
                .unavailable, "the hub at \(hub) does not answer: \(reason)",
                "check the network, the proxy variables and `HF_ENDPOINT`"
            )
        case .refusedAddress(let address):
            (
                .invalid, "`\(withoutUserinfo(address))` is not the address of a hub",
                address.contains("://")
                    ? "check `HF_ENDPOINT`"
                    : "it lacks its scheme: set `HF_ENDPOINT` to https://\(withoutUserinfo(address)), or http://…"
            )
        case .offline:
            (
                .unavailable, "the hub may not be asked: offline",
                "leave out `--offline` and unset `HF_HUB_OFFLINE`"
            )
        case .cancelled: (.cancelled, "interrupted", nil)
        default: (.unavailable, "the hub at \(hub) failed: \(error)", "try again later")
        }
    }

    private func rateLimited(_ rest: Duration) -> Wording {
        (
            .unavailable,
            "the hub's quota of requests is used up \(Failure.until(rest))",
            token == nil ? "try again then; with a token the quota is larger: \(logIn)" : "try again then"
        )
    }
}
