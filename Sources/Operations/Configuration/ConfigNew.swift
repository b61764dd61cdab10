import Catalog
import Platform
import SystemPackage

/// Makes the file of a model in `config/models/`.
public struct ConfigNew: Sendable {
    /// What was made.
    public struct Outcome: Sendable, Encodable {
        /// The name of the file.
        public let name: String
        /// The file.
        public let path: String
        /// Its text.
        public let text: String
    }

    private let lookup: ConfigLookup
    private let model: String?
    private let template: String?
    private let name: String?

    /// Describes a file for a model or under a name; `model` is the model where the text is a name alone, `template` the
    /// name of the file to copy, `name` that of the new one.
    public init(_ text: String, model: String? = nil, template: String? = nil, name: String? = nil) {
        lookup = ConfigLookup(text)
        self.model = model
        self.template = template
        self.name = name
    }

    /// Makes it, or only shows it with `isDryRun`; a file that is there is replaced with `force` alone.
    public func run(in workspace: Workspace, isDryRun: Bool, force: Bool) async throws(Failure) -> Outcome {
        let name: String
        if let given = self.name {
            name = given
        } else {
            name = try await lookup.newName(in: workspace, replaces: force)
        }
        guard Home.isConfigName(name) else {
            throw Failure(.invalid, "`\(name)` cannot be the name of a configuration")
        }
        let text = try await text(in: workspace)
        let file = workspace.home.configFile(of: name)
        if self.name != nil { try await checkNamesake(of: name, text, file, in: workspace) }
        func checked(_ present: [UInt8]?) throws(DeclarationError) -> [UInt8] {
            // Asked for each time: somebody else may make it meanwhile.
            if FileSystem.exists(file), !force {
                throw DeclarationError(file: file.string, obstacle: .exists)
            }
            return Array(text.utf8)
        }
        do throws(DeclarationError) {
            if isDryRun {
                let problems = ModelConfig.problems(in: try checked(nil), file: file.string)
                if let problem = problems.first { throw problem }
            } else {
                try workspace.home.changeConfig(named: name, checked)
            }
        } catch {
            guard error.obstacle == .exists else { throw Failure(declaration: error) }
            throw Failure(
                .conflict,
                "`\(file)` exists",
                hint: "change it with `stackctl config set \(name) KEY VALUE`, or replace it with `--force`"
            )
        }
        return Outcome(name: name, path: file.string, text: text)
    }

    /// Refuses a name that somebody would take for that of another model.
    private func checkNamesake(
        of name: String,
        _ text: String,
        _ file: FilePath,
        in workspace: Workspace
    ) async throws(Failure) {
        let model: ModelReference?
        do throws(DeclarationError) {
            let bytes = Array(text.utf8)
            model = try ModelConfig.read(bytes, file: file.string, name: name, origin: .file(file)).reference
        } catch { throw Failure(declaration: error) }
        guard let model, let other = try await workspace.namesake(ofConfig: name, about: model) else {
            return
        }
        throw Failure(
            .conflict,
            "`\(name)` is \(other), and cannot be the name of a configuration of `\(model)`",
            hint: "choose another name with `--as NAME`"
        )
    }

    private func text(in workspace: Workspace) async throws(Failure) -> String {
        if let template {
            guard let config = try await ConfigLookup(template).find(in: workspace) else {
                throw Failure(
                    .notFound,
                    "there is no configuration `\(template)` to copy",
                    hint: "`stackctl config ls` names those there are"
                )
            }
            return try copy(of: config, in: workspace, model: try await chosen(in: workspace))
        }
        // A model with a shipped file has what its makers advise in it.
        if model == nil, let config = try lookup.shipped(in: workspace) {
            return try copy(of: config, in: workspace, model: nil)
        }
        return try draft(of: try await chosen(in: workspace), in: workspace).text
    }

    private func chosen(in workspace: Workspace) async throws(Failure) -> String {
        if let model { return model }
        return try await known(in: workspace)
    }

    /// The model that the text names, which must be one.
    private func known(in workspace: Workspace) async throws(Failure) -> String {
        let reference: ModelReference
        do throws(ModelReferenceError) { reference = try ModelReference(parsing: lookup.text) } catch {
            throw Failure(.invalid, "\(error)", cause: error)
        }
        guard case .catalog = reference.source, try workspace.catalog().entry(for: reference) == nil else {
            return lookup.text
        }
        if try await workspace.isStored(reference) { return lookup.text }
        throw Failure(
            .notFound,
            "`\(lookup.text)` is neither in the catalog nor stored",
            hint: "name its model: `stackctl config new \(lookup.text) --model OWNER/NAME`"
        )
    }

    private func copy(
        of config: ModelConfig,
        in workspace: Workspace,
        model: String?
    ) throws(Failure) -> String {
        do throws(DeclarationError) {
            let text =
                config.origin == .builtIn
                ? Home.shippedConfigText(named: config.name)
                : try workspace.home.configText(named: config.name).map { ($0.bytes, $0.file) }
            guard let (bytes, file) = text else { return "" }
            guard let model else { return String(decoding: bytes, as: UTF8.self) }
            let edited = try YAMLEdit.set("model", to: .text(model)).applied(to: bytes, file: file)
            return String(decoding: edited, as: UTF8.self)
        } catch { throw Failure(declaration: error) }
    }

    private func draft(of model: String, in workspace: Workspace) throws(Failure) -> ModelConfigDraft {
        let entry = (try? ModelReference(parsing: model)).flatMap { reference in
            (try? workspace.catalog())?.entry(for: reference)?.entry
        }
        var draft = ModelConfigDraft(
            model: model,
            title: entry.map { "\($0.reference): \($0.description ?? "how it is served")" }
                ?? "How \(model) is served."
        )
        if let limit = entry?.context {
            draft.values[SettingKey.context.setting.name] = .integer(min(limit, 16_384))
        }
        return draft
    }
}
