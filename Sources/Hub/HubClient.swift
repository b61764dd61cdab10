public import Platform
import Transport

/// A hub, asked as one user.
public struct HubClient: Sendable {
    /// The hub's address, without a `/` at the end.
    public let endpoint: String
    /// The user's token, sent to the hub's own origin and to no other.
    public let token: Token?
    /// Whether the hub must not be asked.
    public let isOffline: Bool

    let patience: Patience

    /// Describes a hub; nothing is asked.
    ///
    /// - Parameters:
    ///   - endpoint: the hub's address.
    ///   - token: the user's token.
    ///   - isOffline: whether the hub must not be asked.
    ///   - onWait: told when the hub's quota of requests is used up and is waited for: the host, and for how many
    ///     seconds; once, however many questions wait.
    public init(
        endpoint: String,
        token: Token?,
        isOffline: Bool = false,
        onWait: @escaping @Sendable (_ host: String, _ seconds: Int) -> Void = { _, _ in }
    ) {
        self.endpoint = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        self.token = token
        self.isOffline = isOffline
        patience = Patience(onWait: onWait)
    }

    /// The hub that the environment names: `HF_ENDPOINT`, the token of `Token.find`, `HF_HUB_OFFLINE`.
    public init(
        environment: Environment,
        isOffline: Bool = false,
        onWait: @escaping @Sendable (_ host: String, _ seconds: Int) -> Void = { _, _ in }
    ) {
        self.init(
            endpoint: environment["HF_ENDPOINT"] ?? "https://huggingface.co",
            token: Token.find(in: environment),
            isOffline: isOffline || environment.isTrue("HF_HUB_OFFLINE")
                || environment.isTrue("TRANSFORMERS_OFFLINE"),
            onWait: onWait
        )
    }

    /// What an exchange is about, to word its failure.
    struct Subject {
        let repository: RepositoryID
        var revision: String?
        var path: String?
    }

    /// Asks and follows redirects inside the hub's origin.
    ///
    /// The answer is the first that is no redirect, or the redirect that leads elsewhere. Passing failures are tried
    /// again.
    func ask(_ request: HTTPRequest, about subject: Subject, tries: Int = 4) async throws(HubError) -> (
        HTTPResponse, url: String
    ) {
        if isOffline { throw .offline }
        guard let home = Origin(endpoint) else { throw .refusedAddress(endpoint) }
        var request = request
        var hops = 0
        while true {
            let response = try await patience.answer(to: authorized(request, home), tries: tries)
            guard (300..<400).contains(response.head.status), response.head.status != 304 else {
                if response.head.status >= 400 { throw refusal(response, to: request.url, about: subject) }
                return (response, request.url)
            }
            guard let location = response.head["location"],
                let target = resolve(location, against: request.url),
                let origin = Origin(target)
            else { throw .unexpected("the hub redirects to no address") }
            guard home.trusts(origin) else { return (response, request.url) }
            hops += 1
            guard hops <= 10 else { throw .unexpected("the hub redirects in a circle") }
            request.url = target
        }
    }

    private func authorized(_ request: HTTPRequest, _ home: Origin) -> HTTPRequest {
        guard let origin = Origin(request.url), home.trusts(origin) else { return request }
        var request = request
        request.headers += authorization
        return request
    }

    /// What makes the user known, for the hub's own origin alone.
    var authorization: [(name: String, value: String)] {
        token.map { [("Authorization", "Bearer \($0.secret)")] } ?? []
    }

    private func refusal(_ response: HTTPResponse, to url: String, about subject: Subject) -> HubError {
        let answer = HubAnswer(response)
        let repository = subject.repository
        switch response.head["x-error-code"] {
        case "RepoNotFound": return .repositoryNotFound(repository, answer)
        case "RevisionNotFound": return .revisionNotFound(repository, subject.revision ?? "", answer)
        case "EntryNotFound": return .entryNotFound(repository, subject.path ?? "", answer)
        case "GatedRepo" where answer.status != 401 || token == nil:
            return answer.isAboutScope ? .lacksScope(repository, answer) : .gated(repository, answer)
        default: break
        }
        switch answer.status {
        // Who shows a token that is good is told 403 or 404, whatever it is that he may not have.
        case 401: return token == nil ? .repositoryNotFound(repository, answer) : .invalidToken(answer)
        case 403 where answer.isAboutScope: return .lacksScope(repository, answer)
        case 403 where answer.isAboutClosing: return .disabled(repository, answer)
        case 403: return .forbidden(repository, answer)
        case 404:
            return subject.path.map { .entryNotFound(repository, $0, answer) }
                ?? .repositoryNotFound(repository, answer)
        case 410, 451: return .disabled(repository, answer)
        case 429: return .rateLimited(seconds: HTTPClient.shared.holdOff(for: url)?.roundedUp ?? 1)
        case 500...: return .server(status: answer.status, request: answer.request)
        default: return .unexpected("\(answer)")
        }
    }

    func decode<Document: Decodable>(_ type: Document.Type, _ response: HTTPResponse) throws(HubError)
        -> Document
    {
        do { return try JSON.decode(type, from: response.body) } catch {
            let start = String(decoding: response.body.prefix(64), as: UTF8.self).lowercased()
            if start.contains("<html") || start.contains("<!doctype") {
                throw .unexpected(
                    "a web page came in place of the hub's answer; a login page of the network may be in the way"
                )
            }
            throw .unexpected("the hub's answer is not what its interface says")
        }
    }
}
