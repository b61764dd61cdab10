import Platform
import Synchronization

/// The Hugging Face hub and its CDN, each on a port of its own, with what repositories and faults a test wants.
///
/// It answers as the real ones were seen to: signed addresses at the CDN for large files, a relative redirect for small
/// ones, error codes in headers, lists of files in pages.
public final class StubHub: Sendable {
    /// Which of the two servers.
    public typealias Part = StubFault.Place

    /// What a token is good for.
    public enum TokenScope: Sendable {
        /// Every gated and restricted repository.
        case granted
        /// A user to whom nothing was granted.
        case notGranted
        /// A token that may not read gated repositories, of a user who may.
        case lacksScope
    }

    /// What can be set at any time.
    public struct Settings: Sendable {
        /// The most entries on a page of a list of files.
        public var pageSize = 1000
        /// Whether large files are at the CDN; otherwise the hub sends them itself.
        public var usesCDN = true
        /// Whether a small file is behind a redirect; otherwise the hub sends it at once.
        public var redirectsSmallFiles = true
        /// How long a signed address is good for, in seconds.
        public var addressLifetime = 3600
        /// The size from which the CDN refuses to send a file without a range.
        public var largestWithoutRange: Int64 = 300_000_000_000
        /// The most requests of a window that the hub answers.
        public var quota = 3000
        /// The length of the window of the quota.
        public var quotaWindow: Duration = .seconds(300)
        /// What tokens are good for; all others are refused.
        public var tokens: [String: TokenScope] = [
            StubHub.grantedToken: .granted,
            StubHub.notGrantedToken: .notGranted,
            StubHub.scopelessToken: .lacksScope,
        ]
        /// Names that repositories had before, and what they are called now.
        public var renamed: [String: String] = [:]
        /// How much of an answer may be on its way at each server, as long as the kernel does not choose it by itself;
        /// read when the servers start.
        public var sendBuffer: Int?

        /// As the real hub is set.
        public init() {}
    }

    /// A token to which everything was granted.
    public static let grantedToken = "hf_grantedGrantedGrantedGrantedGranted"
    /// A token to which nothing was granted.
    public static let notGrantedToken = "hf_notGrantedNotGrantedNotGrantedNotGr"
    /// A token that may not read gated repositories.
    public static let scopelessToken = "hf_scopelessScopelessScopelessScopeles"

    private let hub: StubServer
    private let cdn: StubServer
    private let state: StubHubState

    /// The hub's address, for `HF_ENDPOINT`.
    public var endpoint: String { hub.url }

    /// Starts both servers with these repositories.
    public init(_ repositories: [StubRepository] = [], settings: Settings = Settings()) throws {
        let state = StubHubState(settings)
        self.state = state
        cdn = try StubServer(name: "cdn", sendBuffer: settings.sendBuffer) { state.respond(.cdn, $0) }
        hub = try StubServer(name: "hub", sendBuffer: settings.sendBuffer) { state.respond(.hub, $0) }
        state.addresses.withLock { $0 = (hub.url, cdn.url) }
        for repository in repositories { publish(repository) }
    }

    /// Adds a repository, or changes it; the commits that it had stay.
    public func publish(_ repository: StubRepository) {
        state.shared.withLock { shared in
            var repository = repository
            if let earlier = shared.repositories[repository.id] { repository.keepHistory(of: earlier) }
            shared.repositories[repository.id] = repository
            for file in repository.history.flatMap(\.files) where file.sha256 != nil {
                shared.stored[file.storageHash, default: StubStored(content: file.content)].paths.insert(
                    file.path
                )
            }
        }
    }

    /// What is set; it may be changed at any time.
    public var settings: Settings {
        get { state.shared.withLock { $0.settings } }
        set { state.shared.withLock { $0.settings = newValue } }
    }

    // MARK: Faults

    /// Adds a fault to those that are pending.
    public func inject(_ fault: StubFault) { state.shared.withLock { $0.faults.append(fault) } }

    /// All faults in the order they were added, each with the number of requests that it may still befall.
    public var faults: [StubFault] { state.shared.withLock { $0.faults } }

    /// The faults that may still befall a request.
    public var pendingFaults: [StubFault] { faults.filter { $0.times > 0 } }

    /// Drops all faults.
    public func clearFaults() { state.shared.withLock { $0.faults = [] } }

    /// Makes every address at the CDN that was signed so far too old.
    public func expireAddresses() { state.shared.withLock { $0.era += 1 } }

    /// Stops one or both servers; their ports answer no more.
    public func stop(_ part: Part? = nil) {
        if part != .cdn { hub.stop() }
        if part != .hub { cdn.stop() }
    }

    // MARK: The log

    /// All requests so far to one server, or to both in the order they came.
    public func requests(_ part: Part? = nil) -> [StubServer.Record] {
        switch part {
        case .hub: hub.requests
        case .cdn: cdn.requests
        case nil: (hub.requests + cdn.requests).sorted { $0.begun < $1.begun }
        }
    }

    /// The bytes of bodies that a server has sent so far.
    public func bytesServed(_ part: Part) -> Int64 { (part == .hub ? hub : cdn).bytesServed }

    /// The number of connections that a server has seen so far.
    public func connectionCount(_ part: Part) -> Int { (part == .hub ? hub : cdn).connectionCount }

    /// Whether a request to the CDN carried an `Authorization`, or a token anywhere else in its head.
    public var tokenSeenAtCDN: Bool {
        let tokens = settings.tokens.keys
        return cdn.requests.contains { record in
            record.request.headers["authorization"] != nil
                || tokens.contains { token in
                    record.request.target.contains(token)
                        || record.request.headers.pairs.contains { $0.value.contains(token) }
                }
        }
    }

    /// Forgets the log of both servers.
    public func forgetRequests() {
        hub.forgetRequests()
        cdn.forgetRequests()
    }

    /// Waits until the log of a server is as wanted; `false` if it is not in time.
    public func waitUntil(
        _ part: Part,
        timeout: Duration = .seconds(120),
        _ condition: @Sendable ([StubServer.Record]) -> Bool
    ) async throws -> Bool {
        try await (part == .hub ? hub : cdn).waitUntil(timeout: timeout, condition)
    }
}

/// A content at the CDN, and the paths under which repositories have it.
struct StubStored: Sendable {
    let content: StubContent
    var paths: Set<String> = []
}

/// What the two servers of a hub share.
final class StubHubState: Sendable {
    struct Shared {
        var settings: StubHub.Settings
        var repositories: [String: StubRepository] = [:]
        var stored: [String: StubStored] = [:]
        var faults: [StubFault] = []
        var era = 0
        var windowStart = ContinuousClock.now
        var usedInWindow = 0
    }

    let shared: Mutex<Shared>
    let addresses = Mutex<(hub: String, cdn: String)>(("", ""))

    init(_ settings: StubHub.Settings) { shared = Mutex(Shared(settings: settings)) }

    var settings: StubHub.Settings { shared.withLock { $0.settings } }

    /// The answer to a request, with the faults that befall it.
    func respond(_ part: StubHub.Part, _ request: StubRequest) -> StubResponse {
        var (response, files) = answer(part, request)
        let faults = takeFaults(part, request, about: files, answeredBy: response)
        if faults.contains(where: { if case .ignoreRange = $0 { true } else { false } }) {
            response = answer(part, request.withoutRange).response
        }
        for fault in faults { if let replacement = fault.replacement { response = replacement } }
        for fault in faults { fault.spoil(&response) }
        return response
    }

    private func takeFaults(
        _ part: StubHub.Part,
        _ request: StubRequest,
        about files: [String],
        answeredBy response: StubResponse
    ) -> [StubFault.Kind] {
        shared.withLock { shared in
            var taken: [StubFault.Kind] = []
            for index in shared.faults.indices {
                let fault = shared.faults[index]
                guard fault.place == part, fault.befalls(request, about: files, answeredBy: response) else {
                    continue
                }
                if fault.skipping > 0 {
                    shared.faults[index].skipping -= 1
                } else {
                    shared.faults[index].times -= 1
                    taken.append(fault.kind)
                }
            }
            return taken
        }
    }

    /// The right answer, and the paths of the files that the request is about.
    private func answer(_ part: StubHub.Part, _ request: StubRequest) -> (
        response: StubResponse, files: [String]
    ) {
        switch part {
        case .cdn: return answerAtCDN(request)
        case .hub:
            let (remaining, seconds) = countRequest()
            if remaining < 0 { return (.rateLimited(seconds: seconds, retryAfter: nil), []) }
            var (response, files) = answerAtHub(request)
            let bucket = request.path.hasPrefix("/api/models") ? "api" : "resolvers"
            response.headers["RateLimit"] = "\"\(bucket)\";r=\(remaining);t=\(seconds)"
            response.headers["RateLimit-Policy"] = "\"fixed window\";\"\(bucket)\";q=\(settings.quota);w=300"
            response.headers["X-Request-Id"] = "Root=1-stub-\(request.number)"
            return (response, files)
        }
    }

    /// Counts a request; tells what remains of the quota, below 0 if it is used up, and the rest of the window.
    private func countRequest() -> (remaining: Int, seconds: Int) {
        shared.withLock { shared in
            if shared.windowStart + shared.settings.quotaWindow <= .now {
                shared.windowStart = .now
                shared.usedInWindow = 0
            }
            shared.usedInWindow += 1
            let rest = shared.windowStart + shared.settings.quotaWindow - .now
            return (shared.settings.quota - shared.usedInWindow, Int((rest / .seconds(1)).rounded(.up)))
        }
    }
}

extension StubRequest {
    fileprivate var withoutRange: StubRequest {
        var headers = headers
        headers["range"] = nil
        return StubRequest(
            method: method,
            target: target,
            headers: headers,
            body: body,
            number: number,
            connection: connection
        )
    }
}
