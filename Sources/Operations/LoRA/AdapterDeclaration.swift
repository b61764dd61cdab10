import Catalog
import Platform
import SystemPackage

/// The entry of an adapter in a model's configuration: to be added, to be changed, or there already.
struct AdapterDeclaration: Sendable {
    /// What becomes of the configuration.
    struct Change: Sendable {
        /// Its text.
        let bytes: [UInt8]
        /// The entry as it was before, if there was one.
        let former: DeclaredAdapter?
        /// Whether the text says anything that it did not say before.
        let isNew: Bool
    }

    /// The name of the configuration.
    let config: String
    private let name: String
    private let source: AdapterSource
    private let scale: Double?
    /// The text where there is no file, nor a shipped one.
    private let draft: [UInt8]

    /// Describes it; nothing is looked at but which configuration is the model's.
    init(
        name: String,
        source: AdapterSource,
        scale: Double?,
        of model: ConfiguredModel,
        typed: String,
        in workspace: Workspace
    ) async throws(Failure) {
        (self.name, self.source, self.scale) = (name, source, scale)
        if let config = model.config {
            (self.config, draft) = (config.name, [])
        } else {
            config = try await ConfigLookup(typed).newName(in: workspace)
            let new = try await ConfigNew(typed).run(in: workspace, isDryRun: true, force: true)
            draft = Array(new.text.utf8)
        }
    }

    /// Works out what would change, and whether the text would be right with it.
    func check(in workspace: Workspace) throws(Failure) -> Change {
        let file = workspace.home.configFile(of: config).string
        let present: [UInt8]?
        do throws(DeclarationError) { present = try workspace.home.configText(named: config)?.bytes } catch {
            throw Failure(declaration: error)
        }
        let change = try change(of: AdapterList(present ?? draft, file: file), in: workspace)
        if let problem = ModelConfig.problems(in: change.bytes, file: file).first {
            throw Failure(declaration: problem)
        }
        return change
    }

    /// Makes the change, as the text wants it that is there by now.
    func write(in workspace: Workspace) throws(Failure) -> Change {
        var change = try check(in: workspace)
        guard change.isNew else { return change }
        try workspace.changeAdapters(of: config, draft: draft) { (list) throws(Failure) in
            change = try self.change(of: list, in: workspace)
            return change.bytes
        }
        return change
    }

    /// What the entry makes of a text; another adapter of the name is in the way.
    private func change(of list: AdapterList, in workspace: Workspace) throws(Failure) -> Change {
        guard let place = list.place(of: name) else {
            return Change(bytes: try list.appending(entry), former: nil, isNew: true)
        }
        let former = list.adapters[place]
        guard try AdapterSource(former, in: workspace).name == source.name else {
            throw Failure(
                .conflict,
                "`\(config)` has another adapter `\(name)`: `\(former.source)`",
                hint: "choose another name, or take that one out with `stackctl lora rm \(config) \(name)`"
            )
        }
        guard let scale, scale != (former.scale ?? 1) else {
            return Change(bytes: list.bytes, former: former, isNew: false)
        }
        return Change(bytes: try list.scaling(place, to: scale), former: former, isNew: true)
    }

    private var entry: SettingValue {
        var fields: [String: SettingValue] = ["name": .text(name), "source": .text(source.text)]
        fields["revision"] = source.revision.map { .text($0) }
        fields["scale"] = scale.map { .number($0) }
        return .fields(fields)
    }
}
