public import Platform
public import SystemPackage

/// An engine's containers and the models they serve, as `stack.yaml` declares them.
public struct Stack: Sendable {
    /// Where the models are.
    public enum Volume: Sendable, Hashable {
        /// A folder of this machine.
        case folder(FilePath)
        /// A volume that Docker manages, by name.
        case dockerVolume(String)
    }

    /// How the stack's container is found.
    public enum Container: Sendable, Hashable {
        /// By its name.
        case named(String)
        /// By the labels that Compose gives it.
        case service(project: String, service: String)
    }

    /// What a launch has where the model's own configuration says nothing.
    public struct Defaults: Sendable {
        /// The quantization to pull.
        public let quantization: Quantization?
        /// The format to pull.
        public let format: ModelFormat
        /// The context window in tokens.
        public let context: Int?
        /// How many layers the GPU holds: `all`, `auto` or a number.
        public let gpuLayers: String?
        /// The number of requests served at once.
        public let parallel: Int?
        /// The address that the engine listens on inside its container.
        public let host: String
        /// The share of the GPU's memory that the engine may take, above 0 and up to 1.
        public let memoryFraction: Double?
        /// Further arguments of the engine's command, as they are.
        public let extra: [String]
    }

    /// The name of its folder, which is its name in commands.
    public let name: String
    /// The engine.
    public let engine: EngineName
    /// The folder that its relative paths start from.
    public let folder: FilePath
    /// Where the models are on this machine.
    public let models: Volume
    /// Where the container sees the models.
    public let mount: String
    /// Where the adapters are; the container sees them at `/adapters`.
    public let adapters: FilePath
    /// How its container is found.
    public let container: Container
    /// The engine's image.
    public let image: String?
    /// The address where clients on this machine reach the engine.
    public let host: String
    /// The port of the engine, in the container and on this machine.
    public let port: Int
    /// The path that answers when the engine is up.
    public let health: String
    /// The file that `docker compose` reads.
    public let composeFile: FilePath
    /// What the models may take on the disk.
    public let quota: ByteCount?
    /// What a launch has unless the model says otherwise.
    public internal(set) var defaults: Defaults
    /// The defaults with who set each, where more than the stack's own file did.
    var adopted: EffectiveSettings?
    /// Where it was declared.
    public let origin: DeclarationOrigin

    /// Where the container sees the adapters.
    public static let adapterMount = "/adapters"
    /// Where the rendered launch is.
    public var active: FilePath { folder.appending("active") }
    /// Where the container sees the rendered launch.
    public static let activeMount = "/active"
}
