import Catalog
import Platform
import Store
import SystemPackage

/// Finds what is stored by what a person typed.
struct StoredLookup: Sendable {
    let reference: ModelReference
    var quant: Quantization?
    var format: ModelFormat?
    /// Whether what is not stored could also be looked at where it is.
    var offersRemote = false

    /// The stored formats and quantizations that are meant, in the workspace's stack.
    func all(in workspace: Workspace) async throws(Failure) -> (
        stack: Stack, store: ModelStore, models: [StoredModel]
    ) {
        let stack = try workspace.stack()
        let store = try await workspace.store(of: stack)
        return (stack, store, try matching(in: store, workspace))
    }

    private static func variants(_ models: [StoredModel]) -> String {
        models.map { "\($0.key.format) \($0.key.quant)" }.joined(separator: ", ")
    }

    /// The one that is meant: of several, the one of the stack's usual format and quantization.
    func one(in workspace: Workspace) async throws(Failure) -> (stack: Stack, model: StoredModel) {
        let (stack, _, models) = try await all(in: workspace)
        if models.isEmpty { throw await missing(stack, in: workspace) }
        if models.count == 1 { return (stack, models[0]) }
        let ofFormat = models.filter { $0.key.format == stack.defaults.format.rawValue }
        let usual = ofFormat.filter { $0.key.quant == stack.defaults.quantization?.name }
        if usual.count == 1 { return (stack, usual[0]) }
        if ofFormat.count == 1 { return (stack, ofFormat[0]) }
        throw Failure(
            .conflict,
            "`\(reference)` is stored as \(Self.variants(models))",
            hint: "name one with `--quant`"
        )
    }

    private func matching(in store: ModelStore, _ workspace: Workspace) throws(Failure) -> [StoredModel] {
        do {
            var found: [StoredModel] = []
            for (name, quant) in names(workspace) where found.isEmpty {
                found = try models(named: name, quant, in: store)
            }
            guard reference.quantization != nil else { return try spelled(found) }
            let whole = try models(named: "\(reference)", quant, in: store).filter { !found.contains($0) }
            if let one = whole.first, let other = found.first { throw ambiguous(one, other) }
            return try spelled(found)
        } catch { throw Failure(error) }
    }

    private func models(
        named name: String,
        _ quant: Quantization?,
        in store: ModelStore
    ) throws(StoreError) -> [StoredModel] {
        try store.models(named: name).filter { model in
            (quant == nil || model.key.quant == quant?.name)
                && (format == nil || model.key.format == format?.rawValue)
                && (reference.revision == nil || model.manifest.source.revision == reference.revision
                    || model.manifest.source.requestedRevision == reference.revision)
                && (path == nil
                    || model.manifest.files.contains { ($0.sourcePath ?? $0.path.string) == path?.string })
        }
    }

    /// Of models whose names differ in the case of letters, those that were typed.
    private func spelled(_ models: [StoredModel]) throws(Failure) -> [StoredModel] {
        let names = Set(models.map(\.key.model)).sorted()
        var typed = "\(reference)"
        if case .catalog = reference.source { typed = reference.spelling ?? typed }
        guard names.count > 1 else { return models }
        let exact = models.filter { typed.hasPrefix($0.key.model) }
        guard exact.isEmpty else { return exact }
        throw Failure(
            .conflict,
            "`\(typed)` is stored as \(names.map { "`\($0)`" }.joined(separator: " and "))",
            hint: "type the one that is meant, letter by letter"
        )
    }

    /// What was typed is all of a stored model's name, and the name of another one with its quantization.
    private func ambiguous(_ whole: StoredModel, _ part: StoredModel) -> Failure {
        let named = try? ModelReference(parsing: part.key.model, environment: [:]).spelledOut
        let other = named.map { "\(ModelReference($0.source, quantization: reference.quantization))" }
        let own = ModelReference(.catalog(name: whole.key.model, tag: nil)).spelledOut
        return Failure(
            .conflict,
            "`\(reference)` is a stored model, and the \(part.key.quant) of `\(part.key.model)`",
            hint: "type `\(own)` for the one, `\(other ?? part.key.model)` for the other"
        )
    }

    private var path: RelativePath? {
        if case .repositoryFile(_, let path) = reference.source { return path }
        return nil
    }

    /// The names under which it may be stored, and the quantization that is then left to match: the catalog's own name
    /// for an alias, and what was typed, which may be all name although it ends like a quantization.
    func names(_ workspace: Workspace) -> [(name: String, quant: Quantization?)] {
        let wanted = quant ?? reference.quantization
        switch reference.source {
        case .repository(let id), .repositoryFile(let id, _): return [(id, wanted)]
        case .ollama(let name): return name.storedName.map { [($0, quant)] } ?? []
        case .local(let path): return [(path.lastComponent?.string ?? path.string, wanted)]
        case .catalog:
            let found = (try? workspace.catalog())?.entry(for: reference)
            let own = found.map { [($0.entry.reference, quant ?? $0.quantization)] } ?? []
            let typed = [("\(ModelReference(reference.source))", wanted), ("\(reference)", quant)]
            guard reference != reference.plain else { return own + typed }
            // Behind a tag, what ends like a quantization is one.
            return own + typed + [("\(ModelReference(reference.plain.source))", wanted)]
        }
    }

    private func catalogKnows(_ workspace: Workspace) -> Bool {
        (try? workspace.catalog())?.entry(for: reference) != nil
    }

    /// Why nothing was found, with what the person may have meant.
    func missing(_ stack: Stack, in workspace: Workspace) async -> Failure {
        await missing(stack, workspace).noticingLocal(reference)
    }

    private func missing(_ stack: Stack, _ workspace: Workspace) async -> Failure {
        let message = "`\(reference)` is not stored in `\(stack.name)`"
        for other in (try? workspace.stacks()) ?? [] where other.name != stack.name {
            guard let store = try? await workspace.store(of: other),
                let found = try? matching(in: store, workspace)
            else { continue }
            if !found.isEmpty {
                return Failure(
                    .notFound,
                    message,
                    hint: "it is stored in `\(other.name)`: name the stack, `stackctl \(other.name) VERB`"
                )
            }
        }
        let anyQuant = ModelReference(reference.source, revision: reference.revision)
        if let models = try? await StoredLookup(reference: anyQuant).all(in: workspace).models,
            !models.isEmpty
        {
            return Failure(.notFound, message, hint: "`\(anyQuant)` is stored as \(Self.variants(models))")
        }
        let stored = (try? await workspace.store(of: stack).models().models.map(\.key.model)) ?? []
        let near = nearestNames(to: "\(reference)", in: Set(stored))
        if let first = near.first { return Failure(.notFound, message, hint: "did you mean `\(first)`?") }
        let isKnown = if case .catalog = reference.source { catalogKnows(workspace) } else { true }
        guard isKnown else {
            let named = (try? workspace.catalog())?.nearest(to: "\(reference)", most: 1).first
            let hint = named.map { "did you mean `\($0)`?" } ?? "see `stackctl ls` for what is stored"
            return Failure(.notFound, message, hint: hint)
        }
        let pull = "pull it with `stackctl \(stack.name) pull \(reference)`"
        let remote = "add `--remote` to read its header on the hub, or "
        return Failure(.notFound, message, hint: offersRemote ? remote + pull : pull)
    }
}
