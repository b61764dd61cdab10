public import Catalog
import Engines
import Platform
import SystemPackage

/// Changes one setting in the file of a model, and nothing else in it.
public struct ConfigChange: Sendable {
    /// What was done.
    public struct Outcome: Sendable, Encodable {
        /// The name of the file.
        public let name: String
        /// The file.
        public let path: String
        /// The setting's place in it.
        public let setting: String
        /// What it is set to now; nothing if it is not set any more.
        public let value: SettingValue?
        /// Whether the file is new.
        public let isNew: Bool
        /// Whether anything is other than before.
        public let changed: Bool
    }

    private let lookup: ConfigLookup
    private let typed: String
    private let words: [String]?

    /// Describes a change: the setting at a dotted path becomes what the words say.
    public init(_ text: String, set path: String, to words: [String]) {
        lookup = ConfigLookup(text)
        typed = path
        self.words = words
    }

    /// Describes a change: the setting at a dotted path is not set any more.
    public init(_ text: String, unset path: String) {
        lookup = ConfigLookup(text)
        typed = path
        words = nil
    }

    /// Makes the change; with `isDryRun` only checks it.
    public func run(in workspace: Workspace, isDryRun: Bool, report: Reporter) async throws(Failure)
        -> Outcome
    {
        let found = try await lookup.find(in: workspace)
        let place = try SettingPlace(typed)
        let value = try words.map { (words) throws(Failure) in try place.read(words) }
        if let value { try refuseSecret(in: value, of: place.setting) }
        // What is in no catalog is more likely a slip than a model.
        let draft =
            found == nil
            ? try await ConfigNew(lookup.text).run(in: workspace, isDryRun: true, force: true) : nil
        guard let name = found?.name ?? draft?.name else { preconditionFailure("one of the two is there") }
        let path = workspace.home.configFile(of: name)
        let isNew = !FileSystem.exists(path)
        let edit = value.map { YAMLEdit.set(place.path, to: $0) } ?? YAMLEdit.remove(place.path)
        var isChanged = true
        if words == nil, draft != nil { _ = try await lookup.one(in: workspace) }
        do throws(DeclarationError) {
            func changed(_ present: [UInt8]?) throws(DeclarationError) -> [UInt8] {
                let before = present ?? Array((draft?.text ?? "").utf8)
                let after = try edit.applied(to: before, file: path.string)
                isChanged = after != before
                return after
            }
            if isDryRun {
                let bytes = try changed(try workspace.home.configText(named: name)?.bytes)
                if let problem = ModelConfig.problems(in: bytes, file: path.string).first { throw problem }
            } else {
                try workspace.home.changeConfig(named: name, changed)
                if isNew { report(.note("made \(path)")) }
            }
        } catch { throw Failure(declaration: error) }
        return Outcome(
            name: name,
            path: path.string,
            setting: place.path,
            value: value,
            isNew: isNew,
            changed: isChanged
        )
    }
}

extension ConfigChange {
    /// Refuses words for an engine that hold a key, before anything of them is written or told.
    private func refuseSecret(in value: SettingValue, of setting: Setting) throws(Failure) {
        guard case .list(let items) = value,
            let engine = EngineName.allCases.first(where: {
                SettingKey<[String]>.extra(of: $0).setting.path == setting.path
            })
        else { return }
        let words = items.map { if case .text(let word) = $0 { word } else { "\($0)" } }
        do throws(LaunchRefusal) { try ExtraArguments.check(words, of: engine) } catch {
            guard case .secretInCommand(let word) = error else { return }
            throw Failure(
                .invalid,
                "`\(word)` would put a secret into a file and a command that all can read",
                hint: "set `api_key` to `env:NAME` or `file:PATH`"
            )
        }
    }
}

/// The place of a setting as somebody typed it: a path of the table, also one into a list, such as `lora.0.scale`.
struct SettingPlace {
    let setting: Setting
    let path: String
    private let rule: SettingRule

    init(_ typed: String) throws(Failure) {
        if let setting = ModelConfig.setting(at: typed) {
            self.setting = setting
            path = setting.path
            rule = setting.rule
            return
        }
        // Into a list: its name, the number of an item, and the name of a field if it has some.
        let steps = typed.split(separator: ".").map(String.init)
        for length in 1..<max(1, steps.count) {
            guard
                let setting = ModelConfig.table.first(where: {
                    $0.path == steps[..<length].joined(separator: ".")
                })
            else { continue }
            guard let rule = setting.rule.inner(steps[length...]) else { break }
            self.setting = setting
            self.rule = rule
            path = typed
            return
        }
        let known = ModelConfig.table.map(\.path)
        let near = nearestNames(to: typed, in: Set(known)).first
        throw Failure(
            .invalid,
            "there is no setting `\(typed)`",
            hint: near.map { "did you mean `\($0)`?" } ?? "`stackctl config show --all MODEL` lists them"
        )
    }

    /// Reads what was typed for it; several words are a list.
    func read(_ words: [String]) throws(Failure) -> SettingValue {
        do throws(DeclarationError) { return try rule.read(words, place: path) } catch {
            throw Failure(declaration: error)
        }
    }
}

extension SettingRule {
    /// Reads what was typed; several words are a list.
    func read(_ words: [String], place: String) throws(DeclarationError) -> SettingValue {
        if words.count == 1 { return try read(words[0], place: place) }
        guard case .list(let item) = self else {
            throw DeclarationError(
                file: place,
                line: 0,
                column: 0,
                message: "it takes one value: \(expected)"
            )
        }
        var values: [SettingValue] = []
        for word in words { values.append(try item.read(word, place: place)) }
        return .list(values)
    }

    /// The rule of what a path leads to below a value of this one.
    fileprivate func inner(_ steps: ArraySlice<String>) -> SettingRule? {
        guard let step = steps.first else { return self }
        switch self {
        case .list(let item): return Int(step) == nil ? nil : item.inner(steps.dropFirst())
        case .fields(let settings):
            return settings.first { $0.name == step }?.rule.inner(steps.dropFirst())
        default: return nil
        }
    }
}
