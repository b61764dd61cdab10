import Catalog
import Docker
import Engines
import Platform

extension LiveChangeWait {
    /// Words why a change was not made.
    func failure(_ error: NotChanged, _ change: LiveChange) -> Failure {
        LiveChangeWords(stack: stack, container: container.shownName, timeout: timeout, change: change)
            .failure(error)
    }
}

/// The sentences about what a running server does not load, or let go of.
private struct LiveChangeWords {
    let stack: Stack
    let container: String
    let timeout: Duration
    let change: LiveChange

    private var verb: String { "stackctl \(stack.name)" }
    private var name: String { change.id }

    func failure(_ error: NotChanged) -> Failure {
        let why = "see `\(verb) why`"
        return switch error {
        case .refused(let refusal): refused(refusal)
        case .unanswered:
            Failure(
                .notReady,
                "nothing answers at \(stack.host):\(stack.port), nor inside `\(container)`",
                hint: "`\(verb) status` shows whether it is still loading, `\(verb) why` what is wrong"
            )
        case .late(let last):
            Failure(
                .notReady,
                "`\(name)` is not \(change.action)ed after \(timeout.inWords): \(last)",
                hint: why
            )
        case .ended:
            Failure(.notReady, "`\(container)` ended while it was to \(change.action) `\(name)`", hint: why)
        case .engine(let error): Failure(docker: error)
        }
    }

    private func refused(_ refusal: LiveChange.Refusal) -> Failure {
        switch refusal {
        case .needsRestart: needsRestart
        case .notAllowed(let variable): notAllowed(variable)
        case .unknown(let known): unknown(known)
        case .noKey:
            Failure(
                .refused,
                "`\(container)` wants an API key that its container's environment does not have",
                hint: stack.engine.keyVariable.map {
                    "set `\($0)` in `.env` beside its Compose file, then `\(verb) up`"
                }
            )
        case .failed(let words):
            Failure(
                .notReady,
                "`\(container)` could not \(change.action) `\(name)`: \(words)",
                hint: "see `\(verb) logs --tail 50`"
            )
        case .refuses(let status, let words):
            Failure(
                Self.kind(status),
                "`\(container)` does not \(change.action) `\(name)`: \(words)",
                hint: "see `\(verb) logs --tail 50`"
            )
        case .unlike:
            Failure(
                .invalid,
                "what answers at \(stack.host):\(stack.port) is no server of \(stack.engine)",
                hint: "compare `port` in its stack.yaml with what `\(container)` publishes"
            )
        }
    }

    private static func kind(_ status: Int) -> Failure.Kind {
        switch status {
        case 404: .notFound
        case 403: .refused
        case 409, 501: .unsupported
        case 400..<500: .invalid
        default: .failed
        }
    }

    private var needsRestart: Failure {
        let message = "`\(container)` serves one model for as long as it runs"
        return switch change.action {
        case .load:
            Failure(.unsupported, message, hint: "`\(verb) use \(name)` serves another one, with a restart")
        case .unload: Failure(.unsupported, message, hint: "`\(verb) stop` frees its memory")
        }
    }

    private func notAllowed(_ variable: String) -> Failure {
        let root =
            stack.engine == .mistralrs ? " and `- MISTRALRS_LORA_ADAPTER_ROOT=\(Stack.adapterMount)`" : ""
        return Failure(
            .unsupported,
            "`\(container)` was started without `\(variable)`, and changes no adapters while it runs",
            hint: """
                in `\(stack.composeFile)`, write `- \(variable)=1`\(root) below `environment`, and `extra: [--enable-lora]` \
                below `defaults` in stack.yaml; then `\(verb) up`, and `\(verb) use MODEL`
                """
        )
    }

    private func unknown(_ known: [String]) -> Failure {
        let adapters =
            stack.engine == .llamacpp
            ? "" : ", and `\(stack.adapters)` has no such folder with an `adapter_config.json`"
        let near = nearestNames(to: change.id, in: known).first.map { "did you mean `\($0)`?" }
        let all = known.prefix(8).map { "`\($0)`" }.joined(separator: ", ")
        return Failure(
            .notFound,
            "`\(container)` knows no `\(name)`\(adapters)",
            hint: near ?? (all.isEmpty ? nil : "it knows \(all)\(known.count > 8 ? " and more" : "")")
        )
    }
}
