import Catalog
import Engines
import Formats
import Platform
import Store
import SystemPackage

/// The adapters that a model's configuration declares, as the stack's engine is to be given them.
struct DeclaredAdapters: Sendable {
    private let stack: Stack
    private let settings: EffectiveSettings

    /// Takes what holds for a model.
    init(_ settings: EffectiveSettings, on stack: Stack) {
        self.stack = stack
        self.settings = settings
    }

    /// Finds each in the stack's folder of adapters, and judges it by itself: whoever declared it by hand has not.
    func found(in workspace: Workspace) throws(Failure) -> [LaunchAdapter] {
        let declared = settings.adapters
        return try declared.map { (adapter) throws(Failure) in
            let (stored, facts) = try find(adapter, in: workspace)
            let fit = AdapterFit(stack.engine, facts, over: nil, settings: settings)
            do throws(AdapterRefusal) { _ = try fit.judge() } catch {
                let model = settings[SettingKey.model] ?? "the model"
                let failure = Failure(error, adapter: adapter.name, model: model, stack: stack)
                guard case .form(_, .peft) = error else { throw failure }
                let source = try AdapterSource(adapter, in: workspace).reference
                let add = ["stackctl", stack.name, "lora", "add", model, "\(adapter.name)=\(source)"]
                let command = add.map(ShellCommand.quoted).joined(separator: " ")
                throw failure.hinting(instead: "make a GGUF of it with `\(command)`")
            }
            return LaunchAdapter(
                name: adapter.name,
                path: stored.adapterPath,
                scale: adapter.scale,
                rank: facts.rank
            )
        }
    }

    private func find(_ adapter: DeclaredAdapter, in workspace: Workspace) throws(Failure) -> (
        StoredModel, AdapterFacts
    ) {
        let source = try AdapterSource(adapter, in: workspace)
        guard let model = try AdapterLookup(source: source, stack: stack).stored() else {
            let pull = ["stackctl", stack.name, "pull", "--lora", "\(source.reference)"]
            throw Failure(
                .notFound,
                "the adapter `\(adapter.name)` is not stored in `\(stack.name)`",
                hint: "fetch it with `\(pull.map(ShellCommand.quoted).joined(separator: " "))`"
            )
        }
        return (model, try AdapterFacts.read(model))
    }
}

extension StoredModel {
    /// Where the container sees an adapter: the file of a GGUF, the folder of PEFT.
    var adapterPath: String {
        let folder = key.path(below: Stack.adapterMount)
        guard key.format == ModelFormat.gguf.rawValue, let file = manifest.files.first else { return folder }
        return "\(folder)/\(file.path)"
    }
}
