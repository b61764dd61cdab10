import Platform
import Transport

extension DockerClient {
    /// What happens to a container from now on, or to all of them, until the task is cancelled.
    ///
    /// Maps to `GET /events` with filters.
    public func events(
        of container: String? = nil,
        actions: [String] = [],
        since: EngineTime? = nil,
        until: EngineTime? = nil
    ) async throws(DockerError) -> DocumentStream<EngineEvent> {
        var filters = ["type": ["container"]]
        if let container { filters["container"] = [container] }
        if !actions.isEmpty { filters["event"] = actions }
        let stream = try await line.open(
            Question(
                .get,
                "/events",
                subject: "events",
                query: [
                    ("filters", try Self.filters(filters)), ("since", since?.description),
                    ("until", until?.description),
                ],
                patience: .unlimited
            )
        )
        return DocumentStream(line.reader(of: stream))
    }
}
