import Hub
import Platform
import Store

/// What there is besides what a pull asked for and cannot have.
struct Alternatives: Sendable {
    private let request: PullRequest
    private let store: ModelStore
    private let hub: HubClient

    init(to request: PullRequest, in store: ModelStore, at hub: HubClient) {
        self.request = request
        self.store = store
        self.hub = hub
    }

    /// Asks; a failure that something else could help comes with it as a hint.
    func offered<Answer: Sendable>(
        unless ask: () async throws(Failure) -> Answer
    ) async throws(Failure) -> Answer {
        do throws(Failure) { return try await ask() } catch {
            if case .revisionNotFound(let id, let revision, _)? = error.cause as? HubError {
                throw error.hinting(instead: await references(of: id, near: revision))
            }
            guard error.kind == .unavailable, let stored else { throw error }
            throw error.hinting(instead: [stored, error.hint].compactMap(\.self).joined(separator: "; "))
        }
    }

    /// The branches and tags that may have been meant, or all if they are few.
    private func references(of repository: RepositoryID, near revision: String) async -> String? {
        guard let names = try? await hub.references(of: repository, tries: 1) else { return nil }
        let near = nearestNames(to: revision, in: names)
        if !near.isEmpty { return "did you mean \(near.map { "`\($0)`" }.joined(separator: " or "))?" }
        guard (1...6).contains(names.count) else { return nil }
        return "it has \(names.map { "`\($0)`" }.joined(separator: ", "))"
    }

    /// What the stack can serve without the hub: other variants of the model, else other models.
    private var stored: String? {
        guard let all = try? store.models().models.filter({ $0.firstMissingFile == nil }), !all.isEmpty else {
            return nil
        }
        let variants = all.filter(isVariant)
        if let model = variants.first?.key.model {
            let forms = variants.map { "\($0.key.quant) (\($0.key.format))" }
            return "available offline: `\(model)` as \(forms.joined(separator: ", "))"
        }
        let names = Set(all.map(\.key.model))
        let near = nearestNames(to: request.model, in: names)
        let ordered = near + names.subtracting(near).sorted()
        let rest = ordered.count > 3 ? " (+\(ordered.count - 3))" : ""
        return "available offline: \(ordered.prefix(3).map { "`\($0)`" }.joined(separator: ", "))\(rest)"
    }

    private func isVariant(_ model: StoredModel) -> Bool {
        if case .hub(let id, _) = request.origin, model.manifest.source.kind == .hub,
            model.manifest.source.repository.lowercased() == "\(id)".lowercased()
        {
            return true
        }
        return model.key.model == request.model
    }
}
