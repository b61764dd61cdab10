public import Catalog
public import Formats

/// A model that a stack's engine is to serve, with all that the command depends on.
public struct LaunchRequest: Sendable {
    /// The stack.
    public var stack: Stack
    /// What is set, the places that say so already laid over one another.
    public var settings: EffectiveSettings
    /// The name of the model, by which clients are to call it unless a setting gives it another.
    public var model: String
    /// The format of the files.
    public var format: ModelFormat
    /// The quantization of the files, if it has a name.
    public var quantization: Quantization?
    /// The paths of all files of the model, as the engine's container sees them.
    public var files: [String]
    /// The adapters to lay over the weights.
    public var adapters: [LaunchAdapter]
    /// The paths of all files of the smaller model that guesses ahead, as the engine's container sees them; empty where
    /// there is none, or where the setting is a path itself.
    public var draft: [String]
    /// What the files' headers say, if they could be read.
    public var facts: ModelFacts?

    /// Describes a request.
    public init(
        stack: Stack,
        settings: EffectiveSettings,
        model: String,
        format: ModelFormat,
        quantization: Quantization? = nil,
        files: [String],
        adapters: [LaunchAdapter] = [],
        draft: [String] = [],
        facts: ModelFacts? = nil
    ) {
        self.stack = stack
        self.settings = settings
        self.model = model
        self.format = format
        self.quantization = quantization
        self.files = files
        self.adapters = adapters
        self.draft = draft
        self.facts = facts
    }

    /// The context of a launch that nobody set one for, at most: what a model of our day was trained on can
    /// take more memory than its weights.
    static let usualContext = 16_384

    /// The tokens that the engine keeps for all requests together.
    ///
    /// What is set holds as it is, since several requests may share more than the model's own limit.
    var pooledContext: Int {
        settings[SettingKey.context] ?? min(facts?.contextLength ?? Self.usualContext, Self.usualContext)
    }

    /// The tokens that one request may have, within the model's own limit unless the engine is told to stretch it; `nil` if
    /// neither is known.
    var contextPerRequest: Int? {
        let told = settings[SettingKey.context]
        guard let limit = facts?.contextLength else { return told }
        let extra = settings[SettingKey<[String]>.extra(of: stack.engine)] ?? []
        if let told, ContextOptions(stack.engine).isStretched(by: extra) { return told }
        return min(told ?? Self.usualContext, limit)
    }

    /// What clients call the model.
    var servedName: String { settings[SettingKey.servedName] ?? model }

    /// The addresses of the machines that serve the model together; none where one does it alone.
    var nodes: [String] { settings[SettingKey<[String]>.nodes] ?? [] }

    /// The address of a machine that is named where there is no other one to share with.
    var loneNode: String? { nodes.count == 1 ? nodes[0] : nil }

    /// How tokens are guessed ahead.
    var speculation: Speculation? {
        let model = settings[SettingKey.speculativeModel]
        let method = settings[SettingKey.speculativeMethod] ?? (model == nil ? nil : "draft")
        return method.flatMap(Speculation.init)
    }

    /// A way of guessing ahead.
    enum Speculation: String {
        case draft, mtp, eagle3, ngram
    }
}
