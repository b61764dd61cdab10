import Transport

extension HubClient {
    /// The branches and tags of a repository, sorted by name.
    ///
    /// Maps to `GET /api/models/{id}/refs`.
    public func references(of repository: RepositoryID, tries: Int = 4) async throws(HubError) -> [String] {
        struct Document: Decodable {
            struct Reference: Decodable { let name: String }
            let branches: [Reference]
            let tags: [Reference]?
        }
        let (response, _) = try await ask(
            HTTPRequest(.get, "\(endpoint)/api/models/\(repository)/refs"),
            about: Subject(repository: repository),
            tries: tries
        )
        let document = try decode(Document.self, response)
        return (document.branches + (document.tags ?? [])).map(\.name).sorted()
    }
}
