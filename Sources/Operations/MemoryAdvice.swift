import Catalog
import Platform

/// Says beforehand that a model has no room, or only in part, or less context than it is to be served with; what cannot
/// be known is not spoken of.
struct MemoryAdvice: Sendable {
    private let reference: ModelReference
    private let quant: Quantization?
    private let flags: EffectiveSettings

    init(_ reference: ModelReference, quant: Quantization?, flags: EffectiveSettings) {
        self.reference = reference
        self.quant = quant
        self.flags = flags
    }

    /// Goes by what is stored, else by the catalog: nobody is asked.
    func report(in workspace: Workspace, to report: @escaping Reporter) async {
        await ContextAdvice(reference, quant: quant, flags: flags).report(in: workspace, to: report)
        var options = FitOptions()
        (options.quant, options.flags, options.isOffline) = (quant, flags, true)
        guard let model = try? await ConfiguredModel(reference, quant: quant, in: workspace),
            let stack = try? workspace.stack(serving: model, flags: flags),
            let fitted = try? await Fit(reference, options).run(in: workspace, report: { _ in }),
            let row = row(of: fitted, stack)
        else { return }
        let hint = "see `stackctl \(stack.name) fit \(fitted.model)`"
        let need = "`\(fitted.model)` \(row.quant) needs \(row.totalBytes ?? 0)"
        switch row.verdict {
        case "no": report(.warning("\(([need] + row.remarks).joined(separator: ": ")); \(hint)"))
        case "partial": report(.note("\(need): \(row.answer), the others in RAM; \(hint)"))
        default: break
        }
    }

    /// What would be served: the quantization that was named, else the stack's usual one, else the one that is stored.
    private func row(of fitted: FittedModel, _ stack: Stack) -> FittedModel.Row? {
        let named = (quant ?? reference.quantization ?? stack.defaults.quantization)?.name
        return fitted.rows.first { $0.quant == named && $0.stored } ?? fitted.rows.first { $0.stored }
            ?? fitted.rows.first { $0.quant == named } ?? (fitted.rows.count == 1 ? fitted.rows.first : nil)
    }
}
