import Platform
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

    /// The status with which the server answers a path; `nil` if it does not answer.
    public func status(of path: String, patience: Duration = .seconds(5)) async throws(DockerError) -> Int? {
        let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        var request = HTTPRequest(
            .get,
            "http://\(name):\(port)\(path)",
            connectTimeout: patience,
            stallTimeout: patience
        )
        request.usesProxy = false
        do throws(TransportError) {
            return try await HTTPClient.shared.stream(request) { _ in
            } onBody: { _ in
            }.status
        } catch {
            switch error {
            case .cancelled: throw .cancelled
            case .invalidURL: throw .unreachable(error)
            default: return nil
            }
        }
    }
}
