import Catalog
import Platform
import Store
import SystemPackage

/// A configuration that was named by its file, as `launch` and others take it in a model's place.
struct NamedConfig: Sendable {
    let config: ModelConfig
    /// Whether the file was named with its ending, which no model's name has.
    private let isFile: Bool
    /// The quantization that was typed behind the name.
    private let quantization: Quantization?

    fileprivate static let ending = ".yaml"

    /// Reads the file that a word is the name of, in any case, with its ending or without.
    fileprivate init?(_ word: String, _ quantization: Quantization?, in workspace: Workspace) throws(Failure)
    {
        isFile = word.hasSuffix(Self.ending)
        let name = isFile ? String(word.dropLast(Self.ending.count)) : word
        let names = try workspace.configNames()
        guard
            let file = names.first(where: { $0 == name }) ?? names.first(where: { $0.lowercased() == name }),
            let config = try workspace.config(named: file)
        else { return nil }
        self.config = config
        self.quantization = quantization
    }

    /// The model that is meant where the configuration's name was typed; that the word is another model's too is a failure.
    func meant(by typed: ModelReference, in workspace: Workspace) async throws(Failure) -> ModelReference {
        guard let declared = config.reference else { return typed }
        let other = isFile ? nil : try await workspace.model(called: typed, otherThan: declared)
        switch other {
        case .same?: return typed
        case .another(let what)?:
            throw Failure(
                .conflict,
                "`\(typed)` is \(what), and the name of the configuration of `\(declared)`",
                hint: "type `\(typed.spelledOut)` for the one, `\(config.name)\(Self.ending)` for the other"
            )
        case nil: break
        }
        var source = declared.source
        if case .repository(let id) = source, let file = config.settings[SettingKey.file],
            let path = RelativePath(file)
        {
            source = .repositoryFile(id, path: path)
        }
        let meant = ModelReference(
            source,
            quantization: quantization ?? declared.quantization,
            revision: declared.revision ?? config.settings[SettingKey.revision]
        )
        // Whoever reads it once more must not take it for the name of yet another configuration.
        let again = try workspace.config(called: meant)
        return again == nil || again?.config.name == config.name ? meant : meant.spelledOut
    }
}

/// A model that goes by a word, beside the one that somebody has in mind.
enum Namesake: Sendable {
    /// It is stored under this name, and comes from where the other one is.
    case same
    /// It is another one, told in words.
    case another(String)
}

extension Workspace {
    /// The configuration whose file a reference is the name of, which may end like a quantization.
    func config(called reference: ModelReference) throws(Failure) -> NamedConfig? {
        guard case .catalog(let name, nil) = reference.source else { return nil }
        if let whole = try NamedConfig("\(reference)", nil, in: self) { return whole }
        guard let quantization = reference.quantization else { return nil }
        return try NamedConfig(name, quantization, in: self)
    }

    /// The model of the catalog or in a stack's volume that goes by a word and was not known to be the same as `model`.
    func model(
        called reference: ModelReference,
        otherThan model: ModelReference
    ) async throws(Failure) -> Namesake? {
        let catalog = try catalog()
        guard reference.canonical(in: catalog) != model.canonical(in: catalog) else { return nil }
        if let entry = catalog.entry(for: reference)?.entry {
            return .another("the model `\(entry.reference)` of the catalog")
        }
        let found = try await stored(reference)
        if let other = found.first(where: { !$0.model.isOf(model, in: catalog) }) {
            return .another("a model stored in `\(other.stack.name)`")
        }
        return found.isEmpty ? nil : .same
    }

    /// Whether any stack has a model of that name.
    func isStored(_ reference: ModelReference) async throws(Failure) -> Bool {
        try await !stored(reference).isEmpty
    }

    /// What all stacks have of a model, in any quantization; a volume that cannot be looked into has no say.
    private func stored(_ reference: ModelReference) async throws(Failure) -> [(
        stack: Stack, model: StoredModel
    )] {
        var found: [(Stack, StoredModel)] = []
        for stack in try stacks() {
            guard let store = try? await store(of: stack) else { continue }
            for (name, _) in StoredLookup(reference: reference).names(self) {
                found += ((try? store.models(named: name)) ?? []).map { (stack, $0) }
            }
        }
        return found
    }
}

extension StoredModel {
    /// Whether it is what a reference leads to: by the name that it is stored under, or by where it came from.
    fileprivate func isOf(_ reference: ModelReference, in catalog: ModelCatalog) -> Bool {
        let source = manifest.source
        let wanted = reference.canonical(in: catalog)
        if (try? ModelReference(parsing: key.model, environment: [:]))?.canonical(in: catalog) == wanted {
            return true
        }
        switch (reference.source, source.kind) {
        case (.catalog, .hub), (.repository, .hub), (.repositoryFile, .hub):
            return reference.names(in: catalog).contains { $0.lowercased() == source.repository.lowercased() }
        case (.local(let path), .local):
            let absolute = try? FileSystem.absolute(path).lexicallyNormalized()
            return absolute == FilePath(source.repository).lexicallyNormalized()
        default:
            let own = try? ModelReference(parsing: source.shown, environment: [:])
            return own?.canonical(in: catalog) == wanted
        }
    }
}
