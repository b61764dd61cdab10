import ArgumentParser
import Catalog
import Operations
import Platform

/// The flags that set, for one command, what a model's file could.
struct SettingFlags: ParsableArguments {
    @Option(help: Self.help(SettingKey.context.setting, "n"))
    var contextSize: String?

    @Option(help: Self.help(SettingKey.parallel.setting, "n"))
    var parallel: String?

    @Option(help: Self.help(SettingKey.gpuLayers.setting, "n"))
    var gpuLayers: String?

    @Option(help: Self.help(SettingKey.temperature.setting, "t"))
    var temperature: String?

    @Option(help: Self.help(SettingKey.topP.setting, "p"))
    var topP: String?

    @Option(help: Self.help(SettingKey.maxTokens.setting, "n"))
    var maxTokens: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Any setting of a model's file, for example `kv_type=q8_0`.",
            valueName: "key=value"
        )
    )
    var others: [String] = []

    /// What tells which files are meant, which the model's name and `--quant` do.
    private static let named: Set<String> = ["model", "format", "quant", "file", "revision"]

    /// What is wrong is told with the usage of the verb that it was typed for.
    func validate() throws { _ = try settings() }

    /// What they set; what is wrong is told by its flag.
    func settings() throws -> EffectiveSettings {
        var settings = EffectiveSettings()
        for text in others {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("`--set \(text)`: expected KEY=VALUE") }
            guard let setting = ModelConfig.setting(at: parts[0]) else {
                throw ValidationError(
                    "there is no setting `\(parts[0])`; `stackctl config show --all MODEL` lists them"
                )
            }
            guard !Self.named.contains(setting.name) else {
                throw ValidationError("`--set \(parts[0])` would name another model: name that itself")
            }
            try set(setting, parts[1], as: "--set \(parts[0])", in: &settings)
        }
        let named = [
            (SettingKey.context.setting, contextSize), (SettingKey.parallel.setting, parallel),
            (SettingKey.gpuLayers.setting, gpuLayers), (SettingKey.temperature.setting, temperature),
            (SettingKey.topP.setting, topP), (SettingKey.maxTokens.setting, maxTokens),
        ]
        for case (let setting, let text?) in named {
            try set(setting, text, as: "--\(setting.flag)", in: &settings)
        }
        return settings
    }

    private func set(
        _ setting: Setting,
        _ text: String,
        as place: String,
        in settings: inout EffectiveSettings
    ) throws {
        do throws(DeclarationError) {
            let value = try setting.rule.read(text, place: place)
            settings[setting] = EffectiveSettings.Entry(value, .flag(setting.flag))
        } catch { throw ValidationError("\(error)") }
    }

    /// The summary of the table, with where the setting comes from otherwise.
    private static func help(_ setting: Setting, _ valueName: String) -> ArgumentHelp {
        ArgumentHelp("\(setting.summary).", valueName: valueName)
    }
}

extension Workspace {
    /// How long a model may take to come up: what was typed, else what is set.
    func patience(_ typed: Duration?) throws(Failure) -> Duration {
        if let typed { return typed }
        let declared = try settings().value(of: Settings.timeout, as: String.self)
        return declared.flatMap { Duration(parsing: $0) } ?? Use.patience
    }

    /// The model that was typed, else the one that is set for this machine.
    func model(_ typed: ModelReference?) throws -> ModelReference? {
        if let typed { return typed }
        return try settings()[SettingKey.model].map { try ModelReference.typed($0) }
    }
}
