public import Catalog
import Platform
import SystemPackage

/// Shows the settings of this machine and who won each.
public struct SettingsShow: Sendable {
    /// A setting as it is shown.
    public struct Row: Sendable, Encodable {
        /// Its name.
        public let name: String
        /// What holds; nothing where nobody sets it.
        public let value: SettingValue?
        /// Who set it.
        public let origin: String
        /// What holds where nobody sets it, in words.
        public let `default`: String?
        /// The variable that sets it.
        public let variable: String?
        /// What is allowed.
        public let allowed: String
        /// What it does.
        public let description: String
    }

    private let flags: EffectiveSettings

    /// Describes a question; the flags of the command go before all else.
    public init(flags: EffectiveSettings = EffectiveSettings()) { self.flags = flags }

    /// Answers for all of them.
    public func run(in workspace: Workspace) throws(Failure) -> [Row] {
        let effective: EffectiveSettings
        do throws(DeclarationError) {
            effective = flags.over(
                try Settings.load(home: workspace.home.path, environment: workspace.environment)
            )
        } catch { throw Failure(declaration: error) }
        return Settings.table.map { setting in
            let entry = effective[setting]
            return Row(
                name: setting.name,
                value: entry?.value,
                origin: "\(entry?.origin ?? .usual)",
                default: setting.usual,
                variable: setting.variable,
                allowed: setting.rule.expected,
                description: setting.summary
            )
        }
    }

    /// Answers for one.
    public func one(_ name: String, in workspace: Workspace) throws(Failure) -> Row {
        let setting = try Settings.typed(name)
        let rows = try run(in: workspace)
        guard let row = rows.first(where: { $0.name == setting.name }) else {
            throw Failure(.notFound, "there is no setting `\(name)`")
        }
        return row
    }
}

/// Changes one setting of this machine, and nothing else in its file.
public struct SettingsChange: Sendable {
    /// What was done.
    public struct Outcome: Sendable, Encodable {
        /// The file.
        public let path: String
        /// The setting.
        public let setting: String
        /// What it is set to now; nothing if it is not set any more.
        public let value: SettingValue?
    }

    private let name: String
    private let words: [String]?

    /// Describes a change; without words the setting is not set any more.
    public init(_ name: String, to words: [String]?) {
        self.name = name
        self.words = words
    }

    /// Makes the change and tells a variable that goes before it; with `isDryRun` the change is only checked.
    public func run(in workspace: Workspace, isDryRun: Bool, report: Reporter) throws(Failure) -> Outcome {
        let setting = try Settings.typed(name)
        let file = Settings.file(in: workspace.home.path)
        do throws(DeclarationError) {
            let value = try words.map { (words) throws(DeclarationError) in
                try setting.rule.read(words, place: setting.name)
            }
            let edit = value.map { YAMLEdit.set(setting.name, to: $0) } ?? YAMLEdit.remove(setting.name)
            if isDryRun {
                let present = try Settings.text(in: workspace.home.path) ?? Array(Settings.template.utf8)
                _ = try edit.applied(to: present, file: file.string)
            } else {
                try workspace.home.changeSettings { (present) throws(DeclarationError) in
                    try edit.applied(to: present, file: file.string)
                }
            }
            if let variable = setting.variable, let text = workspace.environment[variable], !text.isEmpty {
                report(.warning("$\(variable) goes before it, and is `\(text)`"))
            }
            return Outcome(path: file.string, setting: setting.name, value: value)
        } catch { throw Failure(declaration: error) }
    }
}

extension Settings {
    /// The setting that somebody typed, or what they may have meant.
    static func typed(_ name: String) throws(Failure) -> Setting {
        if let setting = setting(named: name) { return setting }
        let near = nearestNames(to: name, in: Set(table.map(\.name))).first
        throw Failure(
            .notFound,
            "there is no setting `\(name)`",
            hint: near.map { "did you mean `\($0)`?" } ?? "`stackctl settings show` lists them"
        )
    }
}
