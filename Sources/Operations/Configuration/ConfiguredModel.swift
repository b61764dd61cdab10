import Catalog
import Platform

/// A model as somebody named it, with what its configuration makes of the name.
struct ConfiguredModel: Sendable {
    /// The model itself.
    let reference: ModelReference
    /// The quantization that is wanted.
    let quant: Quantization?
    /// The format that is wanted.
    let format: ModelFormat?
    /// Its configuration, if it has one.
    let config: ModelConfig?

    /// Looks it up; what was named goes before what the configuration says.
    init(
        _ reference: ModelReference,
        quant: Quantization? = nil,
        format: ModelFormat? = nil,
        in workspace: Workspace
    ) throws(Failure) {
        config = try workspace.config(for: reference)
        var settings = config?.settings ?? EffectiveSettings()
        if config != nil {
            do throws(DeclarationError) {
                settings = try Settings.read(workspace.environment).over(settings)
            } catch { throw Failure(declaration: error) }
        }
        self.reference = config.map { reference.meant(by: $0) } ?? reference
        // What is part of the name is told by the reference itself.
        self.quant = quant ?? (self.reference.quantization == nil ? settings[.quant] : nil)
        self.format = format ?? settings[.format]
    }
}

extension Workspace {
    /// The stack as it is when it serves the model: with what the model's configuration says for its defaults.
    func stack(
        serving model: ConfiguredModel,
        flags: EffectiveSettings = EffectiveSettings()
    ) throws(Failure) -> Stack {
        let stack = try stack()
        return stack.adopting(try EffectiveConfig(model.config, of: stack, flags: flags, in: self).settings)
    }
}

extension ModelReference {
    /// Whether it is the name of a configuration rather than that of a model.
    func names(_ config: ModelConfig) -> Bool {
        guard case .catalog(let name, nil) = source else { return false }
        return name == config.name
    }

    /// The model that it means where a configuration goes by its name.
    func meant(by config: ModelConfig) -> ModelReference {
        guard names(config), let declared = config.reference else { return self }
        var source = declared.source
        if case .repository(let id) = source, let file = config.settings[SettingKey.file],
            let path = RelativePath(file)
        {
            source = .repositoryFile(id, path: path)
        }
        return ModelReference(
            source,
            quantization: quantization ?? declared.quantization,
            revision: declared.revision ?? config.settings[SettingKey.revision]
        )
    }
}
