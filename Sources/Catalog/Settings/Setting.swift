/// One thing that can be set: what it is called, what it may be, and what it does.
public struct Setting: Sendable {
    /// Where it can be set beside the file of a model.
    public enum Reach: Sendable {
        /// Nowhere.
        case model
        /// In `config/settings.yaml`, by a variable and by a flag too.
        case everywhere
        /// Not in a model's file at all.
        case machine
    }

    /// Its name in `config/settings.yaml`, and in lists; unlike all others.
    public let name: String
    /// Its place in the file of a model, names joined by dots.
    public let path: String
    /// What it may be set to.
    public let rule: SettingRule
    /// What it does, in a line.
    public let summary: String
    /// Where it can be set.
    public let reach: Reach
    /// The engines that know of it.
    public let engines: Set<EngineName>
    /// Whether the mapping that it belongs to is nothing without it.
    public let isRequired: Bool
    /// What holds where nobody sets it, in words.
    public let usual: String?
    /// A value as a file has it.
    public let example: String?

    /// Describes a setting; without a path its name is its place.
    public init(
        _ name: String,
        path: String? = nil,
        _ rule: SettingRule,
        _ summary: String,
        reach: Reach = .model,
        engines: Set<EngineName> = Set(EngineName.allCases),
        isRequired: Bool = false,
        usual: String? = nil,
        example: String? = nil
    ) {
        self.name = name
        self.path = path ?? name
        self.rule = rule
        self.summary = summary
        self.reach = reach
        self.engines = engines
        self.isRequired = isRequired
        self.usual = usual
        self.example = example
    }

    /// The variable that sets it.
    public var variable: String? { reach == .model ? nil : "STACKCTL_\(name.uppercased())" }
    /// The flag that sets it, without the dashes.
    public var flag: String { String(name.map { $0 == "_" ? "-" : $0 }) }
}

/// A setting and the type that it is read as.
public struct SettingKey<Value: SettingConvertible>: Sendable {
    /// The setting.
    public let setting: Setting

    /// Gives a setting its type.
    public init(_ setting: Setting) { self.setting = setting }
}

/// Who set a setting.
public enum SettingOrigin: Sendable, Hashable, CustomStringConvertible {
    /// A flag of the command, without its dashes.
    case flag(String)
    /// A variable of the environment.
    case variable(String)
    /// A line of a file.
    case file(String, line: Int)
    /// Nobody.
    case usual

    /// For example `config/settings.yaml:3` or `$STACKCTL_TOP_P`.
    public var description: String {
        switch self {
        case .flag(let name): "--\(name)"
        case .variable(let name): "$\(name)"
        case .file(let file, let line): line > 0 ? "\(file):\(line)" : file
        case .usual: "default"
        }
    }
}

/// Settings and who set each, those of several places laid over one another.
public struct EffectiveSettings: Sendable {
    /// What a setting has been set to, and by whom.
    public struct Entry: Sendable, Hashable {
        /// The value.
        public let value: SettingValue
        /// Who set it.
        public let origin: SettingOrigin

        /// Describes an entry.
        public init(_ value: SettingValue, _ origin: SettingOrigin) {
            self.value = value
            self.origin = origin
        }
    }

    /// The entries by the settings' names.
    public private(set) var entries: [String: Entry]

    /// Takes entries by the settings' names.
    public init(_ entries: [String: Entry] = [:]) { self.entries = entries }

    /// What a setting has been set to.
    public subscript<Value>(_ key: SettingKey<Value>) -> Value? {
        entries[key.setting.name].flatMap { Value(setting: $0.value) }
    }

    /// What a setting without a key of its own has been set to.
    public func value<Value: SettingConvertible>(of setting: Setting, as type: Value.Type = Value.self)
        -> Value?
    {
        entries[setting.name].flatMap { Value(setting: $0.value) }
    }

    /// What a setting has been set to, and by whom.
    public subscript(_ setting: Setting) -> Entry? {
        get { entries[setting.name] }
        set { entries[setting.name] = newValue }
    }

    /// These settings, and where they say nothing, those of `others`.
    public func over(_ others: EffectiveSettings) -> EffectiveSettings {
        EffectiveSettings(entries.merging(others.entries) { own, _ in own })
    }
}
