/// What a container does, or how it ended.
public struct ContainerState: Sendable, Decodable {
    /// In the engine's word: `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
    public let status: String?
    /// Whether its process runs.
    public let running: Bool
    /// Whether the engine is about to start it again.
    public let isRestarting: Bool?
    /// Whether the kernel killed it for the memory it took.
    public let wasOutOfMemory: Bool?
    /// The status that its process last ended with.
    public let exitCode: Int?
    /// Why it did not start, in the engine's words.
    public let error: String?
    /// When its process last began; never, if it never did.
    public let startedAt: EngineTime?
    /// When its process last ended; never, if it never did.
    public let finishedAt: EngineTime?
    /// What its health check says, if it has one.
    public let health: ContainerHealth?

    enum CodingKeys: String, CodingKey {
        case status = "Status", running = "Running", isRestarting = "Restarting", wasOutOfMemory = "OOMKilled"
        case exitCode = "ExitCode", error = "Error", startedAt = "StartedAt", finishedAt = "FinishedAt"
        case health = "Health"
    }
}

/// What a container's health check says.
public struct ContainerHealth: Sendable, Decodable {
    /// A run of the check.
    public struct Probe: Sendable, Decodable {
        /// When it began.
        public let start: EngineTime?
        /// When it ended.
        public let end: EngineTime?
        /// The status that it ended with; 0 is healthy.
        public let exitCode: Int
        /// What it wrote.
        public let output: String?

        enum CodingKeys: String, CodingKey {
            case start = "Start", end = "End", exitCode = "ExitCode", output = "Output"
        }
    }

    /// `starting`, `healthy` or `unhealthy`; empty or `none` without a check.
    public let status: String?
    /// How many runs in a row have failed.
    public let failingStreak: Int?
    /// The last runs.
    public let log: [Probe]?

    enum CodingKeys: String, CodingKey {
        case status = "Status", failingStreak = "FailingStreak", log = "Log"
    }

    /// The word, where there is a check.
    public var word: String? {
        guard let status, !status.isEmpty, status != "none" else { return nil }
        return status
    }
}

/// When the engine starts a container again by itself.
public struct RestartPolicy: Sendable, Codable, Equatable {
    /// `no`, `always`, `unless-stopped` or `on-failure`; empty is `no`.
    public let name: String
    /// How often at most, with `on-failure`; 0 is no limit.
    public let maximumRetries: Int?

    enum CodingKeys: String, CodingKey { case name = "Name", maximumRetries = "MaximumRetryCount" }

    /// States a policy.
    public init(_ name: String, maximumRetries: Int? = nil) {
        self.name = name
        self.maximumRetries = maximumRetries
    }

    /// Never.
    public static let never = RestartPolicy("no")
    /// Unless somebody has stopped it.
    public static let unlessStopped = RestartPolicy("unless-stopped")
}

/// What a container was given of the engine's machine.
public struct ContainerResources: Sendable, Decodable {
    /// Devices that it asked for through a driver.
    public struct DeviceRequest: Sendable, Codable, Equatable {
        /// For example `nvidia`; empty lets the capabilities decide.
        public let driver: String?
        /// How many; -1 for all.
        public let count: Int?
        /// Which ones, instead of how many.
        public let identifiers: [String]?
        /// What they must be able to do; `gpu` stands in one of the lists for a GPU.
        public let capabilities: [[String]]?

        enum CodingKeys: String, CodingKey {
            case driver = "Driver", count = "Count", identifiers = "DeviceIDs", capabilities = "Capabilities"
        }

        /// All GPUs.
        public static let allGPUs = DeviceRequest(
            driver: nil,
            count: -1,
            identifiers: nil,
            capabilities: [["gpu"]]
        )
    }

    /// When it is started again.
    public let restartPolicy: RestartPolicy?
    /// The network that it is in; `host` has the machine's own ports.
    public let networkMode: String?
    /// Its devices.
    public let deviceRequests: [DeviceRequest]?
    /// What it may take of the memory, in bytes; 0 is no limit.
    public let memory: Int64?
    /// The size of its shared memory, in bytes.
    public let sharedMemory: Int64?
    /// Whether it goes when it ends.
    public let isRemovedAtEnd: Bool?

    enum CodingKeys: String, CodingKey {
        case restartPolicy = "RestartPolicy", networkMode = "NetworkMode", deviceRequests = "DeviceRequests"
        case memory = "Memory", sharedMemory = "ShmSize", isRemovedAtEnd = "AutoRemove"
    }

    init() {
        (restartPolicy, networkMode, deviceRequests) = (nil, nil, nil)
        (memory, sharedMemory, isRemovedAtEnd) = (nil, nil, nil)
    }
}
