import Platform

extension Limits {
    private static let keys = ["family", "context", "output", "capabilities", "profiles"]
    /// No model has so many tokens; a number above that is a slip of the pen.
    private static let tokens = 1...1_000_000_000

    /// Reads a text with patterns and their limits; the first mistake in it is thrown.
    static func read(
        _ bytes: [UInt8],
        file: String,
        _ origin: DeclarationOrigin
    ) throws(DeclarationError) -> [Limits] {
        let root = try YAMLNode.parse(bytes, file: file)
        var reader = DeclarationReader()
        reader.mapping(root, known: ["limits"])
        let pairs = root["limits"].map { reader.mapping($0) } ?? []
        var limits: [Limits] = []
        var keys: [YAMLNode] = []
        for pair in pairs {
            guard let one = Limits(pair, origin, &reader) else { continue }
            limits.append(one)
            keys.append(pair.key)
        }
        reportTies(limits, keys, &reader)
        try reader.throwFirst()
        return limits
    }

    /// Of two patterns that a name has, neither of which says more of it, no answer would be the right one.
    private static func reportTies(_ limits: [Limits], _ keys: [YAMLNode], _ reader: inout DeclarationReader)
    {
        let byLiterals = Dictionary(grouping: limits.indices) { limits[$0].pattern.literals }
        for indices in byLiterals.values {
            for (place, later) in indices.enumerated() {
                let tied = indices[..<place].first { limits[$0].pattern.overlaps(limits[later].pattern) }
                guard let tied else { continue }
                reader.report(
                    keys[later].error(
                        "`\(limits[later].pattern)` and `\(limits[tied].pattern)` on line \(keys[tied].line) may both "
                            + "be of one name, and fix as many characters of it: make one of them longer"
                    )
                )
            }
        }
    }

    private init?(_ pair: YAMLNode.Pair, _ origin: DeclarationOrigin, _ reader: inout DeclarationReader) {
        let pattern = NamePattern(pair.name)
        if pattern == nil {
            reader.report(
                pair.key.error("`\(pair.name)` is no pattern of names: `*` and `?` stand for what may differ")
            )
        }
        let node = pair.value
        reader.mapping(node, known: Self.keys)
        if node["context"] == nil, (try? node.pairs()) != nil {
            reader.report(pair.key.error("`context` is missing: the tokens of the model's window"))
        }
        let family = reader.read("family", of: node) { (node) throws(DeclarationError) in try node.word() }
        let context = reader.read("context", of: node) { (node) throws(DeclarationError) in
            try node.integer(in: Self.tokens)
        }
        let output = reader.read("output", of: node) { (node) throws(DeclarationError) in
            let output = try node.integer(in: Self.tokens)
            if let context, output > context {
                throw node.error("an answer of \(output) tokens is longer than the window of \(context)")
            }
            return output
        }
        let capabilities = reader.read("capabilities", of: node) { (node) throws(DeclarationError) in
            try node.capabilities()
        }
        let profiles = reader.read("profiles", of: node) { (node) throws(DeclarationError) in
            try node.profileNames()
        }
        guard let pattern, let context else { return nil }
        self.init(
            pattern: pattern,
            family: family,
            context: context,
            output: output,
            capabilities: capabilities ?? [.streaming],
            profiles: profiles ?? [],
            origin: origin
        )
    }
}

extension YAMLNode {
    /// The values of a list; one value counts as a list of it.
    var values: [YAMLNode] {
        guard case .sequence(let items) = content else { return [self] }
        return items
    }

    /// What models may be capable of, nothing twice.
    func capabilities() throws(DeclarationError) -> Set<Capability> {
        var capabilities: Set<Capability> = []
        for item in values {
            let text = try item.word()
            guard let capability = Capability(rawValue: text) else {
                let known = Capability.allCases.map(\.rawValue)
                guard let near = nearestNames(to: text, in: known, most: 1).first else {
                    _ = try item.choice(of: Capability.self)
                    continue
                }
                throw item.error("`\(text)` is no capability: did you mean `\(near)`?")
            }
            guard capabilities.insert(capability).inserted else {
                throw item.error("`\(text)` is already in this list")
            }
        }
        return capabilities
    }

    /// Names of profiles, none twice.
    func profileNames() throws(DeclarationError) -> [String] {
        var names: [String] = []
        for item in values {
            let name = try item.word()
            guard ModelReferenceScanner.isName(name) else {
                throw item.error("`\(name)` is no name of a profile")
            }
            guard !names.contains(name) else { throw item.error("`\(name)` is already in this list") }
            names.append(name)
        }
        return names
    }
}
