/// A container as the engine describes it.
public struct Container: Sendable, Decodable {
    /// Its identifier.
    public let id: String
    /// Its name.
    public let name: String
    /// What it does now.
    public let state: ContainerState
    /// How it was made.
    public let configuration: ContainerConfiguration
    /// What it was given of this machine.
    public let resources: ContainerResources
    /// The program that its process was started as.
    public let program: String?
    /// The arguments that its process was started with.
    public let arguments: [String]?
    /// The identifier of its image.
    public let image: String?
    /// How often the engine has started it again by itself.
    public let restartCount: Int
    /// What of this machine it sees.
    public let mounts: [ContainerMount]
    /// The ports that are published.
    public let ports: [ContainerPort]

    enum CodingKeys: String, CodingKey {
        case id = "Id", name = "Name", state = "State", configuration = "Config", resources = "HostConfig"
        case program = "Path", arguments = "Args", image = "Image", restartCount = "RestartCount"
        case mounts = "Mounts", network = "NetworkSettings"
    }

    /// Reads the engine's description; what an engine leaves out is empty.
    public init(from decoder: any Decoder) throws {
        struct Network: Decodable {
            let ports: [String: [ContainerPort.Binding]?]?
            enum CodingKeys: String, CodingKey { case ports = "Ports" }
        }
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        let name = try values.decodeIfPresent(String.self, forKey: .name) ?? ""
        self.name = name.hasPrefix("/") ? String(name.dropFirst()) : name
        state = try values.decode(ContainerState.self, forKey: .state)
        configuration = try values.decode(ContainerConfiguration.self, forKey: .configuration)
        resources =
            try values.decodeIfPresent(ContainerResources.self, forKey: .resources) ?? ContainerResources()
        program = try values.decodeIfPresent(String.self, forKey: .program)
        arguments = try values.decodeIfPresent([String].self, forKey: .arguments)
        image = try values.decodeIfPresent(String.self, forKey: .image)
        restartCount = try values.decodeIfPresent(Int.self, forKey: .restartCount) ?? 0
        mounts = try values.decodeIfPresent([ContainerMount].self, forKey: .mounts) ?? []
        let network = try values.decodeIfPresent(Network.self, forKey: .network)
        ports = (network?.ports ?? [:]).flatMap { name, bindings in
            (bindings ?? []).compactMap { ContainerPort(name, $0) }
        }.sorted { ($0.container, $0.published) < ($1.container, $1.published) }
    }
}

/// How a container was made.
public struct ContainerConfiguration: Sendable, Decodable {
    /// The image as it was named.
    public let image: String?
    /// Its entry point.
    public let entrypoint: [String]?
    /// Its command, without the entry point.
    public let command: [String]?
    /// Its environment.
    public let environment: Variables?
    /// Its labels.
    public let labels: [String: String]?
    /// Whether its process has a terminal.
    public let tty: Bool?

    enum CodingKeys: String, CodingKey {
        case image = "Image", entrypoint = "Entrypoint", command = "Cmd", environment = "Env", labels =
            "Labels"
        case tty = "Tty"
    }

    /// Whether its process has a terminal, and so one output only.
    public var hasTerminal: Bool { tty ?? false }
}

/// What a container sees of this machine.
public struct ContainerMount: Sendable, Decodable, Equatable {
    /// `bind`, `volume` or `tmpfs`.
    public let type: String?
    /// The volume's name, if it is one.
    public let name: String?
    /// Where it is on the engine's machine.
    public let source: String?
    /// Where the container sees it.
    public let destination: String
    /// Whether the container may write there.
    public let isWritable: Bool?

    enum CodingKeys: String, CodingKey {
        case type = "Type", name = "Name", source = "Source", destination = "Destination", isWritable = "RW"
    }
}

/// A port of a container that the engine's machine has too.
public struct ContainerPort: Sendable, Equatable {
    struct Binding: Decodable {
        let address: String?
        let port: String?
        enum CodingKeys: String, CodingKey { case address = "HostIp", port = "HostPort" }
    }

    /// The port inside.
    public let container: Int
    /// `tcp` or `udp`.
    public let transport: String
    /// The address on the engine's machine; empty or all zeros for all of them.
    public let address: String
    /// The port on the engine's machine.
    public let published: Int

    /// Reads `8080/tcp` and what it is bound to; `nil` where it is bound to nothing.
    init?(_ name: String, _ binding: Binding) {
        let halves = name.split(separator: "/")
        guard halves.count == 2, let container = Int(halves[0]),
            let published = binding.port.flatMap({ Int($0) })
        else { return nil }
        self.container = container
        transport = String(halves[1])
        address = binding.address ?? ""
        self.published = published
    }
}
