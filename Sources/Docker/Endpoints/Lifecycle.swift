import Platform
import Transport

extension DockerClient {
    /// Starts a container; `false` if it runs already.
    ///
    /// Maps to `POST /containers/{name}/start`.
    @discardableResult
    public func start(_ container: String) async throws(DockerError) -> Bool {
        try await change(container, "/start", [])
    }

    /// Stops a container; `false` if it does not run.
    ///
    /// Its process has `grace` to end by itself; as long as the container says, if `nil`.
    ///
    /// Maps to `POST /containers/{name}/stop`.
    @discardableResult
    public func stop(_ container: String, grace: Duration? = nil) async throws(DockerError) -> Bool {
        try await change(container, "/stop", [("t", grace?.inSeconds)])
    }

    /// Stops a container if it runs, and starts it.
    ///
    /// Maps to `POST /containers/{name}/restart`.
    public func restart(_ container: String, grace: Duration? = nil) async throws(DockerError) {
        try await change(container, "/restart", [("t", grace?.inSeconds)])
    }

    /// Sends a signal to the container's process.
    ///
    /// Maps to `POST /containers/{name}/kill`.
    public func kill(_ container: String, signal: String) async throws(DockerError) {
        try await change(container, "/kill", [("signal", signal)])
    }

    /// Gives a container another name.
    ///
    /// Maps to `POST /containers/{name}/rename`.
    public func rename(_ container: String, to name: String) async throws(DockerError) {
        try await change(container, "/rename", [("name", name)])
    }

    /// Changes when the engine starts a container again by itself.
    ///
    /// Maps to `POST /containers/{name}/update`, which old versions of Podman lack.
    public func update(_ container: String, restartPolicy: RestartPolicy) async throws(DockerError) {
        struct Document: Encodable {
            let restartPolicy: RestartPolicy
            enum CodingKeys: String, CodingKey { case restartPolicy = "RestartPolicy" }
        }
        let question = Question(
            .post,
            containerPath(container, "/update"),
            subject: "restart policy of the container \(container)"
        )
        _ = try await line.send(question.with(Document(restartPolicy: restartPolicy)))
    }

    /// Waits until a container does not run; the status that its process ended with.
    ///
    /// Maps to `POST /containers/{name}/wait`.
    public func wait(for container: String) async throws(DockerError) -> Int {
        struct Answer: Decodable {
            let status: Int
            enum CodingKeys: String, CodingKey { case status = "StatusCode" }
        }
        let question = Question(
            .post,
            containerPath(container, "/wait"),
            subject: "container \(container)",
            patience: .unlimited
        )
        return try await EngineLine.decode(Answer.self, line.send(question)).status
    }

    @discardableResult
    private func change(_ container: String, _ what: String, _ query: [(name: String, value: String?)])
        async throws(DockerError) -> Bool
    {
        // A process may take all the time in the world to end.
        try await post(
            containerPath(container, what),
            subject: "container \(container)",
            query: query,
            patience: .unlimited
        )
    }
}

extension Duration {
    /// Whole seconds, rounded up: what is asked for should not be less than what was meant.
    fileprivate var inSeconds: String { String(Int((self / .seconds(1)).rounded(.up))) }
}
