public import Platform
public import SystemPackage
import Transport

/// The Docker Engine, or one that speaks like it, asked over its socket.
///
/// Non-goals: images' registries, swarm, anything that builds.
public struct DockerClient: Sendable {
    /// Where the engine is, and why it is looked for there.
    public let address: EngineAddress
    let line: EngineLine

    /// An engine at a known address; `patience` is how long it may be silent in the middle of something that takes no
    /// time.
    public init(
        _ address: EngineAddress,
        environment: Environment = .process,
        patience: Duration = .seconds(30)
    ) {
        self.address = address
        line = EngineLine(address, environment: environment, patience: patience)
    }

    /// An engine at a Unix socket.
    public init(socket: FilePath) { self.init(EngineAddress(.socket(socket))) }

    /// The engine that the environment leads to, as it would lead the docker command.
    public init(environment: Environment) throws(DockerError) {
        self.init(try EngineAddress(environment: environment), environment: environment)
    }

    /// The version of the engine's interface that is spoken: the newest that both sides know.
    public func version() async throws(DockerError) -> EngineVersion { try await line.version() }
}
