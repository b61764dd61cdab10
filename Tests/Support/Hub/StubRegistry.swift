import Platform
import Synchronization

/// A registry of Ollama's kind and the storage that it sends its clients to, each on a port of its own, with what models
/// and faults a test wants.
public final class StubRegistry: Sendable {
    /// Who may have what it has.
    public enum Access: Sendable {
        /// Everybody, at once.
        case open
        /// Everybody who shows a token that everybody gets.
        case anonymousToken
        /// Who has a token that not everybody gets.
        case login
        /// Whoever has a token of this other address.
        case foreignLogin(String)
        /// Nobody, without a word on why.
        case closed
    }

    /// What can be set at any time.
    public struct Settings: Sendable {
        /// Who may have what it has.
        public var access = Access.open
        /// Whether blobs are at the storage; otherwise the registry sends them itself.
        public var usesStorage = true

        /// As the real registry is set.
        public init() {}
    }

    /// The token that everybody gets.
    public static let token = "anonymous.Token-1"

    /// What a layer is, in the words of a manifest.
    public static func type(_ role: String) -> String { "application/vnd.ollama.image.\(role)" }

    private struct State {
        var settings = Settings()
        var manifests: [String: String] = [:]
        var blobs: [String: StubContent] = [:]
        var faults: [StubFault] = []
        var storage = ""
        var registry = ""
    }

    private let shared: Shared
    private let registry: StubServer
    private let storage: StubServer

    /// Starts both servers.
    public init() throws {
        let shared = Shared()
        self.shared = shared
        storage = try StubServer(name: "storage") { shared.respond(.cdn, $0) }
        registry = try StubServer(name: "registry") { shared.respond(.hub, $0) }
        shared.state.withLock { [storage, registry] in ($0.storage, $0.registry) = (storage.url, registry.url)
        }
    }

    /// The registry's address.
    public var endpoint: String { registry.url }
    /// The registry's host and port, as they stand in a name.
    public var host: String { String(registry.url.dropFirst("http://".count)) }

    /// What is set; it may be changed at any time.
    public var settings: Settings {
        get { shared.state.withLock { $0.settings } }
        set { shared.state.withLock { $0.settings = newValue } }
    }

    /// Adds a model or changes it, and answers its manifest; `fileType` is what its description says.
    @discardableResult
    public func publish(
        _ name: String,
        layers: KeyValuePairs<String, StubContent>,
        fileType: String? = nil
    ) -> String {
        let type = fileType.map { ",\"file_type\":\"\($0)\"" } ?? ""
        let description = StubContent.text("{\"model_format\":\"gguf\"\(type)}")
        let layers = layers.map { (Self.type($0.key), $0.value) }
        func entry(_ type: String, _ content: StubContent) -> String {
            "{\"mediaType\":\"\(type)\",\"digest\":\"\(content.sha256)\",\"size\":\(content.size)}"
        }
        let manifest = """
            {"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",\
            "config":\(entry("application/vnd.docker.container.image.v1+json", description)),\
            "layers":[\(layers.map(entry).joined(separator: ","))]}
            """
        shared.state.withLock { state in
            for content in layers.map(\.1) + [description] { state.blobs["\(content.sha256)"] = content }
        }
        publish(name, manifest: manifest)
        return manifest
    }

    /// Gives a model any manifest, right or wrong.
    public func publish(_ name: String, manifest: String) {
        shared.state.withLock { $0.manifests[name] = manifest }
    }

    /// Takes a model away; what it was made of stays.
    public func withdraw(_ name: String) { shared.state.withLock { $0.manifests[name] = nil } }

    /// Takes a blob away.
    public func withdraw(blob: StubContent) { shared.state.withLock { $0.blobs["\(blob.sha256)"] = nil } }

    /// Adds a fault; the registry is the place `hub`, the storage is `cdn`.
    public func inject(_ fault: StubFault) { shared.state.withLock { $0.faults.append(fault) } }

    /// The faults that may still befall a request.
    public var pendingFaults: [StubFault] { shared.state.withLock { $0.faults.filter { $0.times > 0 } } }

    /// Stops both servers.
    public func stop() {
        registry.stop()
        storage.stop()
    }

    // MARK: The log

    /// All requests so far to the registry.
    public var requests: [StubServer.Record] { registry.requests }
    /// All requests so far to the storage.
    public var storageRequests: [StubServer.Record] { storage.requests }
    /// The bytes that the storage has sent.
    public var bytesStored: Int64 { storage.bytesServed }

    /// Forgets the log of both servers.
    public func forgetRequests() {
        registry.forgetRequests()
        storage.forgetRequests()
    }
}

// MARK: Answers

extension StubRegistry {
    /// What both servers share.
    private final class Shared: Sendable {
        let state = Mutex(State())

        func respond(_ place: StubFault.Place, _ request: StubRequest) -> StubResponse {
            var response = place == .hub ? answerAtRegistry(request) : answerAtStorage(request)
            let faults = state.withLock { state in
                state.faults.indices.compactMap { index -> StubFault.Kind? in
                    let fault = state.faults[index]
                    guard fault.place == place, fault.befalls(request, about: [], answeredBy: response) else {
                        return nil
                    }
                    if fault.skipping > 0 {
                        state.faults[index].skipping -= 1
                        return nil
                    }
                    state.faults[index].times -= 1
                    return fault.kind
                }
            }
            for fault in faults { if let replacement = fault.replacement { response = replacement } }
            for fault in faults { fault.spoil(&response) }
            return response
        }

        private func answerAtRegistry(_ request: StubRequest) -> StubResponse {
            let segments = request.segments
            if segments == ["token"] { return token(request) }
            guard segments.count == 5, segments[0] == "v2" else { return .refusal(404, "not found") }
            if let refusal = refusal(request) { return refusal }
            let state = state.withLock { $0 }
            switch segments[3] {
            case "manifests":
                let name = "\(segments[1])/\(segments[2]):\(segments[4])"
                guard let manifest = state.manifests[name] else {
                    return .refusal(404, "manifest unknown")
                }
                return StubResponse(text: manifest, type: "text/plain")
            case "blobs":
                guard let blob = state.blobs[segments[4]] else { return .refusal(404, "blob unknown") }
                guard state.settings.usesStorage else { return .serving(blob, to: request) }
                let address = "\(state.storage)/data/\(segments[4])?X-Amz-Signature=1"
                return StubResponse(307, headers: ["Location": address], text: "Temporary Redirect")
            default: return .refusal(404, "not found")
            }
        }

        private func refusal(_ request: StubRequest) -> StubResponse? {
            let state = state.withLock { $0 }
            func challenge(_ realm: String) -> StubResponse {
                var response = StubResponse.refusal(401, "authentication required")
                response.headers["WWW-Authenticate"] =
                    "Bearer realm=\"\(realm)\",service=\"stub, inc\",scope=\"repository:x:pull\""
                return response
            }
            switch state.settings.access {
            case .open: return nil
            case .anonymousToken, .login:
                return request.token == StubRegistry.token ? nil : challenge("\(state.registry)/token")
            case .foreignLogin(let realm): return challenge(realm)
            case .closed: return StubResponse(401)
            }
        }

        private func token(_ request: StubRequest) -> StubResponse {
            guard case .anonymousToken = state.withLock({ $0.settings.access }),
                request.query["service"] == "stub, inc", request.query["scope"] == "repository:x:pull",
                request.headers["authorization"] == nil
            else { return .refusal(401, "who are you?") }
            return .json("{\"token\":\"\(StubRegistry.token)\"}")
        }

        private func answerAtStorage(_ request: StubRequest) -> StubResponse {
            let blob = request.segments.last.flatMap { name in state.withLock { $0.blobs[name] } }
            guard let blob, request.query["X-Amz-Signature"] != nil else { return .accessDenied }
            return .serving(blob, to: request, headers: ["ETag": "\"storage\""])
        }
    }
}

extension StubResponse {
    fileprivate static func refusal(_ status: Int, _ message: String) -> StubResponse {
        .json("{\"errors\":[{\"code\":\"STUB\",\"message\":\"\(message)\"}]}", status: status)
    }
}
