import Catalog
import Store

extension ModelStore {
    /// What to type for a launch's model: with its quantization where the name alone means several.
    func reference(of launch: ServedLaunch) -> String {
        reference(launch.model, quant: launch.quant)
    }

    /// What to type for a stored model: with its quantization where the name alone means several.
    func reference(_ model: String, quant: String) -> String {
        let stored = (try? models(named: model)) ?? []
        guard stored.contains(where: { $0.key.quant == quant }),
            stored.contains(where: { $0.key.quant != quant })
        else { return model }
        return ModelReference.typed(model, quant: quant)
    }
}

extension ServedLaunch {
    /// What to type for its model, whatever is stored.
    var reference: String { ModelReference.typed(model, quant: quant) }
}

extension ModelReference {
    /// What to type for a model in one of its quantizations; the name alone where no more can be said with it.
    static func typed(_ model: String, quant: String) -> String {
        guard let named = try? ModelReference(parsing: model), named.quantization == nil,
            let quantization = Quantization(parsing: quant)
        else { return model }
        return "\(ModelReference(named.source, quantization: quantization))"
    }
}
