import Platform

extension DockerClient {
    /// Describes an image, by its name or identifier.
    ///
    /// Maps to `GET /images/{name}/json`.
    public func image(_ name: String) async throws(DockerError) -> Image {
        // Its slashes are part of the path to every engine.
        try await get("/images/\(name.percentEncoded(keeping: "/:@"))/json", subject: "image \(name)")
    }

    /// Describes a volume.
    ///
    /// Maps to `GET /volumes/{name}`.
    public func volume(_ name: String) async throws(DockerError) -> Volume {
        try await get("/volumes/\(name.percentEncoded())", subject: "volume \(name)")
    }

    /// What the engine says of itself and its machine.
    ///
    /// Maps to `GET /info`.
    public func facts() async throws(DockerError) -> EngineFacts { try await get("/info", subject: "info") }
}
