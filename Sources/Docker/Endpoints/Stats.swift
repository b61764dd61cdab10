import Platform
import Transport

extension DockerClient {
    /// What a container takes of its machine now.
    ///
    /// Maps to `GET /containers/{name}/stats?one-shot=true`, which does not wait for a second look.
    public func stats(of container: String) async throws(DockerError) -> StatsSample {
        try await get(
            containerPath(container, "/stats"),
            subject: "container \(container)",
            query: [("stream", "false"), ("one-shot", "true")]
        )
    }

    /// What a container takes of its machine, again and again as often as the engine looks.
    ///
    /// Maps to `GET /containers/{name}/stats`.
    public func statsStream(of container: String) async throws(DockerError) -> DocumentStream<StatsSample> {
        let stream = try await line.open(
            Question(
                .get,
                containerPath(container, "/stats"),
                subject: "container \(container)",
                query: [("stream", "true")]
            )
        )
        return DocumentStream(line.reader(of: stream))
    }
}
