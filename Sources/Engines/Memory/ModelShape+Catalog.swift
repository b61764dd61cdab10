public import Catalog
public import Formats
public import Platform

extension ModelShape {
    /// Guesses the shape from what the catalog says of a model; `nil` if that is too little.
    ///
    /// Every layer is taken to keep all tokens: where some have a window, it needs less. What the catalog does not say
    /// follows from the usual proportions; the weights are one byte each.
    public init?(_ entry: CatalogEntry) {
        guard let parameters = entry.parameters, let layers = entry.layers, layers > 0,
            let heads = entry.heads,
            let headSize = entry.headSize
        else { return nil }
        let kept = (entry.kvHeads ?? heads) &* headSize
        let embedding = heads &* headSize
        let vocabulary = Self.usualVocabulary
        let matrix = min(vocabulary &* embedding, parameters / 8)
        let layer = max(0, parameters - 2 &* matrix) / layers
        let attention = 2 &* embedding &* (embedding &+ kept)
        self.init(
            architecture: entry.family ?? entry.name,
            layers: Array(
                repeating: Layer(keys: kept, values: kept, weights: ByteCount(Int64(layer))),
                count: layers
            ),
            inputWeights: ByteCount(Int64(matrix)),
            outputWeights: ByteCount(Int64(matrix)),
            embeddingLength: embedding,
            feedForwardLength: min(
                max(embedding, layer - attention) / (3 &* max(1, embedding)),
                8 &* embedding
            ),
            heads: heads,
            headLength: headSize,
            vocabularySize: vocabulary,
            contextLength: entry.context
        )
    }

    /// That of most models of our day.
    private static let usualVocabulary = 150_000
}

extension CatalogEntry {
    /// What the weights take in a quantization, by the number of weights and what one takes on average; `nil` if either
    /// is not known.
    public func weights(in quantization: Quantization) -> ByteCount? {
        guard let parameters, let bits = quantization.approximateBitsPerWeight else { return nil }
        return ByteCount(Int64(exactly: (Double(parameters) * bits / 8).rounded()) ?? .max)
    }
}
