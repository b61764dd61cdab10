import Catalog
import Platform

/// A name that a person chooses for a model to be stored under.
struct StoredName: Sendable {
    let text: String

    /// Refuses a name by which the model could not be asked for again, or another one would be.
    func check(for reference: ModelReference, in workspace: Workspace) throws(Failure) {
        let name = try typed()
        let catalog = try workspace.catalog()
        if let entry = catalog.entry(for: name)?.entry {
            guard entry.reference == text.lowercased() else {
                throw Self.refused(
                    "`\(text)` is another name of `\(entry.reference)`",
                    hint: "name it `--as \(entry.reference)` if that is what it is, or choose another name"
                )
            }
            guard reference.canBe(entry, named: name, in: catalog) else {
                throw Self.refused("`\(text)` is another model of the catalog", hint: "choose another name")
            }
        }
        let config = try workspace.config(called: name)?.config
        guard let about = config?.reference else { return }
        if [name, reference].contains(where: { $0.canonical(in: catalog) == about.canonical(in: catalog) }) {
            return
        }
        throw Self.refused(
            "`\(text)` is the name of the configuration of `\(about)`",
            hint: "choose another name, or rename `\(workspace.home.configFile(of: text))`"
        )
    }

    /// The name as it is read when it is typed the next time.
    private func typed() throws(Failure) -> ModelReference {
        let name: ModelReference
        do throws(ModelReferenceError) { name = try ModelReference(parsing: text, environment: [:]) } catch {
            throw Self.refused("\(error)", hint: "`--as` takes a name of the form NAME[:TAG] or ORG/NAME")
        }
        switch name.source {
        case .catalog, .repository: break
        case .repositoryFile, .ollama, .local:
            throw Self.refused(
                "`\(text)` cannot be the name of a stored model",
                hint: "`--as` takes a name of the form NAME[:TAG] or ORG/NAME"
            )
        }
        let short = ModelReference(name.source).plain
        if let quantization = name.quantization {
            throw Self.refused(
                "`\(text)` would be read as the \(quantization) of `\(short)`",
                hint: "name it without its quantization, which is told apart by itself: `--as \(short)`"
            )
        }
        let ending = ".yaml"
        if text.lowercased().hasSuffix(ending) {
            throw Self.refused(
                "`\(text)` would be read as a configuration's file",
                hint: "name it `--as \(text.dropLast(ending.count))`"
            )
        }
        guard "\(short)" == text || "\(short)" == text.lowercased() else {
            throw Self.refused("`\(text)` would be read as something else", hint: "name it `--as \(short)`")
        }
        return name
    }

    private static func refused(_ message: String, hint: String) -> Failure {
        Failure(.usage, message, hint: hint)
    }
}

extension ModelReference {
    /// Whether it may be a model of the catalog: that of a file of one's own is for its owner to say.
    fileprivate func canBe(_ entry: CatalogEntry, named name: ModelReference, in catalog: ModelCatalog)
        -> Bool
    {
        switch source {
        case .local, .ollama: true
        case .catalog: catalog.entry(for: self)?.entry.reference == entry.reference
        case .repository(let id), .repositoryFile(let id, _):
            name.names(in: catalog).contains { $0.lowercased() == id.lowercased() }
        }
    }
}
