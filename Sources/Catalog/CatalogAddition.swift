/// A model that is to be added to the user's catalog.
public struct CatalogAddition: Sendable {
    /// The name that people will type.
    public var name: String
    /// The tag, if the model comes in several sizes.
    public var tag: String?
    /// What it is good for, in a line.
    public var description: String?
    /// The repository with the original weights.
    public var safetensors: String?
    /// The repository with the tokenizer, if it is another one.
    public var tokenizer: String?
    /// Where each quantization is.
    public var gguf: [Quantization: GGUFSource]
    /// The architecture, in the words of GGUF.
    public var family: String?
    /// The licence's id.
    public var licence: String?
    /// Whether the hub wants a licence accepted.
    public var gated: Bool?
    /// The number of weights.
    public var parameters: Int?
    /// The largest context, in tokens.
    public var context: Int?

    /// Describes a model; what is not known is left out.
    public init(
        name: String,
        tag: String? = nil,
        description: String? = nil,
        safetensors: String? = nil,
        tokenizer: String? = nil,
        gguf: [Quantization: GGUFSource] = [:],
        family: String? = nil,
        licence: String? = nil,
        gated: Bool? = nil,
        parameters: Int? = nil,
        context: Int? = nil
    ) {
        self.name = name
        self.tag = tag
        self.description = description
        self.safetensors = safetensors
        self.tokenizer = tokenizer
        self.gguf = gguf
        self.family = family
        self.licence = licence
        self.gated = gated
        self.parameters = parameters
        self.context = context
    }
}
