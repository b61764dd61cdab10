public import Catalog

/// What a model can take and what it is capable of, and how each of that is known.
public struct ModelLimits: Sendable, Encodable {
    /// How something is known.
    public enum Origin: String, Sendable, Encodable {
        /// The model's own files say so.
        case header
        /// A pattern of the table says so.
        case table
        /// The catalog says so.
        case catalog
        /// It is not known, and this is safe to assume.
        case `default`
    }

    /// The model's name.
    public let model: String
    /// The stack that stores it, if its files were read there.
    public let stack: String?
    /// Whether the window is more than an assumption.
    public let known: Bool
    /// The architecture, in the words of the catalog.
    public let family: String?
    /// The window: the tokens of question and answer together.
    public let contextWindow: Int
    /// The most tokens of an answer, where the publisher states that.
    public let maxOutput: Int?
    /// What it is capable of, and what it is not, by the names of the capabilities.
    public let capabilities: [String: Bool]
    /// The profiles of tasks that it suits.
    public let profiles: [String]
    /// How each of these is known, by their names and those of the capabilities.
    public let sources: [String: Origin]
    /// The pattern of the table that the model's name has.
    public let pattern: String?

    /// Whether it is capable of something.
    public func can(_ capability: Capability) -> Bool { capabilities[capability.rawValue] == true }
}

extension ModelLimits {
    /// Puts together what is said of a model; what its own files say goes before all else.
    init(
        _ model: String,
        header: HeaderLimits?,
        stack: String? = nil,
        table: Limits?,
        entry: CatalogEntry?
    ) {
        var sources: [String: Origin] = [:]
        func known<Value>(_ name: String, _ values: (Origin, Value?)...) -> Value? {
            for case (let origin, let value?) in values {
                sources[name] = origin
                return value
            }
            return nil
        }
        let name = (context: "contextWindow", output: "maxOutput")
        let context = known(
            name.context,
            (.header, header?.context),
            (.table, table?.context),
            (.catalog, entry?.context)
        )
        if context == nil { sources[name.context] = .default }
        let window = context ?? LimitTable.safeContext
        contextWindow = window
        family = known(
            "family",
            (.table, table?.family),
            (.catalog, entry?.family),
            (.header, header?.architecture)
        )
        // No answer is longer than the window that the model's own files tell.
        maxOutput = known(name.output, (.table, table?.output.map { min($0, window) }))
        profiles = known("profiles", (.table, table?.profiles)) ?? []
        var capabilities: [String: Bool] = [:]
        for capability in Capability.allCases {
            capabilities[capability.rawValue] = known(
                capability.rawValue,
                (.header, header?.capabilities[capability]),
                (.table, table.map { $0.capabilities.contains(capability) }),
                (.default, LimitTable.safeCapabilities.contains(capability))
            )
        }
        self.capabilities = capabilities
        self.model = model
        self.stack = stack
        self.known = context != nil
        self.sources = sources
        pattern = table?.pattern.description
    }
}
