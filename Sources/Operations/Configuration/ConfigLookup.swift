public import Catalog
import Platform
import SystemPackage

/// Finds the file in `config/models/` that somebody means: by its name, or by the model that it is about.
public struct ConfigLookup: Sendable {
    /// What was typed.
    public let text: String

    /// Describes a question.
    public init(_ text: String) { self.text = text }

    /// The file; that there is none is a failure with what may have been meant.
    public func one(in workspace: Workspace) async throws(Failure) -> ModelConfig {
        if let config = try await find(in: workspace) { return config }
        let names = try workspace.configNames()
        let near = nearestNames(to: text, in: Set(names)).first
        throw Failure(
            .notFound,
            "there is no configuration of `\(text)`",
            hint: near.map { "did you mean `\($0)`?" } ?? "make one with `stackctl config new \(text)`"
        )
    }

    /// The file, if there is one.
    func find(in workspace: Workspace) async throws(Failure) -> ModelConfig? {
        guard let reference = try? ModelReference(parsing: text) else {
            return try workspace.config(named: text)
        }
        return try await ConfiguredModel(reference, in: workspace).config
    }

    /// The shipped file, if there is one; what the home has of its own is not looked at.
    func shipped(in workspace: Workspace) throws(Failure) -> ModelConfig? {
        do throws(DeclarationError) {
            if let config = try Home.shippedConfig(named: text) { return config }
            guard let reference = try? ModelReference(parsing: text) else { return nil }
            let catalog = try ModelCatalog.load(home: workspace.home.path)
            let wanted = reference.canonical(in: catalog)
            for name in Home.shippedConfigNames {
                let config = try Home.shippedConfig(named: name)
                if config?.reference?.canonical(in: catalog) == wanted { return config }
            }
            return nil
        } catch { throw Failure(declaration: error) }
    }

    /// The name of a new file for what was typed: the model's own, with the owner's before it where that is taken.
    ///
    /// What is to be replaced may be a file that nobody can read.
    func newName(in workspace: Workspace, replaces: Bool = false) async throws(Failure) -> String {
        guard let reference = try? ModelReference(parsing: text).plain else {
            throw Failure(
                .invalid,
                "`\(text)` cannot be the name of a configuration",
                hint: "name it with `--as NAME`"
            )
        }
        let catalog = try workspace.catalog()
        let shown = catalog.entry(for: reference)?.entry.reference ?? "\(ModelReference(reference.source))"
        let parts = shown.split(separator: "/").suffix(2).map(String.init)
        for candidate in [parts.suffix(1), parts[...]] {
            let plain = candidate.joined(separator: "-").map { $0.isPlainNameCharacter ? $0 : "-" }
            let name = String(plain)
            guard Home.isConfigName(name) else { continue }
            if try isAboutAnother(name, reference, workspace, replaces) { continue }
            if try await workspace.namesake(ofConfig: name, about: reference) == nil { return name }
        }
        throw Failure(
            .conflict,
            "the names that a configuration of `\(text)` could have are those of other models",
            hint: "name it with `stackctl config new \(text) --as NAME`"
        )
    }
}

extension ConfigLookup {
    private func isAboutAnother(
        _ name: String,
        _ reference: ModelReference,
        _ workspace: Workspace,
        _ replaces: Bool
    ) throws(Failure) -> Bool {
        guard let name = try workspace.configNames().first(where: { $0.lowercased() == name.lowercased() })
        else { return false }
        let catalog = try workspace.catalog()
        let other: ModelReference?
        do throws(DeclarationError) { other = try workspace.home.configModel(named: name) } catch {
            if replaces { return false }
            throw Failure(declaration: error)
        }
        return other?.canonical(in: catalog) != reference.canonical(in: catalog)
    }
}

extension Character {
    fileprivate var isPlainNameCharacter: Bool {
        isASCII && (isLetter || isNumber || self == "." || self == "-" || self == "_")
    }
}

extension Workspace {
    func configNames() throws(Failure) -> [String] {
        do throws(DeclarationError) { return try home.configNames() } catch {
            throw Failure(declaration: error)
        }
    }

    func config(named name: String) throws(Failure) -> ModelConfig? {
        do throws(DeclarationError) { return try home.config(named: name) } catch {
            throw Failure(declaration: error)
        }
    }

    /// All configurations, those that can be read; what is wrong with the others is reported.
    public func configs(report: Reporter = { _ in }) throws(Failure) -> [ModelConfig] {
        var configs: [ModelConfig] = []
        for name in try configNames() {
            do throws(DeclarationError) {
                if let config = try home.config(named: name) { configs.append(config) }
            } catch { report(.warning("\(error)")) }
        }
        return configs
    }

    /// Another model whose name a configuration would have, told in words.
    func namesake(ofConfig name: String, about model: ModelReference) async throws(Failure) -> String? {
        guard let word = try? ModelReference(parsing: name),
            case .another(let what)? = try await self.model(called: word, otherThan: model)
        else { return nil }
        return what
    }

    /// The configuration that names a model as its own: the home's goes before a shipped one; two of the home's are one
    /// too many.
    func config(about reference: ModelReference) async throws(Failure) -> ModelConfig? {
        // Only names need the catalog, which is large, to tell whether two mean the same.
        let catalog = reference.isName ? try catalog() : nil
        let wanted = reference.canonical(in: catalog)
        var about: [ModelConfig] = []
        for name in try configNames() {
            do throws(DeclarationError) {
                // What a file with mistakes is about can often be told all the same; without it, other models go on.
                guard let declared = try home.configModel(named: name), declared.isName == reference.isName,
                    declared.canonical(in: catalog) == wanted
                else { continue }
                if let config = try home.config(named: name) { about.append(config) }
            } catch { throw Failure(declaration: error) }
        }
        let own = about.filter { $0.origin != .builtIn }
        let candidates = own.isEmpty ? about : own
        if candidates.count <= 1 { return candidates.first }
        let usual = try? await ConfigLookup("\(reference)").newName(in: self)
        if let usual, let config = candidates.first(where: { $0.name == usual }) { return config }
        throw Failure(
            .conflict,
            "there are several configurations of `\(reference)`",
            hint: "name the one that you mean: \(candidates.map { "`\($0.name)`" }.joined(separator: ", "))"
        )
    }
}

extension ModelReference {
    /// Whether it is a name of the catalog, there or not.
    fileprivate var isName: Bool { if case .catalog = source { true } else { false } }

    /// Which model it is, whatever its form and however it was named.
    func canonical(in catalog: ModelCatalog?) -> String {
        if let entry = catalog?.entry(for: self)?.entry { return entry.reference }
        return "\(ModelReference(plain.source))".lowercased()
    }
}
