import Platform
import Transport

/// Where a container's endpoints are.
func containerPath(_ container: String, _ rest: String = "") -> String {
    "/containers/\(container.percentEncoded())\(rest)"
}

extension DockerClient {
    /// Describes a container, by its name or identifier.
    ///
    /// Maps to `GET /containers/{name}/json`.
    public func container(_ name: String) async throws(DockerError) -> Container {
        try await get(containerPath(name, "/json"), subject: "container \(name)")
    }

    /// The containers that bear all of these labels, also those that do not run.
    ///
    /// Maps to `GET /containers/json` with a filter.
    public func containers(labels: [String: String]) async throws(DockerError) -> [ContainerSummary] {
        let all = try await containers(["label": labels.map { "\($0.key)=\($0.value)" }.sorted()])
        // Engines differ in how they take several filters together.
        return all.filter { entry in labels.allSatisfy { entry.labels[$0.key] == $0.value } }
    }

    /// The containers that bear a label, whatever its value, also those that do not run.
    ///
    /// Maps to `GET /containers/json` with a filter.
    public func containers(label: String) async throws(DockerError) -> [ContainerSummary] {
        try await containers(["label": [label]]).filter { $0.labels[label] != nil }
    }

    private func containers(_ filters: [String: [String]]) async throws(DockerError) -> [ContainerSummary] {
        try await get(
            "/containers/json",
            subject: "containers",
            query: [("all", "1"), ("filters", try Self.filters(filters))]
        )
    }

    /// The container of exactly this name, also if it does not run.
    ///
    /// Maps to `GET /containers/json` with a filter, since a description is also given for the beginning of an identifier.
    public func container(named name: String) async throws(DockerError) -> ContainerSummary? {
        let all = try await containers(["name": [name]])
        // To the engine a name is a pattern.
        return all.first { $0.names.contains(name) }
    }

    /// Makes a container; its identifier.
    ///
    /// Maps to `POST /containers/create`.
    public func create(_ plan: ContainerPlan, named name: String) async throws(DockerError) -> String {
        struct Answer: Decodable {
            let id: String
            enum CodingKeys: String, CodingKey { case id = "Id" }
        }
        let question = Question(
            .post,
            "/containers/create",
            subject: "image \(plan.image)",
            query: [("name", name)]
        )
        return try await EngineLine.decode(Answer.self, line.send(question.with(plan))).id
    }

    /// Removes a container; one that runs only if it is `forced`.
    ///
    /// Maps to `DELETE /containers/{name}`.
    public func remove(_ container: String, forced: Bool = false) async throws(DockerError) {
        let question = Question(
            .delete,
            containerPath(container),
            subject: "container \(container)",
            query: [("force", forced ? "1" : nil)],
            patience: .unlimited
        )
        _ = try await line.send(question)
    }

    static func filters(_ filters: [String: [String]]) throws(DockerError) -> String {
        do { return String(decoding: try JSON.encodeLine(filters), as: UTF8.self) } catch {
            throw .unexpected("\(error)")
        }
    }
}
