import Formats

extension GGUFSource {
    /// Refuses a model that lacks tensors by its own description: no engine would load what is made of it.
    ///
    /// Which tensors a layer has is known of some architectures only: there all layers must have what one has. Of the
    /// others no layer may be missing as a whole.
    func checkTensors() throws(ConversionError) {
        let facts = try selectionFacts()
        var layers: [Int: Set<Substring>] = [:]
        var names: Set<String> = []
        for tensor in tensors {
            if let (layer, part) = Self.place(of: tensor.name) {
                layers[layer, default: []].insert(part)
            } else {
                names.insert(tensor.name)
            }
        }
        var flaws = TensorFlaws()
        let isKnown = ModelFamily.inGGUF(facts.architecture) != nil
        if isKnown {
            for name in ["output_norm.weight", "token_embd.weight"] where !names.contains(name) {
                flaws.add(.missing(name))
            }
        }
        guard isKnown || !layers.isEmpty else { return }
        let usual = isKnown ? Set(layers.values.joined()).sorted() : []
        for layer in 0..<facts.layers {
            if flaws.isFull { break }
            guard let parts = layers[layer] else {
                flaws.add(.missing("blk.\(layer).*"))
                continue
            }
            for part in usual where !parts.contains(part) { flaws.add(.missing("blk.\(layer).\(part)")) }
        }
        if flaws.count > 0 { throw .tensors(flaws) }
    }

    /// The layer of a tensor and its name there; of some models both begin with the part that the layer is of.
    private static func place(of name: String) -> (layer: Int, part: Substring)? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard let index = parts.firstIndex(of: "blk"), parts.count > index + 2,
            let layer = Int(parts[index + 1])
        else { return nil }
        return (layer, name[parts[index + 2].startIndex...])
    }
}
