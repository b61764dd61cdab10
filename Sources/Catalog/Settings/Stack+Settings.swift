import SystemPackage

extension Stack {
    /// What the stack declares for all of its models, below everything that a model or a command says.
    public var settings: EffectiveSettings {
        if let adopted { return adopted }
        let file: SettingOrigin =
            switch origin {
            case .builtIn: .file("stacks/\(name)/stack.yaml", line: 0)
            case .file(let path): .file(path.string, line: 0)
            }
        var settings = EffectiveSettings()
        func set(_ setting: Setting, _ value: SettingValue?) {
            if let value { settings[setting] = EffectiveSettings.Entry(value, file) }
        }
        set(SettingKey.format.setting, .text(defaults.format.rawValue))
        set(SettingKey.quant.setting, defaults.quantization.map { .text($0.name) })
        set(SettingKey.context.setting, defaults.context.map(SettingValue.integer))
        set(SettingKey.parallel.setting, defaults.parallel.map(SettingValue.integer))
        set(SettingKey.memoryFraction.setting, defaults.memoryFraction.map(SettingValue.number))
        let layers = defaults.gpuLayers.map { text in Int(text).map(SettingValue.integer) ?? .text(text) }
        set(SettingKey.gpuLayers.setting, layers)
        if !defaults.extra.isEmpty {
            set(SettingKey<[String]>.extra(of: engine).setting, .list(defaults.extra.map(SettingValue.text)))
        }
        return settings
    }
}

extension Stack {
    /// The stack with its defaults between what `above` says and what `below` does.
    public func adopting(above: EffectiveSettings, below: EffectiveSettings) -> Stack {
        adopting(above.over(settings).over(below))
    }

    /// The stack with these settings for its defaults, where they say something.
    public func adopting(_ settings: EffectiveSettings) -> Stack {
        var stack = self
        stack.adopted = settings
        stack.defaults = Defaults(
            quantization: settings[.quant] ?? defaults.quantization,
            format: settings[.format] ?? defaults.format,
            context: settings[.context] ?? defaults.context,
            gpuLayers: settings[.gpuLayers] ?? defaults.gpuLayers,
            parallel: settings[.parallel] ?? defaults.parallel,
            host: defaults.host,
            memoryFraction: settings[.memoryFraction] ?? defaults.memoryFraction,
            extra: settings[.extra(of: engine)] ?? defaults.extra
        )
        return stack
    }
}
