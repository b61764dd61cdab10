public import Platform
import Transport

/// A registry that Ollama pulls from, asked as nobody in particular.
///
/// It is asked without a secret: what it does not give to everybody is refused.
public struct OllamaRegistry: Sendable {
    /// The registry's address, without a `/` at the end.
    public let endpoint: String
    private let isOffline: Bool
    private let patience: Patience

    fileprivate init(endpoint: String, isOffline: Bool, patience: Patience) {
        self.endpoint = endpoint
        self.isOffline = isOffline
        self.patience = patience
    }

    /// What a model is made of now.
    ///
    /// Maps to `GET /v2/{namespace}/{model}/manifests/{tag}`.
    public func manifest(of name: OllamaName, tries: Int = 4) async throws(OllamaError) -> OllamaManifest {
        let kind = "application/vnd.docker.distribution.manifest.v2+json"
        let answer = try await ask(
            HTTPRequest(.get, endpoint + name.manifestPath, headers: [("Accept", kind)]),
            about: Subject(name: name),
            limit: OllamaManifest.longest,
            tries: tries
        )
        guard let response = answer.response else { throw .malformed(name, .tooLong) }
        guard !answer.isRedirect else { throw .unanswered(.unexpected("the registry leads to another one")) }
        guard !answer.isWebPage else { throw .unanswered(.webPage) }
        do throws(OllamaManifestFault) { return try OllamaManifest(reading: response.body) } catch {
            throw .malformed(name, error)
        }
    }

    /// Where the bytes of a layer can be had.
    ///
    /// Maps to `GET /v2/{namespace}/{model}/blobs/{digest}`, whose redirect to another origin is read and not followed.
    public func locate(
        _ layer: Digest,
        of name: OllamaName,
        tries: Int = 4
    ) async throws(OllamaError) -> FileLocation {
        // A registry need not redirect a HEAD as it redirects a GET; the range is for one that redirects neither.
        let request = HTTPRequest(
            .get,
            endpoint + name.blobPath(layer),
            headers: [("Accept-Encoding", "identity"), ("Range", "bytes=0-0")]
        )
        let answer = try await ask(
            request,
            about: Subject(name: name, layer: layer),
            limit: RegistryAnswer.longestMessage,
            tries: tries
        )
        if answer.isRedirect {
            return FileLocation(url: try answer.checkedTarget(), headers: [])
        }
        return FileLocation(url: answer.url, headers: answer.token.map(Self.authorization) ?? [])
    }

    /// Where a redirect leads, from an address that `locate` or this function gave: nothing secret is sent there, and
    /// nothing leads out of TLS.
    public func redirected(from url: String, to location: String) throws(HubError) -> FileLocation {
        FileLocation(url: try RegistryAnswer.target(of: location, from: url), headers: [])
    }

    /// What the registry says of a model besides its layers; `nil` if its manifest names no such description.
    public func configuration(
        of manifest: OllamaManifest,
        of name: OllamaName,
        tries: Int = 4
    ) async throws(OllamaError) -> OllamaConfiguration? {
        guard let layer = manifest.configuration else { return nil }
        let request = HTTPRequest(.get, endpoint + name.blobPath(layer.digest))
        let subject = Subject(name: name, layer: layer.digest)
        var answer = try await ask(
            request,
            about: subject,
            limit: RegistryAnswer.longestMessage,
            tries: tries
        )
        var hops = 0
        while answer.isRedirect {
            hops += 1
            guard hops <= 5 else { throw .unanswered(.unexpected("the registry redirects in a circle")) }
            let next = HTTPRequest(.get, try answer.checkedTarget())
            answer = try await exchange(next, nil, limit: RegistryAnswer.longestMessage, tries: tries)
        }
        guard answer.status == 200 else { throw refusal(answer, about: subject) }
        guard let body = answer.response?.body, Digest.of(body) == layer.digest else {
            throw .malformed(name, .wrongConfiguration)
        }
        return OllamaConfiguration(reading: body)
    }
}

extension HubClient {
    /// A registry of Ollama's kind, asked as patiently as this hub; the hub's token is not for it.
    public func registry(at endpoint: String) -> OllamaRegistry {
        OllamaRegistry(endpoint: endpoint, isOffline: isOffline, patience: patience)
    }
}

extension HubError {
    fileprivate static let webPage = HubError.unexpected(
        "a web page came in place of the registry's answer; a login page of the network may be in the way"
    )
}

extension RegistryAnswer {
    fileprivate func checkedTarget() throws(OllamaError) -> String {
        do throws(HubError) { return try target() } catch { throw .unanswered(error) }
    }
}

// MARK: Asking

extension OllamaRegistry {
    /// What a question is about, to word its failure.
    private struct Subject {
        let name: OllamaName
        var layer: Digest?
    }

    private static func authorization(_ token: String) -> [(name: String, value: String)] {
        [("Authorization", "Bearer \(token)")]
    }

    /// Asks and follows redirects inside the registry's origin; a redirect that leads elsewhere is the answer.
    private func ask(
        _ request: HTTPRequest,
        about subject: Subject,
        limit: ByteCount,
        tries: Int
    ) async throws(OllamaError) -> RegistryAnswer {
        if isOffline { throw .unanswered(.offline) }
        var request = request
        var token: String?
        var hops = 0
        while true {
            let answer = try await exchange(request, token, limit: limit, tries: tries)
            if answer.status == 401, token == nil,
                let challenge = answer.response.flatMap({ TokenChallenge($0.head) })
            {
                token = try await anonymousToken(challenge, about: subject.name, tries: tries)
                continue
            }
            guard answer.status < 400 else { throw refusal(answer, about: subject) }
            guard answer.isRedirect else { return answer }
            let target = try answer.checkedTarget()
            guard Origin(target) == Origin(endpoint) else { return answer }
            hops += 1
            guard hops <= 10 else { throw .unanswered(.unexpected("the registry redirects in a circle")) }
            request.url = target
        }
    }

    /// A token that the registry gives to everybody; one for a user would take Ollama's own key.
    private func anonymousToken(
        _ challenge: TokenChallenge,
        about name: OllamaName,
        tries: Int
    ) async throws(OllamaError) -> String {
        // Whoever answers at the registry's address does not decide which other hosts are asked.
        guard Origin(challenge.realm) == Origin(endpoint) else {
            throw .refused(name, "it wants a login at another address")
        }
        let request = HTTPRequest(.get, challenge.url)
        let answer = try await exchange(request, nil, limit: RegistryAnswer.longestMessage, tries: tries)
        struct Document: Decodable { let token: String }
        guard answer.status == 200, let body = answer.response?.body,
            let token = try? JSON.decode(Document.self, from: body).token,
            !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .refused(name, "it gives no token without a login") }
        return token
    }

    private func exchange(
        _ request: HTTPRequest,
        _ token: String?,
        limit: ByteCount,
        tries: Int
    ) async throws(OllamaError) -> RegistryAnswer {
        var request = request
        if let token { request.headers += Self.authorization(token) }
        do throws(HubError) {
            let response = try await patience.answer(to: request, tries: tries, limit: limit)
            return RegistryAnswer(response: response, url: request.url, token: token)
        } catch {
            guard case .unreachable(_, .tooLarge) = error else { throw .unanswered(error) }
            return RegistryAnswer(response: nil, url: request.url, token: token)
        }
    }

    private func refusal(_ answer: RegistryAnswer, about subject: Subject) -> OllamaError {
        let name = subject.name
        return switch answer.status {
        case 404: subject.layer.map { .layerNotFound(name, $0) } ?? .notFound(name)
        case 401, 403: .refused(name, answer.message)
        case 429:
            .unanswered(
                .rateLimited(seconds: HTTPClient.shared.holdOff(for: answer.url)?.roundedUp ?? 1)
            )
        case 400..<500: .rejected(name, answer.message)
        default:
            .unanswered(
                .server(status: answer.status, request: answer.response.flatMap { HubAnswer($0).request })
            )
        }
    }
}
