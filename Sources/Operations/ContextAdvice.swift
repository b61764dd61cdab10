import Catalog
import Engines

/// Says beforehand that a stack asks for a longer context than the model was made for; what cannot be known is not
/// spoken of.
struct ContextAdvice: Sendable {
    private let reference: ModelReference
    private let quant: Quantization?
    private let flags: EffectiveSettings

    init(_ reference: ModelReference, quant: Quantization?, flags: EffectiveSettings) {
        self.reference = reference
        self.quant = quant
        self.flags = flags
    }

    /// Goes by what is stored, else by the table and the catalog: nobody is asked.
    func report(in workspace: Workspace, to report: @escaping Reporter) async {
        guard let model = try? await ConfiguredModel(reference, quant: quant, in: workspace),
            let stack = try? workspace.stack(serving: model, flags: flags),
            let limits = try? await LimitLookup(reference, quant: quant).run(in: workspace, report: { _ in }),
            limits.known,
            let excess = ContextExcess(of: stack, window: limits.contextWindow)
        else { return }
        report(.warning(excess.advice(stack: stack.name, model: limits.model, place: place(in: stack))))
    }
}

extension ContextAdvice {
    /// What sets the context, and where.
    private func place(in stack: Stack) -> String {
        switch stack.settings[SettingKey.context.setting]?.origin {
        case .file(_, line: 0), nil: "`context` in its stack.yaml"
        case .flag(let name): "`--\(name)`"
        case let origin?: "`context` (\(origin))"
        }
    }
}

extension ContextExcess {
    fileprivate func advice(stack: String, model: String, place: String) -> String {
        let made = "`\(stack)` asks for a context of \(asked) tokens, and `\(model)` was made for \(window)"
        let use = requests > 1 ? ": \(requests) requests at once can use \(usable)" : ""
        let cut = isCut ? ": the engine is told \(window)" : ""
        return "\(made)\(use)\(cut); set \(place) to that or less"
    }
}
