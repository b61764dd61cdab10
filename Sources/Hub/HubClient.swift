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

    /// Describes a hub; nothing is asked.
    public init(endpoint: String, token: Token?, isOffline: Bool = false) {
        self.endpoint = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        self.token = token
        self.isOffline = isOffline
    }

    /// The hub that the environment names: `HF_ENDPOINT`, the token of `Token.find`, `HF_HUB_OFFLINE`.
    public init(environment: Environment) {
        self.init(
            endpoint: environment["HF_ENDPOINT"] ?? "https://huggingface.co",
            token: Token.find(in: environment),
            isOffline: environment.isTrue("HF_HUB_OFFLINE") || environment.isTrue("TRANSFORMERS_OFFLINE")
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
        // Whoever asks once has an answer of his own to fall back on.
        request.totalTimeout = tries == 1 ? .seconds(10) : .seconds(120)
        var hops = 0
        while true {
            let response = try await exchange(authorized(request, home), tries: tries)
            guard (300..<400).contains(response.head.status), response.head.status != 304 else {
                if response.head.status >= 400 { throw refusal(response, about: subject) }
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
        guard let token, let origin = Origin(request.url), home.trusts(origin) else { return request }
        var request = request
        request.headers.append(("Authorization", "Bearer \(token.secret)"))
        return request
    }

    private func exchange(_ request: HTTPRequest, tries: Int) async throws(HubError) -> HTTPResponse {
        var pause = Duration.milliseconds(400)
        var attempt = 0
        while true {
            attempt += 1
            do throws(TransportError) {
                let response = try await HTTPClient.shared.fetch(request)
                guard [408, 429, 500, 502, 503, 504].contains(response.head.status), attempt < tries else {
                    return response
                }
                if response.head.status == 429 {
                    let wait = response.head.secondsToWait ?? 5
                    // A window of the quota is five minutes: a longer wait is the user's to decide.
                    guard wait <= 20 else { return response }
                    pause = .seconds(wait + 1)
                }
            } catch {
                if case .cancelled = error { throw .cancelled }
                guard error.isPassing, attempt < tries else {
                    throw .unreachable(host: Origin(request.url)?.host ?? request.url, error)
                }
            }
            do { try await Task.sleep(for: pause * Double.random(in: 0.8...1.2)) } catch { throw .cancelled }
            pause *= 2
        }
    }

    private func refusal(_ response: HTTPResponse, about subject: Subject) -> HubError {
        let head = response.head
        let message = head["x-error-message"] ?? Self.message(of: response.body)
        let repository = subject.repository
        switch head["x-error-code"] {
        case "RepoNotFound": return .repositoryNotFound(repository)
        case "RevisionNotFound": return .revisionNotFound(repository, subject.revision ?? "")
        case "EntryNotFound": return .entryNotFound(repository, subject.path ?? "")
        case "GatedRepo": return .gated(repository, message)
        default: break
        }
        switch head.status {
        case 401:
            return message.contains("Invalid credentials") ? .invalidToken : .repositoryNotFound(repository)
        case 403: return .forbidden(repository, message)
        case 404:
            return subject.path.map { .entryNotFound(repository, $0) } ?? .repositoryNotFound(repository)
        case 429: return .rateLimited(seconds: head.secondsToWait ?? 300)
        case 500...: return .server(status: head.status, request: head["x-request-id"] ?? head["x-amz-cf-id"])
        default: return .unexpected("status \(head.status): \(message)")
        }
    }

    private static func message(of body: [UInt8]) -> String {
        struct Document: Decodable { let error: String }
        if let document = try? JSON.decode(Document.self, from: body) { return document.error }
        return String(decoding: body.prefix(300), as: UTF8.self)
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

extension HTTPHead {
    /// How long a quota is used up: `t` of `RateLimit`, else `Retry-After`.
    var secondsToWait: Int? {
        if let limit = self["ratelimit"] {
            for part in limit.split(separator: ";") where part.hasPrefix("t=") {
                return Int(part.dropFirst(2))
            }
        }
        return self["retry-after"].flatMap { Int($0) }
    }
}
