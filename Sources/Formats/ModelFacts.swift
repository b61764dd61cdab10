public import Platform

/// What the headers of a model's files tell about the model.
public struct ModelFacts: Sendable, Hashable {
    /// The architecture, as the files name it: `llama`, `qwen2`.
    public var architecture: String?
    /// The number of weights.
    public var parameters: Int
    /// The longest context that the model was made for.
    public var contextLength: Int?
    /// The number of layers.
    public var layers: Int?
    /// The number of attention heads of a layer, the most of any layer.
    public var heads: Int?
    /// The number of heads that keys and values are kept for, the most of any layer.
    public var kvHeads: Int?
    /// The elements of a key of a head.
    public var headSize: Int?
    /// The elements of a token's embedding.
    public var embeddingLength: Int?
    /// The number of tokens in the vocabulary.
    public var vocabularySize: Int?
    /// The number of experts of a layer, for models that have such.
    public var experts: Int?
    /// How the weights are stored: `q4_k_m`, `bf16`, `awq`.
    public var quantization: String?
    /// The number that a GGUF says it by.
    public var fileType: Int?
    /// The types of the tensors: an engine must read all of them.
    public var tensorTypes: Set<TensorType>
    /// The bits that a weight takes on average.
    public var bitsPerWeight: Double
    /// The bytes of all tensors.
    public var weightsSize: ByteCount
    /// Whether a template for chats comes with the model.
    public var chatTemplate: Bool

    /// Describes a model.
    public init(
        architecture: String? = nil,
        parameters: Int = 0,
        contextLength: Int? = nil,
        layers: Int? = nil,
        heads: Int? = nil,
        kvHeads: Int? = nil,
        headSize: Int? = nil,
        embeddingLength: Int? = nil,
        vocabularySize: Int? = nil,
        experts: Int? = nil,
        quantization: String? = nil,
        fileType: Int? = nil,
        tensorTypes: Set<TensorType> = [],
        weightsSize: ByteCount = 0,
        chatTemplate: Bool = false
    ) {
        self.architecture = architecture
        self.parameters = parameters
        self.contextLength = contextLength
        self.layers = layers
        self.heads = heads
        self.kvHeads = kvHeads ?? heads
        // A missing size follows from the others, unless they are nonsense.
        self.headSize =
            headSize ?? heads.flatMap { $0 > 0 ? embeddingLength.map { [heads = $0] in $0 / heads } : nil }
        self.embeddingLength = embeddingLength
        self.vocabularySize = vocabularySize
        self.experts = experts
        self.quantization = quantization
        self.fileType = fileType
        self.tensorTypes = tensorTypes
        self.weightsSize = weightsSize
        self.chatTemplate = chatTemplate
        bitsPerWeight = parameters > 0 ? Double(weightsSize.bytes) * 8 / Double(parameters) : 0
    }
}

extension [TensorDescription] {
    /// The type that most of the elements have, those of tensors with one dimension not counted.
    var prevailingType: TensorType? {
        var elements: [TensorType: Double] = [:]
        for tensor in self where tensor.shape.count > 1 {
            elements[tensor.type, default: 0] += Double(tensor.elements)
        }
        return elements.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
    }
}

extension Int {
    /// The number itself, if it can be a size of a model: what is computed from it must not overflow.
    var plausible: Int? { (1...Int(Int32.max)).contains(self) ? self : nil }
}
