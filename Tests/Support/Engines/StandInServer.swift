import Platform
import Synchronization
import SystemPackage

/// A server that behaves as an engine's documentation says, where the engine itself cannot be had.
///
/// It starts, tells its health, lists, loads and refuses as the engine does, and computes nothing. It is controlled from
/// outside and keeps a log of what it was asked.
public final class StandInServer: Sendable {
    /// Which engine it stands in for.
    public enum Engine: Sendable, CaseIterable {
        /// vLLM.
        case vllm
        /// mistral.rs.
        case mistralrs
        /// llama.cpp's server of several models.
        case router
        /// llama.cpp's server of one model.
        case llamacpp
    }

    /// What a test may change while it runs.
    public struct State: Sendable {
        /// The models, and how each is doing; of vLLM and a single llama.cpp the first one is served.
        public var models: [StandInModel]
        /// The adapters that are loaded, and where each is from.
        public var adapters: [String: String] = [:]
        /// Where adapters are that can be loaded.
        public var adapterPaths: Set<String> = []
        /// Whether adapters can be changed while it runs.
        public var allowsAdapters = false
        /// The key that it wants.
        public var key: String?
        /// Whether the engine behind the server has died.
        public var isEngineDead = false
        /// Whether the server has noticed that.
        public var hasNoticed = false
        /// Whether it completes texts; it embeds them otherwise.
        public var completes = true
        /// How long it takes to load a model or an adapter.
        public var loadingTime = Duration.zero
        /// Answers that are given instead of its own, by path.
        public var replacements: [String: StubResponse] = [:]
    }

    /// Which engine it stands in for.
    public let engine: Engine
    /// Its port.
    public let port: UInt16
    private let server = Mutex<StubServer?>(nil)
    private let shared: Shared

    /// What its threads share with whoever controls it.
    final class Shared: Sendable {
        let state: Mutex<State>
        init(_ state: State) { self.state = Mutex(state) }
    }

    /// Describes one with models; it listens from `listen()` on.
    public init(
        _ engine: Engine,
        port: UInt16,
        models: [StandInModel],
        _ change: (inout State) -> Void = { _ in }
    ) {
        self.engine = engine
        self.port = port
        var state = State(models: models)
        change(&state)
        shared = Shared(state)
    }

    /// A free port that stays so while it is closed: none of those that the kernel gives to whoever wants just any, nor
    /// one that was answered before.
    public static func quietPort() throws -> UInt16 {
        let range = try FileSystem.read("/proc/sys/net/ipv4/ip_local_port_range", limit: 64)
        let first = Int(String(decoding: range.prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
        let quiet = 10_240..<max(first ?? 32_768, 11_264)
        for _ in quiet {
            let step = lastPort.withLock { last in
                last += 1
                return last
            }
            let port = UInt16(quiet.lowerBound + step % quiet.count)
            if (try? Socket.listen(.loopback(port: port))) != nil { return port }
        }
        return try freePort()
    }

    /// Where to look next; other processes begin elsewhere.
    private static let lastPort = Mutex(Int.random(in: 0..<50_000))

    /// Opens its port.
    ///
    /// vLLM and mistral.rs do so when their model is loaded, llama.cpp's servers at once.
    public func listen() throws {
        let (engine, shared) = (engine, shared)
        let new = try StubServer(name: "\(engine)", port: port) { request in
            shared.state.withLock { StandInAnswer(engine, request).answer(&$0) }
        }
        server.withLock { $0 = new }
    }

    /// Opens its port after a while.
    public func listen(after delay: Duration) -> Task<Void, any Error> {
        Task {
            try await Task.sleep(for: delay)
            try listen()
        }
    }

    /// Closes its port, as a process that ends does.
    public func close() {
        server.withLock { server in
            server?.stop()
            server = nil
        }
    }

    /// Changes how it is doing.
    public func change(_ change: (inout State) -> Void) { shared.state.withLock { change(&$0) } }

    /// How it is doing.
    public var state: State { shared.state.withLock { $0 } }

    /// What it was asked since its port was opened, each as method and target.
    public var asked: [String] { requests.map { "\($0.method) \($0.target)" } }

    /// Waits until it was asked something so often; `false` if it is not in time.
    public func waitUntilAsked(_ question: String, times: Int = 1) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(120)
        while asked.filter({ $0 == question }).count < times {
            guard ContinuousClock.now < end else { return false }
            try await Task.sleep(for: .milliseconds(5))
        }
        return true
    }

    /// What it was asked since its port was opened.
    public var requests: [StubRequest] { server.withLock { $0?.requests ?? [] }.map(\.request) }
}

/// A model of a stand-in server.
public struct StandInModel: Sendable {
    /// How it is doing.
    public enum Status: Sendable, Equatable {
        /// It answers.
        case loaded
        /// It does not, and can be loaded.
        case unloaded
        /// It is being loaded until then.
        case loading(until: ContinuousClock.Instant)
        /// Its process has ended with this status.
        case failed(Int)
        /// It answers when it is asked something.
        case sleeping
    }

    /// What the server calls it.
    public var id: String
    /// What else it is called.
    public var aliases: [String] = []
    /// Where it is.
    public var path: String
    /// How it is doing.
    public var status: Status
    /// What its process ends with when it is loaded; 0 for never.
    public var failure = 0
    /// Whether mistral.rs can load it again.
    public var isReloadable = true

    /// Describes one.
    public init(_ id: String, path: String? = nil, _ status: Status = .loaded) {
        self.id = id
        self.path = path ?? "/models/\(id)"
        self.status = status
    }

    /// Its status at this moment.
    mutating func settle() {
        guard case .loading(let end) = status, ContinuousClock.now >= end else { return }
        status = failure == 0 ? .loaded : .failed(failure)
    }

    /// Whether it answers, or would.
    var answers: Bool { status == .loaded || status == .sleeping }
}
