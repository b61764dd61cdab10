import CCurl
import Glibc
import Platform
import Synchronization

/// A connection that libcurl has made and left alone: over TCP or a Unix socket, with TLS or without.
///
/// libcurl never waits here: whoever has to waits on the socket, on a thread of its own.
final class CurlLine: Sendable {
    /// One thread at a time may use the handle.
    private let handle: Mutex<UnsafeHandle>
    private let socket: Int32

    private struct UnsafeHandle: @unchecked Sendable { let raw: UnsafeMutableRawPointer }
    /// What a thread that uses the handle learns.
    private enum Outcome {
        case done(Int)
        case mustWait
        case failed(TransportError)
    }

    private static let pieceSize = 65_536

    private init(_ raw: UnsafeHandle, socket: Int32) {
        handle = Mutex(raw)
        self.socket = socket
    }

    deinit { handle.withLock { curl_easy_cleanup($0.raw) } }

    /// Connects, on a thread of its own.
    static func connect(_ request: HTTPRequest) async throws(TransportError) -> CurlLine {
        do { return try await blocking { try CurlLine.connected(request) } } catch {
            throw error as? TransportError ?? .cancelled
        }
    }

    private static func connected(_ request: HTTPRequest) throws(TransportError) -> CurlLine {
        guard let raw = curl_easy_init() else { preconditionFailure("libcurl has no memory for a handle") }
        curl_shim_set_string(raw, CURLOPT_URL, request.url)
        curl_shim_set_string(raw, CURLOPT_PROTOCOLS_STR, "http,https")
        curl_shim_set_long(raw, CURLOPT_NOSIGNAL, 1)
        curl_shim_set_long(raw, CURLOPT_CONNECT_ONLY, 1)
        curl_shim_set_long(raw, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        curl_shim_set_long(raw, CURLOPT_TCP_KEEPALIVE, 1)
        request.setRoute(of: raw)
        let code = withoutBrokenPipe { curl_easy_perform(raw) }
        let socket = curl_shim_get_socket(raw)
        guard code == CURLE_OK, socket >= 0 else {
            curl_easy_cleanup(raw)
            throw TransportError(code, nil, isConnected: false) ?? .broken("the connection has no socket")
        }
        return CurlLine(UnsafeHandle(raw: raw), socket: socket)
    }

    // MARK: Receiving

    /// The next bytes; `nil` at the end.
    ///
    /// `patience` is how long the line may be silent.
    func receive(patience: Duration?) async throws(TransportError) -> [UInt8]? {
        try await waiting { line throws(TransportError) in try line.receiveNow(patience: patience) }
    }

    private func receiveNow(patience: Duration?) throws(TransportError) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: Self.pieceSize)
        while true {
            switch receiveWhatIsThere(&buffer) {
            case .done(let count): return count == 0 ? nil : Array(buffer[..<count])
            case .mustWait: try wait(for: POLLIN, patience)
            case .failed(let error): throw error
            }
        }
    }

    private func receiveWhatIsThere(_ buffer: inout [UInt8]) -> Outcome {
        buffer.withUnsafeMutableBytes { buffer in
            handle.withLock { handle in
                var count = 0
                return Self.outcome(
                    curl_easy_recv(handle.raw, buffer.baseAddress, buffer.count, &count),
                    &count
                )
            }
        }
    }

    // MARK: Sending

    func send(_ bytes: [UInt8]) async throws(TransportError) {
        _ = try await waiting { line throws(TransportError) in try line.sendNow(bytes) }
    }

    private func sendNow(_ bytes: [UInt8]) throws(TransportError) {
        var failure: TransportError?
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count, failure == nil {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                switch sendWhatFits(rest) {
                case .done(let count): sent += count
                case .failed(let error): failure = error
                case .mustWait:
                    do throws(TransportError) { try wait(for: POLLOUT, nil) } catch { failure = error }
                }
            }
        }
        if let failure { throw failure }
    }

    private func sendWhatFits(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        handle.withLock { handle in
            var count = 0
            let code = withoutBrokenPipe {
                curl_easy_send(handle.raw, bytes.baseAddress, bytes.count, &count)
            }
            return Self.outcome(code, &count)
        }
    }

    /// Ends our direction.
    func finishSending() async throws(TransportError) {
        _ = try await waiting { line throws(TransportError) in
            let answer = line.handle.withLock { handle in
                withoutBrokenPipe { curl_shim_end_tls_writing(handle.raw) }
            }
            guard answer >= 0 else { throw .broken("TLS could not be ended") }
            if answer == 0 { shutdown(line.socket, Int32(SHUT_WR)) }
        }
    }

    /// Ends both directions, which wakes whoever waits.
    func end() { shutdown(socket, Int32(SHUT_RDWR)) }

    // MARK: Waiting

    private static func outcome(_ code: CURLcode, _ count: inout Int) -> Outcome {
        switch code {
        case CURLE_OK: .done(count)
        case CURLE_AGAIN: .mustWait
        default: .failed(TransportError(code, nil, isConnected: true) ?? .broken("no reason given"))
        }
    }

    private func wait(for event: Int32, _ patience: Duration?) throws(TransportError) {
        var request = pollfd(fd: socket, events: Int16(event), revents: 0)
        let milliseconds = patience.map { Int32(clamping: $0.milliseconds) } ?? -1
        let answer = poll(&request, 1, milliseconds)
        if answer == 0 { throw .timedOut }
        if answer < 0, errno != EINTR { throw .broken(String(cString: strerror(errno))) }
    }

    /// Runs what waits on a thread of its own; cancelling the task ends the connection.
    private func waiting<Success: Sendable>(
        _ body: @escaping @Sendable (CurlLine) throws(TransportError) -> Success
    ) async throws(TransportError) -> Success {
        do {
            let result = try await withTaskCancellationHandler {
                try await blocking { try body(self) }
            } onCancel: {
                end()
            }
            // What looks like the other side's end may be the one that the cancellation has brought about.
            try Task.checkCancellation()
            return result
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw error as? TransportError ?? .broken("\(error)")
        }
    }
}

/// Runs what may write to a connection that the other side has closed, without the signal that would end the process:
/// libcurl sees to that on its own sockets, and TLS does not.
private func withoutBrokenPipe<Result>(_ body: () -> Result) -> Result {
    var (pipe, before, pending) = (sigset_t(), sigset_t(), sigset_t())
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    sigpending(&pending)
    let wasPending = sigismember(&pending, SIGPIPE) == 1
    pthread_sigmask(SIG_BLOCK, &pipe, &before)
    let result = body()
    if !wasPending {
        var now = timespec()
        while sigtimedwait(&pipe, nil, &now) == -1, errno == EINTR {}
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
    return result
}
