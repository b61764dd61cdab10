public import Catalog
import Platform

/// What holds for a model on a stack, and who says so.
public struct EffectiveConfig: Sendable {
    /// The configuration of the model, if it has one.
    public let config: ModelConfig?
    /// Flags over the environment over the model's file over what holds for the stack.
    public let settings: EffectiveSettings

    /// Works it out.
    init(
        _ config: ModelConfig?,
        of stack: Stack,
        flags: EffectiveSettings = EffectiveSettings(),
        in workspace: Workspace
    ) throws(Failure) {
        self.config = config
        do throws(DeclarationError) {
            let variables = try Settings.read(workspace.environment)
            var declared = variables.over(config?.settings ?? EffectiveSettings())
            // A machine that serves one model most of the time still has others.
            declared[SettingKey.model.setting] = config?.settings[SettingKey.model.setting]
            settings = flags.over(declared).over(stack.settings)
        } catch { throw Failure(declaration: error) }
    }
}

/// Shows what a model's configuration says, and what else holds for it.
public struct ConfigShow: Sendable {
    /// A configuration as it is shown.
    public struct Shown: Sendable, Encodable {
        /// The name of the file.
        public let name: String
        /// Where it was declared.
        public let origin: String
        /// The stack that the rest is of.
        public let stack: String
        /// Every setting that somebody set, in the order of the table.
        public let settings: [Row]
    }

    /// A setting.
    public struct Row: Sendable, Encodable {
        /// Its place in the file.
        public let name: String
        /// What it is set to; nothing where nobody did.
        public let value: SettingValue?
        /// Who set it.
        public let origin: String
        /// What it does.
        public let description: String
        /// Whether the stack's engine knows of it.
        public let known: Bool
    }

    private let lookup: ConfigLookup
    private let all: Bool

    /// Describes a question; with `all` the settings that nobody set are shown too.
    public init(_ text: String, all: Bool = false) {
        lookup = ConfigLookup(text)
        self.all = all
    }

    /// Answers.
    public func run(in workspace: Workspace) async throws(Failure) -> Shown {
        let config = try await lookup.one(in: workspace)
        let (stack, settings) = try effective(config, in: workspace)
        let rows = ModelConfig.table.filter { all || settings[$0] != nil }.map { Row($0, settings, stack) }
        return Shown(name: config.name, origin: "\(config.origin)", stack: stack.name, settings: rows)
    }

    /// Answers for one setting, or for what a path leads to in one, such as `lora.0.scale`.
    public func one(_ typed: String, in workspace: Workspace) async throws(Failure) -> Row {
        let place = try SettingPlace(typed)
        let (stack, settings) = try effective(try await lookup.one(in: workspace), in: workspace)
        let steps = place.path.dropFirst(place.setting.path.count).split(separator: ".")
        return Row(place.setting, settings, stack, place.path, steps)
    }

    private func effective(
        _ config: ModelConfig,
        in workspace: Workspace
    ) throws(Failure) -> (stack: Stack, settings: EffectiveSettings) {
        let stack = try workspace.stack()
        return (stack, try EffectiveConfig(config, of: stack, in: workspace).settings)
    }
}

extension ConfigShow.Row {
    fileprivate init(
        _ setting: Setting,
        _ settings: EffectiveSettings,
        _ stack: Stack,
        _ path: String? = nil,
        _ steps: [Substring] = []
    ) {
        let entry = settings[setting]
        name = path ?? setting.path
        value = steps.reduce(entry?.value) { $0?[$1] }
        origin = entry.map { "\($0.origin)" } ?? "default"
        description = setting.summary + (setting.usual.map { " (otherwise: \($0))" } ?? "")
        known = setting.engines.contains(stack.engine)
    }
}

extension SettingValue {
    /// An item of a list by its number, or a field by its name.
    fileprivate subscript(_ step: Substring) -> SettingValue? {
        switch self {
        case .list(let items): Int(step).flatMap { items.indices.contains($0) ? items[$0] : nil }
        case .fields(let fields): fields[String(step)]
        default: nil
        }
    }
}
