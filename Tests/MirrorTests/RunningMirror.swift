import Glibc
import Mirror
import Platform
import Synchronization
import TestSupport

/// A mirror that listens on a port of its own while a test asks it.
final class RunningMirror: Sendable {
    let port: UInt16
    private let kept: Mutex<[MirrorExchange]>

    fileprivate init(port: UInt16) {
        self.port = port
        kept = Mutex([])
    }

    fileprivate func keep(_ exchange: MirrorExchange) { kept.withLock { $0.append(exchange) } }

    /// The requests that are over, in the order in which they ended.
    var exchanges: [MirrorExchange] { kept.withLock { $0 } }

    /// Asks once, on a connection of its own.
    func ask(
        _ method: String = "GET",
        _ target: String,
        headers: StubHeaders = [:],
        body: [UInt8]? = nil
    ) async throws -> RawHTTP.Response {
        try await onOwnThread { [port] in
            try RawHTTP(port: port).send(method, target, headers: headers, body: body)
        }
    }

    /// Asks for a JSON document.
    func json<Value: Decodable & Sendable>(_ type: Value.Type, _ target: String) async throws -> Value {
        try JSON.decode(type, from: try await ask(target).body)
    }

    func ask(_ target: String, headers: StubHeaders = [:]) async throws -> RawHTTP.Response {
        try await ask("GET", target, headers: headers)
    }
}

/// Runs a mirror while `body` asks it, and waits for its end.
func withMirror<Result>(
    _ configuration: MirrorConfiguration,
    _ body: (RunningMirror) async throws -> Result
) async throws -> Result {
    let started = AsyncStream<RunningMirror>.makeStream()
    let current = Mutex<RunningMirror?>(nil)
    let task = Task {
        defer { started.continuation.finish() }
        let server = MirrorServer(configuration) { exchange in current.withLock { $0 }?.keep(exchange) }
        try await server.run { address in
            let mirror = RunningMirror(port: UInt16(address.port))
            current.withLock { $0 = mirror }
            started.continuation.yield(mirror)
        }
    }
    var iterator = started.stream.makeAsyncIterator()
    guard let mirror = await iterator.next() else {
        try await task.value
        throw MirrorError.ended(reason: "before it listened")
    }
    do {
        let result = try await body(mirror)
        task.cancel()
        try await task.value
        return result
    } catch {
        task.cancel()
        throw error
    }
}

/// Runs a mirror of one source.
func withMirror<Result>(
    of source: MirrorSource,
    _ body: (RunningMirror) async throws -> Result
) async throws -> Result {
    try await withMirror(MirrorConfiguration(of: source), body)
}

/// Runs a mirror, and tells of all requests once it has ended.
func exchanges(
    _ configuration: MirrorConfiguration,
    _ body: (RunningMirror) async throws -> Void
) async throws -> [MirrorExchange] {
    let mirror = try await withMirror(configuration) { mirror async throws in
        try await body(mirror)
        return mirror
    }
    return mirror.exchanges
}

extension MirrorConfiguration {
    /// A mirror for this process, on a port that the kernel chooses.
    init(of sources: MirrorSource..., token: String? = nil) {
        self.init(address: ListenAddress(host: "127.0.0.1", port: 0), token: token, sources: sources)
    }
}

/// Runs what waits for the network on a thread of its own: those of the process are for what is tested.
func onOwnThread<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let body = Unmanaged.passRetained(
            ThreadBody { continuation.resume(with: Swift.Result(catching: work)) }
        )
        var thread = pthread_t()
        let answer = pthread_create(
            &thread,
            nil,
            { body in
                if let body { Unmanaged<ThreadBody>.fromOpaque(body).takeRetainedValue().run() }
                return nil
            },
            body.toOpaque()
        )
        precondition(answer == 0, "no thread: error \(answer)")
        pthread_detach(thread)
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// A client that takes as little of an answer as it likes.
final class UnhurriedClient: Sendable {
    private let descriptor: Int32

    init(port: UInt16, asking target: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        let request = Array("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)
        guard connected == 0,
            send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count
        else { throw Failure(code: errno) }
    }

    deinit { close(descriptor) }

    /// Reads until `count` bytes or the end; tells how many came.
    func take(_ count: Int) async throws -> Int {
        try await onOwnThread { [descriptor] in
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            var taken = 0
            while taken < count {
                let more = recv(descriptor, &buffer, min(buffer.count, count - taken), 0)
                if more <= 0 { break }
                taken += more
            }
            return taken
        }
    }

    struct Failure: Error { let code: Int32 }
}
