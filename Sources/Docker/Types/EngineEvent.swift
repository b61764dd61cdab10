/// Something that has happened to a container, an image, a volume or a network.
public struct EngineEvent: Sendable, Decodable {
    /// What it has happened to.
    public struct Actor: Sendable, Decodable {
        /// Its identifier.
        public let id: String?
        /// What is known of it, its name and labels for example; `exitCode` where a container has died.
        public let attributes: [String: String]?

        enum CodingKeys: String, CodingKey { case id = "ID", attributes = "Attributes" }
    }

    /// The kind of thing: `container`, `image` and so on.
    public let type: String?
    /// What has happened: `start`, `die`, `oom`, `health_status: healthy` and so on.
    public let action: String
    /// What it has happened to.
    public let actor: Actor?
    /// When, in nanoseconds since 1970.
    public let nanoseconds: Int64?

    enum CodingKeys: String, CodingKey {
        case type = "Type", action = "Action", actor = "Actor", nanoseconds = "timeNano"
    }

    /// The status that a container died with.
    public var exitCode: Int? {
        (actor?.attributes?["exitCode"] ?? actor?.attributes?["containerExitCode"]).flatMap { Int($0) }
    }
}
