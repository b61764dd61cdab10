/// A port of 127.0.0.1 that neither takes nor refuses a connection, as behind a firewall that drops what it does not
/// like.
public final class BlackHole: Sendable {
    private let listener: Socket
    private let only: Socket

    /// Listens with a queue of one, and fills it: the kernel drops whoever knocks after that.
    public init() throws {
        listener = try Socket.listen(.loopback(port: 0), queue: 0)
        only = try Socket.connect(.loopback(port: listener.port))
    }

    /// The port's address without a trailing slash.
    public var url: String { "http://127.0.0.1:\(listener.port)" }
}
