/// Which of several models answers for a profile.
public struct ProfileRoute: Sendable {
    /// Which size is preferred where nothing else decides.
    public enum Preference: String, Sendable, Hashable, CaseIterable {
        case small, large
    }

    /// A preferred family, with the place where it was named.
    struct Family: Sendable {
        let name: String
        let node: YAMLNode
    }

    /// The models that are preferred to all others, in order, by their names or patterns of them.
    public var models: [NamePattern] = []
    var declaredFamilies: [Family] = []
    /// Which size is preferred where nothing else decides.
    public var preference = Preference.large
    /// The tokens that a model's window must at least have.
    public var leastContext: Int?
    /// What a model must be capable of.
    public var needs: Set<Capability> = []
    /// Whether models are for it, after all others, of which it is not known what they are good for.
    public var takesUnknown = false
    /// The profile that is asked where no model is for this one.
    public var fallback: String?
    var fallbackNode: YAMLNode?

    /// Nothing in particular.
    init() {}

    /// The families whose models are for it, the preferred ones first: architectures, or names of the catalog without tag.
    public var families: [String] { declaredFamilies.map(\.name) }
}

extension ProfileRoute {
    private static let keys = [
        "families", "models", "prefer", "min_context", "needs", "unknown", "fallback",
    ]

    /// Reads the mapping `route` of a profile.
    init(_ node: YAMLNode, _ reader: inout DeclarationReader) {
        reader.mapping(node, known: Self.keys)
        let models = reader.read("models", of: node) { (node) throws(DeclarationError) in
            try node.unlike { (item) throws(DeclarationError) in try item.namePattern() }
        }
        let families = reader.read("families", of: node) { (node) throws(DeclarationError) in
            try node.unlike { (item) throws(DeclarationError) in try item.word().lowercased() }
        }
        let preference = reader.read("prefer", of: node) { (node) throws(DeclarationError) in
            try node.choice(of: Preference.self)
        }
        leastContext = reader.read("min_context", of: node) { (node) throws(DeclarationError) in
            try node.integer(in: 1 ... .max)
        }
        let needs = reader.read("needs", of: node) { (node) throws(DeclarationError) in
            try node.capabilities()
        }
        let takesUnknown = reader.read("unknown", of: node) { (node) throws(DeclarationError) in
            try node.boolean()
        }
        fallback = reader.read("fallback", of: node) { (node) throws(DeclarationError) in try node.word() }
        fallbackNode = node["fallback"]
        self.models = models ?? []
        declaredFamilies = zip(families ?? [], node["families"]?.values ?? []).map(Family.init)
        self.preference = preference ?? .large
        self.needs = needs ?? []
        self.takesUnknown = takesUnknown ?? false
    }
}

extension YAMLNode {
    fileprivate func namePattern() throws(DeclarationError) -> NamePattern {
        let text = try word()
        guard let pattern = NamePattern(text) else {
            throw error("`\(text)` is no name of a model, and no pattern of names")
        }
        return pattern
    }

    /// The values of a list, none twice; one value counts as a list of it.
    fileprivate func unlike<Value: Hashable>(
        _ convert: (YAMLNode) throws(DeclarationError) -> Value
    ) throws(DeclarationError) -> [Value] {
        var values: [Value] = []
        for item in self.values {
            let value = try convert(item)
            guard !values.contains(value) else { throw item.error("`\(value)` is already in this list") }
            values.append(value)
        }
        return values
    }
}
