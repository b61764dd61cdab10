import Glibc
import Platform
import Synchronization

extension StubResponse {
    /// What the CDN says to an address that is too old or was changed.
    static let accessDenied = StubResponse(
        403,
        text: """
            <?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>
            """,
        type: "application/xml"
    )

    /// What the hub says when a quota is used up.
    static func rateLimited(seconds: Int, retryAfter: Int?) -> StubResponse {
        var response = StubResponse(429, text: "We had to rate limit you", type: "text/plain")
        response.headers["RateLimit"] = "\"resolvers\";r=0;t=\(seconds)"
        response.headers["RateLimit-Policy"] = "\"fixed window\";\"resolvers\";q=3000;w=300"
        response.headers["Retry-After"] = retryAfter.map(String.init)
        return response
    }

    /// What the hub says when it will not: JSON from the API, plain text from a file's address.
    fileprivate static func refusal(
        _ status: Int,
        code: String?,
        _ message: String,
        to request: StubRequest
    ) -> StubResponse {
        var response =
            request.path.hasPrefix("/api/models")
            ? StubResponse.json("{\"error\":\"\(message)\"}", status: status)
            : StubResponse(status, text: message)
        response.headers["X-Error-Code"] = code
        response.headers["X-Error-Message"] = message
        return response
    }
}

// MARK: The hub

extension StubHubState {
    /// What the hub answers, and the paths of the files that the request is about.
    func answerAtHub(_ request: StubRequest) -> (response: StubResponse, files: [String]) {
        let segments = request.segments
        if let moved = redirectOfRenamed(request, segments) { return (moved, []) }
        switch segments.prefix(2) {
        case ["api", "whoami-v2"]: return (whoAmI(request), [])
        case ["api", "models"]: return (answerAboutModel(request, Array(segments.dropFirst(2))), [])
        case ["api", "resolve-cache"] where segments.count >= 7:
            let id = "\(segments[3])/\(segments[4])"
            return file(
                request,
                of: id,
                at: segments[5],
                path: segments[6...].joined(separator: "/"),
                isFinal: true
            )
        default:
            guard segments.count >= 5, segments[2] == "resolve" else { return (.missing(request), []) }
            let id = "\(segments[0])/\(segments[1])"
            return file(
                request,
                of: id,
                at: segments[3],
                path: segments[4...].joined(separator: "/"),
                isFinal: false
            )
        }
    }

    private func redirectOfRenamed(_ request: StubRequest, _ segments: [String]) -> StubResponse? {
        for (old, new) in settings.renamed
        where request.path.contains("/\(old)/") || request.path.hasSuffix("/\(old)") {
            guard let place = request.target.range(of: old) else { continue }
            let target = request.target[..<place.lowerBound] + new + request.target[place.upperBound...]
            return StubResponse(307, headers: ["Location": String(target)], text: "Temporary Redirect")
        }
        return nil
    }

    private func whoAmI(_ request: StubRequest) -> StubResponse {
        guard let token = request.token, settings.tokens[token] != nil else {
            return .refusal(401, code: nil, "Invalid username or password.", to: request)
        }
        return .json(
            #"{"type":"user","name":"tester","auth":{"accessToken":{"displayName":"t","role":"read"}},"orgs":[]}"#
        )
    }

    private func answerAboutModel(_ request: StubRequest, _ segments: [String]) -> StubResponse {
        guard segments.count >= 2 else { return .missing(request) }
        let id = "\(segments[0])/\(segments[1])"
        let verb = segments.count > 2 ? segments[2] : "revision"
        let repository = shared.withLock { $0.repositories[id] }
        if let refusal = refusal(of: repository, id, to: request, wantsFile: verb == "auth-check") {
            return refusal
        }
        guard let repository else { return .missing(request) }
        if verb == "auth-check" { return .json("{}") }
        if verb == "refs" { return references(repository) }
        let revision = segments.count > 3 ? segments[3] : "main"
        guard let tree = repository.tree(at: revision) else {
            return .refusal(404, code: "RevisionNotFound", "Invalid rev id: \(revision)", to: request)
        }
        switch verb {
        case "revision": return information(repository, tree)
        case "tree":
            return list(request, repository, tree, below: segments.dropFirst(4).joined(separator: "/"))
        default: return .missing(request)
        }
    }

    /// Why this request may not have what it wants, if so.
    private func refusal(
        of repository: StubRepository?,
        _ id: String,
        to request: StubRequest,
        wantsFile: Bool
    ) -> StubResponse? {
        let scope = request.token.flatMap { settings.tokens[$0] }
        let isGated = repository?.access == .gated && wantsFile
        if request.headers["authorization"] != nil, scope == nil {
            return .refusal(
                401,
                code: isGated ? "GatedRepo" : nil,
                "Invalid credentials in Authorization header",
                to: request
            )
        }
        guard let repository, repository.access != .restricted || scope == .granted else {
            if scope != nil {
                return .refusal(404, code: "RepoNotFound", "Repository not found", to: request)
            }
            var response = StubResponse.refusal(401, code: nil, "Invalid username or password.", to: request)
            response.headers["WWW-Authenticate"] = #"Bearer realm="Authentication required", charset="UTF-8""#
            return response
        }
        if repository.access == .disabled {
            return .refusal(403, code: nil, "Access to this resource is disabled.", to: request)
        }
        return isGated ? gate(id, scope, request) : nil
    }

    private func gate(_ id: String, _ scope: StubHub.TokenScope?, _ request: StubRequest) -> StubResponse? {
        let restricted = "Access to model \(id) is restricted"
        switch scope {
        case .granted: return nil
        case nil:
            let rest = "You must have access to it and be authenticated to access it. Please log in."
            return .refusal(401, code: "GatedRepo", "\(restricted). \(rest)", to: request)
        case .notGranted:
            let rest =
                "and you are not in the authorized list. Visit https://huggingface.co/\(id) to ask for access."
            return .refusal(403, code: "GatedRepo", "\(restricted) \(rest)", to: request)
        case .lacksScope:
            let message =
                "Please enable access to public gated repositories in your fine-grained token settings"
            return .refusal(403, code: "GatedRepo", "\(message) to view this repository.", to: request)
        }
    }

    // MARK: Files

    private func file(
        _ request: StubRequest,
        of id: String,
        at revision: String,
        path: String,
        isFinal: Bool
    ) -> (response: StubResponse, files: [String]) {
        let repository = shared.withLock { $0.repositories[id] }
        if let refusal = refusal(of: repository, id, to: request, wantsFile: true) {
            return (refusal, [path])
        }
        guard let tree = repository?.tree(at: revision) else {
            return (
                .refusal(404, code: "RevisionNotFound", "Invalid rev id: \(revision)", to: request), [path]
            )
        }
        guard let file = tree[path] else {
            var response = StubResponse.refusal(404, code: "EntryNotFound", "Entry not found", to: request)
            response.headers["X-Repo-Commit"] = tree.commit
            return (response, [path])
        }
        let settings = settings
        if file.sha256 != nil, settings.usesCDN { return (redirectToCDN(file, of: id, tree), [path]) }
        if file.sha256 == nil, settings.redirectsSmallFiles, !isFinal {
            return (redirectToCache(file, of: id, tree, request), [path])
        }
        var headers: StubHeaders = ["ETag": "\"\(file.etag)\"", "X-Repo-Commit": tree.commit]
        if request.headers["if-none-match"] == "\"\(file.etag)\"" {
            return (StubResponse(304, headers: headers), [path])
        }
        headers["Content-Disposition"] = "inline"
        return (.serving(file.content, to: request, headers: headers), [path])
    }

    private func redirectToCache(
        _ file: StubFile,
        of id: String,
        _ tree: StubTree,
        _ request: StubRequest
    ) -> StubResponse {
        let address =
            "/api/resolve-cache/models/\(id)/\(tree.commit)/\(file.path.percentEncoded(keeping: "/"))"
        let query = "\(request.path.percentEncoded())=&etag=%22\(file.oid)%22"
        return StubResponse(
            307,
            headers: [
                "Location": "\(address)?\(query)", "X-Repo-Commit": tree.commit,
                "X-Linked-ETag": "\"\(file.oid)\"", "X-Linked-Size": "\(file.content.size)",
                "Accept-Ranges": "bytes",
            ],
            text: "Temporary Redirect. Redirecting to \(address)"
        )
    }

    private func redirectToCDN(_ file: StubFile, of id: String, _ tree: StubTree) -> StubResponse {
        let hash = file.storageHash
        let owner = Digest.of(Array(id.utf8), .sha1).hex.prefix(24)
        let address = sign("/xet-bridge-us/\(owner)/\(hash)")
        let (hub, cdn) = addresses.withLock { $0 }
        let links =
            "<\(hub)/api/models/\(id)/xet-read-token/\(tree.commit)>; rel=\"xet-auth\", "
            + "<https://cas-server.xethub.hf.co/v1/reconstructions/\(hash)>; rel=\"xet-reconstruction-info\""
        return StubResponse(
            302,
            headers: [
                "Location": "\(cdn)\(address)", "X-Repo-Commit": tree.commit,
                "X-Linked-Size": "\(file.content.size)", "X-Linked-ETag": "\"\(file.etag)\"",
                "X-Xet-Hash": hash, "Link": links, "Accept-Ranges": "bytes", "Cache-Control": "no-store",
            ],
            text: "Found. Redirecting to \(cdn)\(address)"
        )
    }

    private func sign(_ path: String) -> String {
        let (lifetime, era) = shared.withLock { ($0.settings.addressLifetime, $0.era) }
        let expires = Int(Glibc.time(nil)) + lifetime
        return "\(path)?X-Xet-Cas-Uid=public&response-content-disposition=inline%3B&Expires=\(expires)"
            + "&Policy=eyJTdGF0ZW1lbnQiOltdfQ__&Signature=\(signature(path, expires, era))&Key-Pair-Id=K1"
    }

    private func signature(_ path: String, _ expires: Int, _ era: Int) -> String {
        Digest.of(Array("\(path) \(expires) \(era)".utf8)).hex
    }

    // MARK: The CDN

    /// What the CDN answers, and the paths of the files that the request is about.
    func answerAtCDN(_ request: StubRequest) -> (response: StubResponse, files: [String]) {
        let hash = request.segments.last ?? ""
        let (stored, era, most) = shared.withLock {
            ($0.stored[hash], $0.era, $0.settings.largestWithoutRange)
        }
        guard let stored else { return (.accessDenied, []) }
        let paths = stored.paths.sorted()
        let expires = request.query["Expires"].flatMap { Int($0) } ?? 0
        guard expires > Int(Glibc.time(nil)),
            request.query["Signature"] == signature(request.path, expires, era)
        else {
            return (.accessDenied, paths)
        }
        if stored.content.size > most, request.headers["range"] == nil {
            return (StubResponse(400, text: "Bad Request"), paths)
        }
        return (
            .serving(stored.content, to: request, headers: ["ETag": "\"\(hash)\"", "x-hf-cdn-pop": "stub"]),
            paths
        )
    }
}

extension StubResponse {
    fileprivate static func missing(_ request: StubRequest) -> StubResponse {
        refusal(404, code: nil, "Sorry, we can't find the page you are looking for.", to: request)
    }
}

extension String {
    fileprivate func range(of part: String) -> Range<String.Index>? {
        var place = startIndex
        while place < endIndex {
            if self[place...].hasPrefix(part) { return place..<index(place, offsetBy: part.count) }
            place = index(after: place)
        }
        return nil
    }
}
