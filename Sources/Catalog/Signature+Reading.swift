extension Signature {
    private static let keys = ["id", "engines", "match", "exit", "about", "cause", "fix", "example"]
    /// A shorter piece of text is in lines of all kinds.
    private static let leastFixed = 6

    /// Reads a text with a list of signatures; the first mistake in it is thrown.
    static func read(
        _ bytes: [UInt8],
        file: String,
        _ origin: DeclarationOrigin
    ) throws(DeclarationError) -> [Signature] {
        let root = try YAMLNode.parse(bytes, file: file)
        var reader = DeclarationReader()
        reader.mapping(root, known: ["signatures"])
        let items = reader.read("signatures", of: root) { (node) throws(DeclarationError) in
            node.isNull ? [] : try node.list()
        }
        var signatures: [Signature] = []
        var lines: [String: Int] = [:]
        for item in items ?? [] {
            guard let signature = Signature(item, origin, &reader) else { continue }
            if let line = lines.updateValue(item.line, forKey: signature.id) {
                reader.report(item.error("the signature `\(signature.id)` is already on line \(line)"))
            }
            signatures.append(signature)
        }
        try reader.throwFirst()
        return signatures
    }

    private init?(_ node: YAMLNode, _ origin: DeclarationOrigin, _ reader: inout DeclarationReader) {
        reader.mapping(node, known: Self.keys)
        for name in ["id", "cause", "fix"] where node[name] == nil {
            reader.report(node.error("`\(name)` is missing"))
        }
        if node["match"] == nil, node["exit"] == nil {
            reader.report(node.error("`match` or `exit` is missing: one of them must tell when it applies"))
        }
        let id = reader.read("id", of: node) { (node) throws(DeclarationError) in try node.signatureName() }
        let engines = reader.read("engines", of: node) { (node) throws(DeclarationError) in try node.engines()
        }
        let patterns = reader.read("match", of: node) { (node) throws(DeclarationError) in try node.patterns()
        }
        let endings = reader.read("exit", of: node) { (node) throws(DeclarationError) in try node.endings() }
        let subject = reader.read("about", of: node) { (node) throws(DeclarationError) in
            try node.choice(of: Subject.self)
        }
        // What ends a run has no text to take anything from.
        let captured = endings == nil ? (patterns ?? []).map(\.wildcards).min() ?? 0 : 0
        let places = ["stack", "model"] + (0..<captured).map { String($0 + 1) }
        let cause = reader.read("cause", of: node) { (node) throws(DeclarationError) in
            try node.template(of: places)
        }
        let fix = reader.read("fix", of: node) { (node) throws(DeclarationError) in
            try node.template(of: places)
        }
        let example = reader.read("example", of: node) { (node) throws(DeclarationError) in
            let line = try node.word()
            guard let patterns, !patterns.contains(where: { $0.captures(in: line) != nil }) else {
                return line
            }
            throw node.error("nothing of `match` is in this line")
        }
        guard let id, let cause, let fix else { return nil }
        self.init(
            id: id,
            engines: engines ?? [],
            patterns: patterns ?? [],
            endings: endings ?? [],
            subject: subject,
            cause: cause,
            fix: fix,
            example: example,
            origin: origin
        )
    }

    fileprivate static func pattern(_ node: YAMLNode) throws(DeclarationError) -> SignaturePattern {
        let pattern = SignaturePattern(try node.word())
        guard pattern.fixed >= leastFixed else {
            throw node.error("`\(pattern)` is too short to tell one line from another")
        }
        return pattern
    }
}

extension YAMLNode {
    /// A list, or the one value that stands for a list of it.
    private var items: [YAMLNode] {
        guard case .sequence(let items) = content else { return [self] }
        return items
    }

    fileprivate func signatureName() throws(DeclarationError) -> String {
        let name = try word()
        let isName = name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
        }
        guard isName else {
            throw error("`\(name)` is no name of a signature: lower-case letters, digits and `-`")
        }
        return name
    }

    fileprivate func engines() throws(DeclarationError) -> [EngineName] {
        var engines: [EngineName] = []
        for item in items { engines.append(try item.choice(of: EngineName.self)) }
        return engines
    }

    fileprivate func patterns() throws(DeclarationError) -> [SignaturePattern] {
        var patterns: [SignaturePattern] = []
        for item in items { patterns.append(try Signature.pattern(item)) }
        if patterns.isEmpty { throw error("this must not be empty") }
        return patterns
    }

    fileprivate func endings() throws(DeclarationError) -> [Signature.Ending] {
        var endings: [Signature.Ending] = []
        for item in items {
            let text = try item.word()
            guard let ending = Signature.Ending(parsing: text) else {
                throw item.error(
                    "`\(text)` is neither a status from 1 to 255, a signal such as `SIGILL`, nor `oom`"
                )
            }
            endings.append(ending)
        }
        if endings.isEmpty { throw error("this must not be empty") }
        return endings
    }

    /// A sentence in which `{…}` stands for one of `places`.
    fileprivate func template(of places: [String]) throws(DeclarationError) -> String {
        let text = try word()
        for place in SignatureTemplate.places(in: text) where !places.contains(place) {
            let known = places.map { "`{\($0)}`" }.joined(separator: ", ")
            throw error("`{\(place)}` stands for nothing here: there are \(known)")
        }
        return text
    }
}
