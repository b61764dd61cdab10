/// What the engine says of itself and its machine.
public struct EngineFacts: Sendable, Decodable {
    /// A program that starts containers.
    public struct Runtime: Sendable, Decodable {
        /// Where it is.
        public let path: String?
    }

    /// Its version.
    public let version: String?
    /// The name of its machine.
    public let name: String?
    /// The system that it runs on.
    public let system: String?
    /// How many processors there are.
    public let processors: Int?
    /// The memory, in bytes.
    public let memory: Int64?
    /// What can start containers, by name; `nvidia` is among them where GPUs are given out that way.
    public let runtimes: [String: Runtime]?
    /// Which of them does where nothing is said.
    public let defaultRuntime: String?
    /// The version of the kernel's control groups, `1` or `2`.
    public let controlGroups: String?
    /// How images are kept.
    public let storageDriver: String?
    /// What it does for safety; `name=rootless` where it runs without the rights of root.
    public let securityOptions: [String]?

    enum CodingKeys: String, CodingKey {
        case version = "ServerVersion", name = "Name", system = "OperatingSystem", processors = "NCPU"
        case memory = "MemTotal", runtimes = "Runtimes", defaultRuntime = "DefaultRuntime"
        case controlGroups = "CgroupVersion", storageDriver = "Driver", securityOptions = "SecurityOptions"
    }

    /// Whether it runs without the rights of root.
    public var isRootless: Bool {
        securityOptions?.contains { $0.split(separator: ",").contains("name=rootless") } ?? false
    }
}
