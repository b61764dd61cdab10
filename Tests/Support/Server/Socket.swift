import Glibc
import Platform
import Synchronization
import SystemPackage

/// Held while a descriptor is open that a child would inherit, and while a child is started: a connection that lives on
/// in a child looks to the other side as if it were never closed.
let heritage = Mutex<Void>(())

/// A connected or listening socket, closed when the last reference goes.
final class Socket: Sendable {
    let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Where a server listens or a client connects.
    enum Address {
        case loopback(port: UInt16)
        case unix(FilePath)
    }

    /// `queue` connections and one wait until they are accepted.
    static func listen(_ address: Address, queue: Int32 = 512) throws -> Socket {
        let socket = try make(address)
        var yes: Int32 = 1
        setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        try socket.apply(address, "listen at") { Glibc.bind(socket.descriptor, $0, $1) }
        _ = fcntl(socket.descriptor, F_SETFL, O_NONBLOCK)
        guard Glibc.listen(socket.descriptor, queue) == 0 else { throw failure("listen") }
        return socket
    }

    static func connect(_ address: Address) throws -> Socket {
        let socket = try make(address)
        try socket.apply(address, "connect to") { Glibc.connect(socket.descriptor, $0, $1) }
        socket.sendAtOnce()
        return socket
    }

    private static func make(_ address: Address) throws -> Socket {
        let family = if case .loopback = address { AF_INET } else { AF_UNIX }
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("make a socket") }
        return Socket(descriptor)
    }

    private func apply(
        _ address: Address,
        _ operation: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws {
        switch address {
        case .loopback(let port):
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            try check(&name, operation, nil, body)
        case .unix(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.string.utf8)
            guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
                throw SystemError(.fileNameTooLong, operation: operation, path: path)
            }
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
            try check(&name, operation, path, body)
        }
    }

    private func check<Name>(
        _ name: inout Name,
        _ operation: String,
        _ path: FilePath?,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws {
        let size = socklen_t(MemoryLayout<Name>.size)
        let answer = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
        }
        guard answer == 0 else { throw Self.failure(operation, path) }
    }

    private static func failure(_ operation: String, _ path: FilePath? = nil) -> SystemError {
        SystemError(Errno(rawValue: errno), operation: operation, path: path)
    }

    /// The port of a loopback socket.
    var port: UInt16 {
        var name = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return UInt16(bigEndian: name.sin_port)
    }

    /// Waits for the next connection; `nil` once the socket was shut down.
    func accept() -> Socket? {
        while true {
            // Of a Unix socket that was shut down, `accept` says only that nobody is there.
            guard waitForConnection(.seconds(60)) else { return nil }
            let (accepted, reason) = heritage.withLock { _ in
                let accepted = Glibc.accept(descriptor, nil, nil)
                if accepted >= 0 { _ = fcntl(accepted, F_SETFD, FD_CLOEXEC) }
                return (accepted, errno)
            }
            if accepted >= 0 {
                let socket = Socket(accepted)
                socket.sendAtOnce()
                return socket
            }
            guard [EINTR, ECONNABORTED, EAGAIN].contains(reason) else { return nil }
        }
    }

    /// Nagle's delay would show up as 40 ms in every second small answer.
    private func sendAtOnce() {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Bounds what the kernel keeps for the other side; a listening socket hands this on.
    func limitSendBuffer(to bytes: Int) {
        var bytes = Int32(clamping: bytes)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sends all; `false` if the other side has gone.
    func send(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let count = Glibc.send(
                    descriptor,
                    buffer.baseAddress?.advanced(by: sent),
                    buffer.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// What has arrived, at most `count` bytes; empty at the end of the stream, after an error, and after `timeout`.
    func receive(_ count: Int = 65_536, timeout: Duration? = nil) -> [UInt8] {
        if let timeout, !waitForBytes(timeout) { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var received: Int
            repeat {
                received = recv(descriptor, buffer.baseAddress, count, 0)
            } while received < 0 && errno == EINTR
            filled = max(0, received)
        }
    }

    /// Whether there is something to receive, be it the end, before the time is up.
    func waitForBytes(_ timeout: Duration) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, Int32(timeout / .milliseconds(1))) != 0
    }

    /// Waits for a connection, or until the time is up; `false` once the socket was shut down.
    private func waitForConnection(_ timeout: Duration) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&request, 1, Int32(timeout / .milliseconds(1)))
        return Int32(request.revents) & (POLLHUP | POLLNVAL) == 0
    }

    /// Whether the other side has ended the connection.
    var isGone: Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
    }

    /// Ends both directions, which wakes whoever waits on the socket.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Makes the close a reset instead of an orderly end.
    func resetOnClose() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }
}

/// Runs `body` on a thread of its own: a server's threads wait for most of their life, which a shared pool would not
/// stand.
func onNewThread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(ThreadBody(run: body)).toOpaque()
    let answer = pthread_create(&thread, nil, runThreadBody, argument)
    precondition(answer == 0, "no thread to be had: \(answer)")
    pthread_detach(thread)
}

/// Runs what waits on a thread of its own, and waits for it without keeping a thread of the process.
public func onOwnThread<Result: Sendable>(
    _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        onNewThread { continuation.resume(with: Swift.Result(catching: work)) }
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    // A child that ended without reading its input must not end the tests.
    var pipeSignal = sigset_t()
    sigemptyset(&pipeSignal)
    sigaddset(&pipeSignal, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipeSignal, nil)
    if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run() }
    return nil
}
