public import Platform
public import SystemPackage
import Transport

/// The Docker Engine, asked over its socket.
///
/// Non-goals: images' registries, swarm, anything that builds.
public struct DockerClient: Sendable {
    private let socket: FilePath?
    private let base: String

    /// The oldest version of the interface that every endpoint used here has.
    private static let version = "v1.41"

    /// An engine at a Unix socket.
    public init(socket: FilePath) {
        self.socket = socket
        base = "http://docker/\(Self.version)"
    }

    /// The engine that `DOCKER_HOST` names, else the one at the usual socket of this user or machine.
    public init(environment: Environment) throws(DockerError) {
        if let address = environment["DOCKER_HOST"] {
            guard address.hasPrefix("unix://") else { throw .unsupportedAddress(address) }
            self.init(socket: FilePath(String(address.dropFirst("unix://".count))))
            return
        }
        let own = environment["XDG_RUNTIME_DIR"].map { FilePath($0).appending("docker.sock") }
        let usual: FilePath = "/var/run/docker.sock"
        self.init(socket: own.flatMap { FileSystem.exists($0) ? $0 : nil } ?? usual)
    }

    func get<Document: Decodable>(_ type: Document.Type, _ path: String, subject: String)
        async throws(DockerError) -> Document
    {
        if let socket, !FileSystem.exists(socket) { throw .noEngine(socket) }
        let response: HTTPResponse
        do throws(TransportError) {
            let request = HTTPRequest(
                .get,
                base + path,
                unixSocket: socket,
                connectTimeout: .seconds(3),
                stallTimeout: .seconds(10)
            )
            response = try await HTTPClient.shared.fetch(request)
        } catch { throw .unreachable(error) }
        switch response.head.status {
        case 200:
            do { return try JSON.decode(type, from: response.body) } catch { throw .unexpected("\(error)") }
        case 404: throw .notFound(subject)
        default:
            let refusal = try? JSON.decode(Refusal.self, from: response.body)
            throw .engine(status: response.head.status, refusal?.message ?? "no reason given")
        }
    }
}

/// How the engine words a refusal.
private struct Refusal: Decodable {
    let message: String
}
