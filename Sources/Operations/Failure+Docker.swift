import Docker
import Platform

extension Failure {
    /// Words what the Docker Engine stated, or why it could not be asked.
    init(docker error: DockerError) {
        let (kind, message, hint) = DockerWords.forTheWay(error) ?? DockerWords.forTheAnswer(error)
        self.init(kind, message, hint: hint, cause: error)
    }
}

/// The sentences about the Docker Engine.
private enum DockerWords {
    typealias Wording = (kind: Failure.Kind, message: String, hint: String?)

    // MARK: The way to the engine

    /// What is said of the way to the engine, if the error is about that.
    static func forTheWay(_ error: DockerError) -> Wording? {
        switch error {
        case .noEngine(let address): noEngine(address)
        case .noPermission(let socket, let access): noPermission("\(socket)", access)
        case .unsupportedAddress(let address):
            (
                .invalid, "`\(withoutUser(address))` is not the address of a Docker Engine",
                "set `DOCKER_HOST` to unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST"
            )
        case .badContext(let name, let reason):
            (
                .invalid, "the docker context `\(name)` cannot be used: \(reason)",
                "see `docker context ls`, or set `DOCKER_HOST`"
            )
        case .sshFailed(let destination, let words):
            (
                .unavailable, "the Docker Engine at `ssh://\(destination)` cannot be reached: \(words)",
                "try `ssh \(destination.user.map { "\($0)@" } ?? "")\(destination.host) docker version`"
            )
        case .unreachable where error.isUntrusted:
            (
                .unavailable, "the Docker Engine and this host do not trust each other: \(error)",
                "check the certificates in `DOCKER_CERT_PATH`: ca.pem, cert.pem and key.pem"
            )
        case .unreachable:
            (.unavailable, "\(error)", "see whether it runs: `systemctl status docker`, or `docker info`")
        default: nil
        }
    }

    private static func noEngine(_ address: EngineAddress) -> Wording {
        let start = "start it with `sudo systemctl start docker`, or set `DOCKER_HOST` if it is elsewhere"
        return switch address.origin {
        case .usual(let others) where !others.isEmpty:
            (
                .unavailable,
                "no Docker Engine runs here: there is none of the sockets "
                    + others.map { "`\($0)`" }.joined(separator: ", "),
                start
            )
        case .variable:
            (
                .unavailable, "there is no socket at `\(address)`, which `DOCKER_HOST` names",
                "start the engine, or correct `DOCKER_HOST`"
            )
        case .context(let name, let place):
            (
                .unavailable, "there is no socket at `\(address)`, which the docker context `\(name)` names",
                "start the engine, or choose another context: it is named by `\(place)`"
            )
        default: (.unavailable, "there is no socket at `\(address)`", start)
        }
    }

    private static func noPermission(_ socket: String, _ access: FileAccess?) -> Wording {
        let message = "this user may not use the Docker Engine's socket `\(socket)`"
        guard let access, access.groupMay else {
            return (
                .refused, message,
                "ask its owner, or run an engine of your own: `dockerd-rootless-setuptool.sh install`"
            )
        }
        if access.isListed, !access.isInGroup {
            return (
                .refused,
                "\(message): the user is in its group `\(access.group)` only from the next login on",
                "log in again, or run `newgrp \(access.group)`"
            )
        }
        return (
            .refused, "\(message): it belongs to the group `\(access.group)`, and the user is not in it",
            "`sudo usermod -aG \(access.group) $USER`, then log in again; whoever is in that group can be root"
        )
    }

    /// An address may have a password in it.
    private static func withoutUser(_ address: String) -> String {
        let halves = address.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, let at = halves[1].lastIndex(of: "@") else { return address }
        return "\(halves[0])://…\(halves[1][at...])"
    }

    // MARK: What the engine answers

    /// What is said of what the engine answered, or of how it broke off.
    static func forTheAnswer(_ error: DockerError) -> Wording {
        switch error {
        case .brokenOff:
            (.unavailable, "\(error)", "it may have been restarted: run the same command again")
        case .tooOld(let version):
            (
                .unsupported, "\(error)",
                "stackctl needs \(EngineVersion.oldest) or newer"
                    + (version == nil ? "" : ", which is Docker 20.10 or Podman 4")
            )
        case .tooNew:
            (.unsupported, "\(error)", "stackctl knows none newer than \(EngineVersion.newest): update it")
        case .notFound: (.notFound, "\(error)", nil)
        case .conflict: (.conflict, "\(error)", nil)
        case .unsupported: (.unsupported, "\(error)", "an engine of another kind or version may have it")
        case .engine(let status, _):
            (
                status == 401 || status == 403 ? .refused : status == 503 ? .unavailable : .failed,
                "\(error)", nil
            )
        case .malformedStream, .unexpected:
            (.invalid, "\(error)", "is it a Docker Engine that answers there?")
        case .cancelled: (.cancelled, "interrupted", nil)
        default: (.failed, "\(error)", nil)
        }
    }
}
