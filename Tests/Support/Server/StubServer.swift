import Platform
import Synchronization
public import SystemPackage

/// A real HTTP/1.1 server on a port of its own or on a Unix socket, which keeps a log of all it was asked.
///
/// One thread a connection; it stops when the last reference goes.
public final class StubServer: Sendable {
    /// A request in the log, with what was served to it so far.
    public struct Record: Sendable {
        /// The server's name.
        public let server: String
        /// The request.
        public let request: StubRequest
        /// When its head had arrived.
        public let begun: ContinuousClock.Instant
        /// When the answer was sent or broken off.
        public var ended: ContinuousClock.Instant?
        /// The answer's status; 0 before it is known.
        public var status = 0
        /// The bytes of the body that the kernel took.
        public var bytesServed: Int64 = 0
    }

    /// What answers a request; it runs on the connection's thread and may wait.
    public typealias Responder = @Sendable (StubRequest) -> StubResponse

    /// What the log calls this server.
    public var name: String { core.name }
    /// The port; 0 on a Unix socket.
    public let port: UInt16
    /// The socket's path; `nil` on a port.
    public let socketPath: FilePath?
    /// The server's address without a trailing slash.
    public var url: String { "http://127.0.0.1:\(port)" }

    private let core: StubServerCore

    /// Listens on a port of 127.0.0.1; 0 takes a free one.
    ///
    /// `sendBuffer` bounds what the kernel holds of an answer that nobody reads; by itself it takes some megabytes.
    public init(
        name: String = "stub",
        port: UInt16 = 0,
        sendBuffer: Int? = nil,
        respond: @escaping Responder
    ) throws {
        let listener = try Socket.listen(.loopback(port: port))
        if let sendBuffer { listener.limitSendBuffer(to: sendBuffer) }
        self.port = listener.port
        socketPath = nil
        core = StubServerCore(name: name, listener: listener, respond: respond)
        core.start()
    }

    /// Listens on a Unix socket, whose path must not exist.
    public init(name: String = "stub", socket path: FilePath, respond: @escaping Responder) throws {
        let listener = try Socket.listen(.unix(path))
        port = 0
        socketPath = path
        core = StubServerCore(name: name, listener: listener, respond: respond)
        core.start()
    }

    deinit {
        // Clients of this process leave one alone that said 429: no later server must get its port.
        if socketPath != nil || !core.state.withLock({ $0.hasAskedForPause }) { stop() }
    }

    /// Stops listening and ends every connection; the port is free when this returns.
    public func stop() {
        core.stop()
        if let socketPath { try? FileSystem.remove(socketPath) }
    }

    /// All requests so far, in the order they came.
    public var requests: [Record] { core.log.withLock { $0 } }

    /// The bytes of bodies served so far.
    public var bytesServed: Int64 { core.log.withLock { log in log.reduce(0) { $0 + $1.bytesServed } } }

    /// The number of connections that were opened so far.
    public var connectionCount: Int { core.state.withLock { $0.accepted } }

    /// Forgets the log, but not the numbers.
    public func forgetRequests() { core.log.withLock { $0.removeAll() } }

    /// Waits until the log is as wanted; `false` if it is not in time.
    public func waitUntil(
        timeout: Duration = .seconds(120),
        _ condition: @Sendable ([Record]) -> Bool
    ) async throws -> Bool {
        let end = ContinuousClock.now + timeout
        while !condition(requests) {
            guard ContinuousClock.now < end else { return false }
            try await Task.sleep(for: .milliseconds(2))
        }
        return true
    }
}

/// What the threads of a server share; it does not keep the server itself alive.
final class StubServerCore: Sendable {
    struct State {
        var isStopped = false
        var hasAskedForPause = false
        var accepted = 0
        var answered = 0
        var connections: [Int: Socket] = [:]
    }

    let name: String
    let respond: StubServer.Responder
    let log = Mutex<[StubServer.Record]>([])
    let state = Mutex(State())
    private let listener: Mutex<Socket?>

    init(name: String, listener: Socket, respond: @escaping StubServer.Responder) {
        self.name = name
        self.listener = Mutex(listener)
        self.respond = respond
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }

    func start() {
        guard let listener = listener.withLock({ $0 }) else { return }
        onNewThread { [self] in
            while let socket = listener.accept() {
                guard let number = add(socket) else { return }
                onNewThread { [self] in
                    StubConnection(socket: socket, number: number, core: self).serve()
                    state.withLock { $0.connections[number] = nil }
                }
            }
        }
    }

    private func add(_ socket: Socket) -> Int? {
        state.withLock { state in
            guard !state.isStopped else { return nil }
            defer { state.accepted += 1 }
            state.connections[state.accepted] = socket
            return state.accepted
        }
    }

    func stop() {
        let connections = state.withLock { state in
            state.isStopped = true
            return Array(state.connections.values)
        }
        for socket in connections { socket.shutDown() }
        listener.withLock { listener in
            listener?.shutDown()
            listener = nil
        }
    }

    /// Takes the next request's number.
    func nextNumber() -> Int {
        state.withLock { state in
            defer { state.answered += 1 }
            return state.answered
        }
    }

    /// Changes a request's entry in the log, unless it was forgotten.
    func record(_ number: Int, _ change: (inout StubServer.Record) -> Void) {
        log.withLock { log in
            guard let index = log.lastIndex(where: { $0.request.number == number }) else { return }
            change(&log[index])
        }
    }
}
