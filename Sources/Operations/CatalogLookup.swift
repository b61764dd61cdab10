public import Catalog

/// Finds what the catalog says of a name.
public struct CatalogLookup: Sendable {
    private let reference: ModelReference

    /// Describes a question.
    public init(_ reference: ModelReference) { self.reference = reference }

    /// The entry, or what the person may have meant.
    public func run(in workspace: Workspace) throws(Failure) -> CatalogEntry {
        guard case .catalog = reference.source else {
            throw Failure(
                .notFound,
                "`\(reference)` is not a name of the catalog",
                hint: "see `stackctl catalog ls`"
            )
        }
        return try PullRequest.entry(for: reference, in: workspace).entry
    }
}

extension Failure {
    /// Words why a model was not added to the catalog.
    public init(_ error: CatalogAdditionError) {
        switch error {
        case .exists:
            self.init(.conflict, "\(error)", hint: "edit config/models.yaml to change it", cause: error)
        case .invalid, .cannotExtend: self.init(.invalid, "\(error)", cause: error)
        case .unreachable(let problem): self.init(declaration: problem)
        }
    }
}
