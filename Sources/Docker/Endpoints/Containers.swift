import Platform

/// A container as the engine describes it.
public struct Container: Sendable, Decodable {
    /// What it does now.
    public struct State: Sendable, Decodable {
        /// Whether its process runs.
        public let running: Bool

        enum CodingKeys: String, CodingKey { case running = "Running" }
    }

    /// How it was made.
    public struct Configuration: Sendable, Decodable {
        /// Its command, without the entry point.
        public let command: [String]?
        /// Its environment, as `NAME=VALUE`.
        public let environment: [String]?

        enum CodingKeys: String, CodingKey { case command = "Cmd", environment = "Env" }
    }

    /// Its identifier.
    public let id: String
    /// What it does now.
    public let state: State
    /// How it was made.
    public let configuration: Configuration
    /// The arguments that its process was started with.
    public let arguments: [String]?

    enum CodingKeys: String, CodingKey {
        case id = "Id", state = "State", configuration = "Config", arguments = "Args"
    }
}

/// A volume of the engine.
public struct Volume: Sendable, Decodable {
    /// Where its files are on this machine.
    public let mountpoint: String

    enum CodingKeys: String, CodingKey { case mountpoint = "Mountpoint" }
}

extension DockerClient {
    /// Describes a container, by its name or identifier.
    ///
    /// Maps to `GET /containers/{name}/json`.
    public func container(_ name: String) async throws(DockerError) -> Container {
        try await get(
            Container.self,
            "/containers/\(name.percentEncoded())/json",
            subject: "container \(name)"
        )
    }

    /// The identifiers of the containers of a compose service, also of those that do not run.
    ///
    /// Maps to `GET /containers/json` with a filter on compose's labels.
    public func containers(project: String, service: String) async throws(DockerError) -> [String] {
        struct Entry: Decodable {
            let id: String
            enum CodingKeys: String, CodingKey { case id = "Id" }
        }
        let labels = ["com.docker.compose.project=\(project)", "com.docker.compose.service=\(service)"]
        let quoted = labels.map { "\"\($0.filter { $0 != "\"" && $0 != "\\" })\"" }.joined(separator: ",")
        let filter = "{\"label\":[\(quoted)]}".percentEncoded()
        return try await get([Entry].self, "/containers/json?all=1&filters=\(filter)", subject: "containers")
            .map(\.id)
    }

    /// Describes a volume.
    ///
    /// Maps to `GET /volumes/{name}`.
    public func volume(_ name: String) async throws(DockerError) -> Volume {
        try await get(Volume.self, "/volumes/\(name.percentEncoded())", subject: "volume \(name)")
    }
}
