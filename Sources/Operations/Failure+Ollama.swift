import Hub
import Platform

extension Failure {
    /// Words what a registry of Ollama's kind stated.
    init(_ error: OllamaError, registry: OllamaRegistry) {
        let words = RegistryWords(registry: registry.endpoint)
        let (kind, message, hint) = words.forWhatIsThere(error)
        self.init(kind, message, hint: hint, cause: error)
    }
}

/// The sentences about a registry.
private struct RegistryWords {
    typealias Wording = (kind: Failure.Kind, message: String, hint: String?)

    let registry: String

    /// What is said of a model and its manifest.
    func forWhatIsThere(_ error: OllamaError) -> Wording {
        switch error {
        case .notFound(let name):
            (
                .notFound, "the registry at \(registry) has no model `\(name)`",
                "check the spelling of the name and of the tag behind its colon"
            )
        case .layerNotFound(let name, let digest):
            (
                .notFound, "the registry at \(registry) has not all of `\(name)`: `\(digest)` is missing",
                "its publisher may still be uploading: try later"
            )
        case .refused(let name, let reason):
            (
                .refused,
                "the registry at \(registry) does not give `\(name)` to everybody"
                    + (reason.isEmpty ? "" : ": \(reason)"),
                "check the spelling; private models of a registry are not supported"
            )
        case .rejected(let name, let reason):
            (
                .unsupported,
                "the registry at \(registry) does not hand out `\(name)`"
                    + (reason.isEmpty ? "" : ": \(reason)"),
                "name another tag"
            )
        case .malformed(let name, let fault):
            (
                .invalid, "what the registry at \(registry) has under `\(name)` cannot be used: \(fault)",
                "do not use this registry, or try another tag"
            )
        case .unanswered(let error): forTheRegistry(error)
        }
    }

    /// What is said of the registry itself.
    private func forTheRegistry(_ error: HubError) -> Wording {
        switch error {
        case .rateLimited(let seconds):
            (.unavailable, "the registry at \(registry) takes no requests for \(seconds) s", "try again then")
        case .unreachable(_, let reason) where error.isUntrusted:
            (
                .unavailable, "the registry at \(registry) cannot be trusted: \(reason)",
                "check this machine's clock, `SSL_CERT_FILE`, and whether a proxy looks into TLS"
            )
        case .unreachable(_, let reason):
            (
                .unavailable, "the registry at \(registry) does not answer: \(reason)",
                "check the host in the name, the network and the proxy variables"
            )
        case .offline:
            (
                .unavailable, "the registry may not be asked: offline",
                "leave out `--offline` and unset `HF_HUB_OFFLINE`"
            )
        case .cancelled: (.cancelled, "interrupted", nil)
        default: (.unavailable, "the registry at \(registry) failed: \(error)", "try again later")
        }
    }
}
