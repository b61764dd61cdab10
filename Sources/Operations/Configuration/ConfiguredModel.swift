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
        _ typed: ModelReference,
        quant: Quantization? = nil,
        format: ModelFormat? = nil,
        in workspace: Workspace
    ) async throws(Failure) {
        let named = try workspace.config(called: typed)
        if let named {
            config = named.config
            reference = try await named.meant(by: typed, in: workspace)
        } else {
            config = try await workspace.config(about: typed)
            reference = typed
        }
        var settings = config?.settings ?? EffectiveSettings()
        if config != nil {
            do throws(DeclarationError) {
                settings = try Settings.read(workspace.environment).over(settings)
            } catch { throw Failure(declaration: error) }
        }
        // What is part of the name is told by the reference itself.
        self.quant = quant ?? (reference.quantization == nil ? settings[.quant] : nil)
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
