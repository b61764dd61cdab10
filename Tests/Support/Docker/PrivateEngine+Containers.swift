import Platform

/// Containers for tests that know no client of the engine.
extension PrivateEngine {
    /// Makes a container of the image that runs a shell script, in the machine's own network, and starts it.
    public func run(_ script: String, as name: String, variables: [String] = []) async throws {
        struct Plan: Encodable {
            struct Host: Encodable { let NetworkMode = "host" }
            let Image = PrivateEngine.image
            let Cmd: [String]
            let Env: [String]
            let HostConfig = Host()
        }
        let plan = try JSON.encodeLine(Plan(Cmd: ["/bin/sh", "-c", script], Env: variables))
        try await demand("POST", "/containers/create?name=\(name)", plan)
        try await demand("POST", "/containers/\(name)/start")
    }

    /// Ends a container at once.
    public func kill(_ name: String) async throws {
        try await demand("POST", "/containers/\(name)/kill")
        try await demand("POST", "/containers/\(name)/wait")
    }

    /// Removes a container, if there is one.
    public func remove(_ name: String) async throws {
        _ = try await ask("DELETE", "/v1.41/containers/\(name)?force=1")
    }

    /// How many containers have a label whose value begins so, also those that do not run.
    public func containers(with label: String, beginning prefix: String) async throws -> Int {
        struct Entry: Decodable {
            let Labels: [String: String]?
        }
        guard let answer = try await ask("GET", "/v1.41/containers/json?all=1"), answer.status == 200 else {
            throw NotStarted(reason: "it lists no containers")
        }
        return try JSON.decode([Entry].self, from: Array(answer.text.utf8))
            .count { $0.Labels?[label]?.hasPrefix(prefix) == true }
    }

    /// Makes an image from an archive of its files and instructions of a Dockerfile.
    func importImage(_ name: String, _ archive: [UInt8], _ instructions: [String] = []) async throws {
        let changes = instructions.map { "&changes=\($0.percentEncoded())" }.joined()
        try await demand(
            "POST",
            "/images/create?fromSrc=-&repo=\(name)\(changes)",
            archive,
            type: "application/x-tar"
        )
    }

    /// Whether it has an image.
    func hasImage(_ name: String) async throws -> Bool {
        try await ask("GET", "/v1.41/images/\(name)/json")?.status == 200
    }

    private func demand(
        _ method: String,
        _ target: String,
        _ body: [UInt8]? = nil,
        type: String = "application/json"
    ) async throws {
        let answer = try await ask(method, "/v1.41\(target)", type: body == nil ? nil : type, body: body)
        guard let answer, (200..<300).contains(answer.status) else {
            throw NotStarted(reason: "\(method) \(target): \(answer?.text ?? "no answer")")
        }
    }
}
