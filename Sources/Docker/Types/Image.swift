/// An image as the engine describes it.
public struct Image: Sendable, Decodable {
    /// What its containers begin with.
    public struct Configuration: Sendable, Decodable {
        /// The entry point.
        public let entrypoint: [String]?
        /// The command behind the entry point.
        public let command: [String]?
        /// The environment.
        public let environment: Variables?
        /// The labels.
        public let labels: [String: String]?

        enum CodingKeys: String, CodingKey {
            case entrypoint = "Entrypoint", command = "Cmd", environment = "Env", labels = "Labels"
        }
    }

    /// Its identifier.
    public let id: String
    /// Its names.
    public let tags: [String]?
    /// What registries know it as: a repository, `@` and a digest.
    public let digests: [String]?
    /// Its length in bytes.
    public let size: Int64?
    /// What its containers begin with.
    public let configuration: Configuration?

    enum CodingKeys: String, CodingKey {
        case id = "Id", tags = "RepoTags", digests = "RepoDigests", size = "Size", configuration = "Config"
    }
}

/// A volume of the engine.
public struct Volume: Sendable, Decodable {
    /// Its name.
    public let name: String?
    /// What keeps it.
    public let driver: String?
    /// Where its files are on the engine's machine.
    public let mountpoint: String

    enum CodingKeys: String, CodingKey { case name = "Name", driver = "Driver", mountpoint = "Mountpoint" }
}
