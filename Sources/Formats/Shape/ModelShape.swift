public import Platform

/// What of a model decides the memory that it takes to run: what its layers keep of the text, and how wide they are.
public struct ModelShape: Sendable, Hashable {
    /// What a layer keeps.
    public struct Layer: Sendable, Hashable {
        /// The elements of a token's keys, those of all heads together.
        public var keys: Int
        /// The elements of a token's values; none where values are computed from the keys, as in multi-head latent
        /// attention.
        public var values: Int
        /// How many of the last tokens it keeps; all, if `nil`.
        public var window: Int?
        /// The elements that a recurrent layer keeps of a whole text, however long it is.
        public var state: Int
        /// The bytes of its weights; 0 if they are not known.
        public var weights: ByteCount

        /// Describes a layer.
        public init(
            keys: Int = 0,
            values: Int = 0,
            window: Int? = nil,
            state: Int = 0,
            weights: ByteCount = 0
        ) {
            self.keys = keys
            self.values = values
            self.window = window
            self.state = state
            self.weights = weights
        }
    }

    /// The architecture, as the files name it.
    public var architecture: String
    /// The layers, the first one first.
    public var layers: [Layer]
    /// The bytes of the weights that turn a token into its embedding.
    public var inputWeights: ByteCount
    /// The bytes of the weights that turn the last layer's output into a choice among tokens.
    public var outputWeights: ByteCount
    /// Whether these are the same weights, stored once.
    public var sharesInput: Bool
    /// The elements of a token's embedding.
    public var embeddingLength: Int
    /// The elements between the two halves of a feed-forward network, the most of any layer; with experts, of all those
    /// that a token goes to.
    public var feedForwardLength: Int
    /// The number of attention heads, the most of any layer.
    public var heads: Int
    /// The elements of a head's query, the most of any layer.
    public var headLength: Int
    /// The number of tokens in the vocabulary.
    public var vocabularySize: Int
    /// The number of experts of a layer.
    public var experts: Int
    /// How many of them a token goes to.
    public var expertsUsed: Int
    /// The longest context that the model was made for.
    public var contextLength: Int?

    /// The bytes of all weights.
    public var weights: ByteCount { layers.map(\.weights).total() + inputWeights + outputWeights }

    /// Describes a model.
    public init(
        architecture: String,
        layers: [Layer],
        inputWeights: ByteCount = 0,
        outputWeights: ByteCount = 0,
        sharesInput: Bool = false,
        embeddingLength: Int,
        feedForwardLength: Int,
        heads: Int,
        headLength: Int,
        vocabularySize: Int,
        experts: Int = 0,
        expertsUsed: Int = 0,
        contextLength: Int? = nil
    ) {
        self.architecture = architecture
        self.layers = layers
        self.inputWeights = inputWeights
        self.outputWeights = outputWeights
        self.sharesInput = sharesInput
        self.embeddingLength = embeddingLength
        self.feedForwardLength = feedForwardLength
        self.heads = heads
        self.headLength = headLength
        self.vocabularySize = vocabularySize
        self.experts = experts
        self.expertsUsed = expertsUsed
        self.contextLength = contextLength
    }
}

/// Why what a model keeps of the text is not known.
public enum ShapeError: Error, Sendable, Hashable {
    /// The header has no such key, or none that makes sense.
    case missing(String)
    /// Layers of this architecture keep something of a kind that is not known here.
    case unknownArchitecture(String)
}

extension ShapeError: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .missing(let key): "the header does not say `\(key)`"
        case .unknownArchitecture(let name):
            "what layers of the architecture `\(name)` keep is not known here"
        }
    }
}
