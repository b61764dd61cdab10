public import Catalog
public import Formats

/// A model that a stack's engine is to serve, with all that the command depends on.
public struct LaunchRequest: Sendable {
    /// The stack.
    public var stack: Stack
    /// The name that clients are to call the model by.
    public var model: String
    /// The format of the files.
    public var format: ModelFormat
    /// The quantization of the files, if it has a name.
    public var quantization: Quantization?
    /// The paths of all files of the model, as the engine's container sees them.
    public var files: [String]
    /// The paths of the adapters to lay over the weights, as the engine's container sees them.
    public var adapters: [String]
    /// What the files' headers say, if they could be read.
    public var facts: ModelFacts?

    /// Describes a request.
    public init(
        stack: Stack,
        model: String,
        format: ModelFormat,
        quantization: Quantization? = nil,
        files: [String],
        adapters: [String] = [],
        facts: ModelFacts? = nil
    ) {
        self.stack = stack
        self.model = model
        self.format = format
        self.quantization = quantization
        self.files = files
        self.adapters = adapters
        self.facts = facts
    }

    /// The context of a launch that nobody set one for, at most: what a model of our day was trained on can
    /// take more memory than its weights.
    static let usualContext = 16_384

    /// The tokens that the engine keeps for all requests together.
    ///
    /// What the stack declares holds as it is, since several requests may share more than the model's own
    /// limit.
    var pooledContext: Int {
        stack.defaults.context ?? min(facts?.contextLength ?? Self.usualContext, Self.usualContext)
    }

    /// The tokens that one request may have, within the model's own limit; `nil` if neither is known.
    var contextPerRequest: Int? {
        guard let limit = facts?.contextLength else { return stack.defaults.context }
        return min(stack.defaults.context ?? Self.usualContext, limit)
    }
}
