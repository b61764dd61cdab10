import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
public import Platform
import Synchronization
import SystemPackage

/// What a mirror serves, to whom and where.
public struct MirrorConfiguration: Sendable {
    /// Where it listens.
    public var address: ListenAddress
    /// What a client must bear to be answered.
    public var token: String?
    /// Whether other hosts may read everything without a token.
    public var allowsInsecure: Bool
    /// Where repositories come from; the first that has one serves it.
    public var sources: [MirrorSource]

    /// Describes a mirror.
    public init(
        address: ListenAddress = .standard,
        token: String? = nil,
        allowsInsecure: Bool = false,
        sources: [MirrorSource]
    ) {
        self.address = address
        self.token = token
        self.allowsInsecure = allowsInsecure
        self.sources = sources
    }
}

/// A request that was answered.
public struct MirrorExchange: Sendable, CustomStringConvertible {
    /// The verb.
    public let method: String
    /// The path as it was sent, without its query.
    public let path: String
    /// The status code.
    public let status: Int
    /// How much of the body was sent.
    public internal(set) var sent: ByteCount = 0
    /// How long the body was meant to be.
    public let length: ByteCount
    /// The fact behind an answer that the mirror could not give.
    public let problem: String?

    init(_ asked: Asked, _ answer: Answer, _ problem: String?) {
        method = asked.method.rawValue
        path = asked.rawPath
        status = answer.status.code
        length = asked.method == .head ? 0 : ByteCount(answer.content.length)
        self.problem = problem
    }

    /// Whether the client took the whole body.
    public var isComplete: Bool { sent == length }

    /// For example `GET /org/name/resolve/main/config.json 200 665`.
    public var description: String {
        let path = String(path.map { $0.isASCII && $0 > " " && $0 != "\u{7F}" ? $0 : "?" })
        let rest = (isComplete ? "" : " of \(length.bytes)") + (problem.map { " (\($0))" } ?? "")
        return "\(method) \(path) \(status) \(sent.bytes)\(rest)"
    }
}

/// Serves models to other hosts over the hub's protocol: read, and nothing else.
public struct MirrorServer: Sendable {
    private let configuration: MirrorConfiguration
    private let onExchange: @Sendable (MirrorExchange) -> Void
    private static let idle = TimeAmount.seconds(75)
    private static let mostConnections = 512

    /// Describes a server; `onExchange` is told of each request when it is over, from any thread.
    public init(
        _ configuration: MirrorConfiguration,
        onExchange: @escaping @Sendable (MirrorExchange) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.onExchange = onExchange
    }

    /// Serves until the task is cancelled; `onListening` is told the address with its real port.
    public func run(
        onListening: @escaping @Sendable (ListenAddress) -> Void = { _ in }
    ) async throws(MirrorError) {
        let address = configuration.address
        guard configuration.token?.isEmpty != true else { throw .emptyToken }
        guard address.isLoopback || configuration.token != nil || configuration.allowsInsecure else {
            throw .exposedWithoutToken(address)
        }
        let threads = DiskThreads()
        defer { threads.stop() }
        var sources: [any RepositorySource] = []
        for source in configuration.sources { sources.append(try source.opened(threads)) }
        let responder = MirrorResponder(
            routes: Routes(sources: sources, threads: threads),
            gate: Guard(token: configuration.token),
            onExchange: onExchange
        )
        let isListening = Mutex(false)
        let silent = Logger(label: "mirror") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            responder: responder,
            server: .http1(configuration: .init(idleTimeout: Self.idle)),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port),
                availableConnectionsDelegate: .maximum(Self.mostConnections, logger: silent)
            ),
            onServerRunning: { channel in
                isListening.withLock { $0 = true }
                onListening(
                    ListenAddress(host: address.host, port: channel.localAddress?.port ?? address.port)
                )
            },
            logger: silent
        )
        do {
            try await application.run()
        } catch {
            if Task.isCancelled { return }
            if isListening.withLock({ $0 }) { throw .ended(reason: "\(error)") }
            throw .cannotListen(address, reason: reason(error))
        }
    }

    private func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError: "\(Errno(rawValue: error.errnoCode))"
        case is SocketAddressError.UnknownHost: "the host's name is not known"
        default: "\(error)"
        }
    }
}
