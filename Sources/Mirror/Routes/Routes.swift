import HTTPTypes

/// The hub's protocol, as far as its clients need it to read models.
struct Routes: Sendable {
    let sources: [any RepositorySource]
    let threads: DiskThreads

    /// Answers a request without a body, or one whose body was read.
    func answer(_ asked: Asked, body: @Sendable () async throws -> [UInt8]) async throws -> Answer {
        guard let parts = asked.parts else { throw Refusal.notFound }
        if parts.first == "api" { return try await answerAPI(asked, Array(parts.dropFirst()), body) }
        guard parts.count >= 5, parts[2] == "resolve" else { throw Refusal.notFound }
        try reading(asked)
        let (revision, _) = try await revision(parts[3], of: parts[0], parts[1])
        return try await resolve(asked, parts[4...].joined(separator: "/"), in: revision)
    }

    private func answerAPI(
        _ asked: Asked,
        _ parts: [String],
        _ body: @Sendable () async throws -> [UInt8]
    ) async throws -> Answer {
        if parts == ["whoami-v2"] { throw Refusal.unauthorized("Invalid username or password.") }
        guard parts.count >= 3, parts[0] == "models" else { throw Refusal.notFound }
        let (owner, name) = (parts[1], parts[2])
        let rest = Array(parts.dropFirst(4))
        switch parts.count == 3 ? "" : parts[3] {
        case "" where parts.count == 3, "revision" where rest.count == 1:
            try reading(asked)
            let (revision, repository) = try await revision(rest.first ?? "main", of: owner, name)
            return try modelInfo(asked, repository, revision)
        case "tree" where !rest.isEmpty:
            try reading(asked)
            let (revision, repository) = try await revision(rest[0], of: owner, name)
            return try tree(asked, repository, revision, below: rest.dropFirst().joined(separator: "/"))
        case "refs" where rest.isEmpty:
            try reading(asked)
            return try references(asked, try await repository(owner, name))
        case "paths-info" where rest.count == 1:
            guard asked.method == .post else { throw Refusal.methodNotAllowed("POST") }
            let (revision, _) = try await revision(rest[0], of: owner, name)
            return try pathsInfo(asked, try await body(), revision)
        case "auth-check" where rest.isEmpty:
            try reading(asked)
            _ = try await repository(owner, name)
            return try .json(["status": "ok"])
        default: throw Refusal.notFound
        }
    }

    private func reading(_ asked: Asked) throws(Refusal) {
        guard [.get, .head].contains(asked.method) else { throw .methodNotAllowed("GET, HEAD") }
    }

    private func repository(_ owner: String, _ name: String) async throws -> Repository {
        guard let id = RepositoryID(owner: owner, name: name) else { throw Refusal.repositoryNotFound }
        for source in sources {
            if let repository = try await source.repository(id) { return repository }
        }
        throw Refusal.repositoryNotFound
    }

    private func revision(_ name: String, of owner: String, _ repo: String) async throws -> (
        Revision, Repository
    ) {
        let repository = try await repository(owner, repo)
        guard let revision = repository.revision(named: name) else { throw Refusal.revisionNotFound(name) }
        return (revision, repository)
    }
}
