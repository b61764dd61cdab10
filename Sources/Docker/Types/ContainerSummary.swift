/// A container as it stands in the engine's list.
public struct ContainerSummary: Sendable, Decodable {
    /// Its identifier.
    public let id: String
    /// Its names, of which links may give it several.
    public let names: [String]
    /// Its labels.
    public let labels: [String: String]
    /// In the engine's word: `created`, `running`, `exited` and so on.
    public let state: String?
    /// Its image as it was named.
    public let image: String?

    enum CodingKeys: String, CodingKey {
        case id = "Id", names = "Names", labels = "Labels", state = "State", image = "Image"
    }

    /// Reads an entry; podman has `null` where there is nothing.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(String.self, forKey: .id)
        let names = try values.decodeIfPresent([String].self, forKey: .names) ?? []
        self.names = names.map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }
        labels = try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
        state = try values.decodeIfPresent(String.self, forKey: .state)
        image = try values.decodeIfPresent(String.self, forKey: .image)
    }

    /// Its first name, or what there is in its place.
    public var name: String { names.first ?? String(id.prefix(12)) }
}

/// The labels that Compose puts on its containers.
public enum ComposeLabel {
    /// The project.
    public static let project = "com.docker.compose.project"
    /// The service in the project.
    public static let service = "com.docker.compose.service"
    /// The files that declare the project, with commas between.
    public static let files = "com.docker.compose.project.config_files"
    /// `True` for a container of `docker compose run`, which is not the service's own.
    public static let oneOff = "com.docker.compose.oneoff"
}
