import Hub

extension Failure {
    /// Words what a hub stated, for a user with or without a token.
    init(_ error: HubError, client: HubClient) {
        let logIn = "set `HF_TOKEN`, or log in with `hf auth login`"
        let hasToken = client.token != nil
        switch error {
        case .repositoryNotFound(let id):
            let message = hasToken ? "the hub has no repository `\(id)` that this token may see" : "the hub has no public repository `\(id)`"
            self.init(
                .notFound, message, hint: hasToken ? "check the spelling" : "check the spelling; if it is private, \(logIn)",
                cause: error)
        case .revisionNotFound(let id, let revision):
            self.init(.notFound, "`\(id)` has no revision `\(revision)`", hint: "see \(client.endpoint)/\(id)/commits/main", cause: error)
        case .entryNotFound(let id, let path):
            self.init(.notFound, "`\(id)` has no file `\(path)`", hint: "see \(client.endpoint)/\(id)/tree/main", cause: error)
        case .gated(let id, _):
            let page = "\(client.endpoint)/\(id)"
            self =
                hasToken
                ? Failure(
                    .refused, "`\(id)` is gated and this token's user has not been granted access",
                    hint: "accept the licence at \(page), then pull again; a fine-grained token must also be allowed to read gated repositories",
                    cause: error)
                : Failure(
                    .refused, "`\(id)` is gated and no token is set",
                    hint: "accept the licence at \(page), then \(logIn)", cause: error)
        case .invalidToken:
            self.init(.refused, "the hub does not accept the token", hint: "make a new one at \(client.endpoint)/settings/tokens and \(logIn)", cause: error)
        case .forbidden(let id, let message):
            self.init(
                .refused, "the hub refuses access to `\(id)`: \(message)",
                hint: "the token may lack the scope for it: see \(client.endpoint)/settings/tokens", cause: error)
        case .rateLimited(let seconds):
            self.init(
                .unavailable, "the hub's quota of requests is used up for \(seconds) s",
                hint: hasToken ? "try again then" : "try again then; with a token the quota is larger: \(logIn)", cause: error)
        case .server, .unexpected:
            self.init(.unavailable, "the hub at \(client.endpoint) failed: \(error)", hint: "try again later", cause: error)
        case .unreachable:
            self.init(
                .unavailable, "the hub at \(client.endpoint) does not answer: \(error)",
                hint: "models that are stored work without it: see `stackctl ls`", cause: error)
        case .refusedAddress(let address):
            self.init(.refused, "refused to ask `\(address)`", hint: "check `HF_ENDPOINT`", cause: error)
        case .offline:
            self.init(
                .unavailable, "the hub may not be asked: offline", hint: "leave out `--offline` and unset `HF_HUB_OFFLINE`",
                cause: error)
        case .cancelled: self.init(.cancelled, "interrupted", cause: error)
        }
    }
}
