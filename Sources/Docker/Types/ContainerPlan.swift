/// A container to be made.
public struct ContainerPlan: Sendable, Encodable {
    /// What a container is given of the engine's machine.
    public struct Resources: Sendable, Encodable {
        /// The network that it is in.
        public var networkMode: String?
        /// Folders or volumes and where it sees them, as `SOURCE:DESTINATION[:ro]`.
        public var binds: [String]?
        /// When it is started again.
        public var restartPolicy: RestartPolicy?
        /// What it may take of the memory, in bytes.
        public var memory: Int64?
        /// Files and folders of the engine's machine, which must be there.
        public var mounts: [Mount]?
        /// The capabilities that it does without.
        public var droppedCapabilities: [String]?
        /// What it may not do for safety.
        public var securityOptions: [String]?
        /// Whose users it has; `host` for those of the machine, whatever the engine does by itself.
        public var userNamespace: String?
        /// What keeps its log, if not what the engine has for all.
        public var log: Log?
        /// The devices that it asks for through a driver.
        public var deviceRequests: [ContainerResources.DeviceRequest]?

        enum CodingKeys: String, CodingKey {
            case networkMode = "NetworkMode", binds = "Binds", restartPolicy = "RestartPolicy", memory =
                "Memory"
            case mounts = "Mounts", droppedCapabilities = "CapDrop", securityOptions = "SecurityOpt"
            case userNamespace = "UsernsMode", log = "LogConfig", deviceRequests = "DeviceRequests"
        }

        /// Nothing in particular.
        public init() {}
    }

    /// What keeps a container's log.
    public struct Log: Sendable, Encodable {
        private let driver: String

        enum CodingKeys: String, CodingKey { case driver = "Type" }

        /// A file, which every engine can read back.
        public static let file = Log(driver: "json-file")
    }

    /// Something of the engine's machine that a container sees.
    public struct Mount: Sendable, Encodable {
        private let kind = "bind"
        /// What it is on the machine.
        public let source: String
        /// Where the container sees it.
        public let target: String
        /// Whether it may only be read.
        public let isReadOnly: Bool

        enum CodingKeys: String, CodingKey {
            case kind = "Type", source = "Source", target = "Target", isReadOnly = "ReadOnly"
        }

        /// Mounts a file or folder.
        public init(_ source: String, at target: String, isReadOnly: Bool) {
            (self.source, self.target, self.isReadOnly) = (source, target, isReadOnly)
        }
    }

    /// A command that tells whether the container is well.
    public struct HealthCheck: Sendable, Encodable {
        /// The command, behind the word `CMD`.
        public var test: [String]
        /// From one run to the next, in nanoseconds.
        public var interval: Int64

        enum CodingKeys: String, CodingKey { case test = "Test", interval = "Interval" }

        /// Runs a command so often.
        public init(_ command: [String], every interval: Duration) {
            test = ["CMD"] + command
            self.interval = Int64(interval / .nanoseconds(1))
        }
    }

    /// The image.
    public var image: String
    /// The command; the image's own if `nil`.
    public var command: [String]?
    /// The entry point; the image's own if `nil`.
    public var entrypoint: [String]?
    /// As whom it runs, as numbers of a user and a group; as the image says if `nil`.
    public var user: String?
    /// The environment.
    public var environment: Variables?
    /// The labels.
    public var labels: [String: String]?
    /// Whether its process has a terminal.
    public var hasTerminal = false
    /// How its health is told.
    public var healthCheck: HealthCheck?
    /// What it is given.
    public var resources = Resources()

    enum CodingKeys: String, CodingKey {
        case image = "Image", command = "Cmd", entrypoint = "Entrypoint", user = "User", environment = "Env"
        case labels = "Labels"
        case hasTerminal = "Tty", healthCheck = "Healthcheck", resources = "HostConfig"
    }

    /// A container of an image, with the image's own command unless another is given.
    public init(image: String, command: [String]? = nil) {
        self.image = image
        self.command = command
    }
}
