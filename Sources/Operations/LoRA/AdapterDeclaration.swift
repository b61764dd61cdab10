import Catalog
import Platform
import SystemPackage

/// The entry of an adapter in a model's configuration: to be added, to be changed, or there already.
struct AdapterDeclaration: Sendable {
    /// The name of the configuration.
    let config: String
    /// The entry as it is now, if there is one.
    let former: DeclaredAdapter?
    /// What changes in the text; nothing, if all is said already.
    let edit: YAMLEdit?
    /// The text where there is no file, nor a shipped one.
    private let draft: [UInt8]?

    /// Works it out; another adapter of the name is in the way.
    init(
        name: String,
        source: AdapterSource,
        scale: Double?,
        of model: ConfiguredModel,
        typed: String,
        in workspace: Workspace
    ) throws(Failure) {
        let list = SettingKey<[DeclaredAdapter]>.adapters.setting.path
        let declared = model.config?.settings[SettingKey<[DeclaredAdapter]>.adapters] ?? []
        if let config = model.config {
            (self.config, draft) = (config.name, nil)
        } else {
            config = try ConfigLookup(typed).newName(in: workspace)
            draft = Array(try Self.draft(typed, in: workspace).utf8)
        }
        guard let place = declared.firstIndex(where: { $0.name == name }) else {
            former = nil
            edit = .append(Self.entry(name, source, scale), to: list)
            return
        }
        former = declared[place]
        guard try AdapterSource(declared[place], in: workspace).name == source.name else {
            throw Failure(
                .conflict,
                "`\(config)` has another adapter `\(name)`: `\(declared[place].source)`",
                hint: "choose another name, or take that one out with `stackctl lora rm \(config) \(name)`"
            )
        }
        let isSaid = scale == nil || scale == (declared[place].scale ?? 1)
        edit = isSaid ? nil : scale.map { .set("\(list).\(place).scale", to: .number($0)) }
    }

    /// The text of a new configuration.
    private static func draft(_ model: String, in workspace: Workspace) throws(Failure) -> String {
        do throws(Failure) {
            return try ConfigNew(model).run(in: workspace, isDryRun: true, force: true).text
        } catch {
            // A model of one's own is stored under a name that no catalog has.
            guard error.kind == .notFound else { throw error }
            return ModelConfigDraft(model: model, title: "How \(model) is served.").text
        }
    }

    private static func entry(_ name: String, _ source: AdapterSource, _ scale: Double?) -> SettingValue {
        var fields: [String: SettingValue] = ["name": .text(name), "source": .text(source.text)]
        fields["revision"] = source.revision.map { .text($0) }
        fields["scale"] = scale.map { .number($0) }
        return .fields(fields)
    }

    private func edited(_ present: [UInt8]?, file: String) throws(DeclarationError) -> [UInt8] {
        let text = present ?? draft ?? []
        return try edit.map { (edit) throws(DeclarationError) in try edit.applied(to: text, file: file) }
            ?? text
    }

    /// Finds out whether the text would be right with the change.
    func check(in workspace: Workspace) throws(Failure) {
        guard edit != nil else { return }
        let file = workspace.home.configFile(of: config).string
        do throws(DeclarationError) {
            let bytes = try edited(try workspace.home.configText(named: config)?.bytes, file: file)
            if let problem = ModelConfig.problems(in: bytes, file: file).first { throw problem }
        } catch { throw Failure(declaration: error) }
    }

    /// Makes the change.
    func write(in workspace: Workspace) throws(Failure) {
        guard edit != nil else { return }
        let file = workspace.home.configFile(of: config).string
        do throws(DeclarationError) {
            try workspace.home.changeConfig(named: config) { (present) throws(DeclarationError) in
                try edited(present, file: file)
            }
        } catch { throw Failure(declaration: error) }
    }
}
