public import Platform
import Transport

/// A port at which a container's server answers clients on this machine.
public struct PublishedPort: Sendable, Equatable {
    /// The address.
    public let host: String
    /// The port.
    public let port: Int

    /// States where it is.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// What the server answers to a GET of a path, or to a POST where a document is sent; `nil` if it does not answer,
    /// or with more than `limit`.
    ///
    /// `key` is sent as the bearer's token: it is secret.
    public func ask(
        _ path: String,
        sending document: [UInt8]? = nil,
        key: String? = nil,
        patience: Duration = .seconds(5),
        limit: ByteCount = 1_000_000
    ) async throws(DockerError) -> (status: Int, body: [UInt8])? {
        // All addresses of a machine are no address to ask at.
        let reached = ["0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"][host] ?? host
        let name = reached.contains(":") && !reached.hasPrefix("[") ? "[\(reached)]" : reached
        var request = HTTPRequest(
            document == nil ? .get : .post,
            "http://\(name):\(port)\(path)",
            body: document,
            connectTimeout: min(patience, .seconds(5)),
            stallTimeout: patience
        )
        if document != nil { request.headers.append(("Content-Type", "application/json")) }
        if let key { request.headers.append(("Authorization", "Bearer \(key)")) }
        request.usesProxy = false
        // A server that says a little now and then must not hold up whoever asks.
        request.totalTimeout = patience
        do throws(TransportError) {
            let response = try await HTTPClient.shared.fetch(request, limit: limit)
            return (response.head.status, response.body)
        } catch {
            switch error {
            case .cancelled: throw .cancelled
            case .invalidURL: throw .unreachable(error)
            default: return nil
            }
        }
    }
}
