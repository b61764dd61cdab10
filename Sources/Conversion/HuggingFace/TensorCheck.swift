/// Whether a folder has all weights of the model that its configuration describes: no engine loads one that lacks some.
struct TensorCheck {
    /// How many rows a matrix of tokens has.
    enum Tokens {
        /// It is not known before the tokenizer is read.
        case unknown
        case exactly(Int)
        /// More are not taken.
        case atLeast(Int)
    }

    private let family: ModelFamily
    private let configuration: Configuration
    private let tokens: Tokens
    /// The shapes of the tensors that are there.
    private var shapes: [String: [Int]] = [:]
    private var flaws = TensorFlaws()

    init(_ family: ModelFamily, _ configuration: Configuration, tokens: Tokens) {
        (self.family, self.configuration, self.tokens) = (family, configuration, tokens)
    }

    /// Refuses tensors, each with its shape, that are not all, or not those.
    mutating func run(_ tensors: some Sequence<(name: String, shape: [Int])>) throws(HuggingFaceError) {
        let layers = try configuration.layers
        for tensor in tensors {
            guard let name = TensorArrangement.usedName(of: tensor.name), !family.skipped.contains(name)
            else { continue }
            if let (layer, _) = TensorNames.layer(of: name[...]), layer >= layers {
                throw .layer(layer, tensor: tensor.name, layers: layers)
            }
            // What has no place may be another spelling of what is missing: others may know it.
            if family.isOfExpert(name) {
                _ = try ExpertPlace(name, family: family, configuration: configuration)
            } else if family.names.name(for: name, layers: layers) == nil {
                throw .unknownTensor(name)
            }
            shapes[name] = tensor.shape
        }
        let experts = try configuration.experts ?? 0
        // An output that is not there is the embedding, unless the configuration says that it is not.
        let isUntied = configuration.value("tie_word_embeddings")?.flag == false
        let hasOutput = isUntied && !family.skipped.contains("lm_head.weight")
        let whole = TensorNames.whole(hasOutput: hasOutput || shapes["lm_head.weight"] != nil)
        check(try resolved(whole), below: "")
        let places = try resolved(family.names.inLayer(hasExperts: experts > 0))
        for layer in 0..<layers where !flaws.isFull {
            check(places, below: "model.layers.\(layer).", experts: experts)
        }
        if flaws.count > 0 { throw .tensors(flaws) }
    }

    /// Places in a fixed order with what their tensors' lengths are, as far as it is known.
    private func resolved(_ places: TensorNames.Places) throws(HuggingFaceError) -> [(String, [Int?])] {
        try places.sorted { $0.key < $1.key }.map { part, place throws(HuggingFaceError) in
            (part, try place.shape.map { extent throws(HuggingFaceError) in try configuration.count(extent) })
        }
    }

    private mutating func check(_ places: [(String, [Int?])], below prefix: String, experts: Int = 0) {
        let expert = "\(family.expertPrefix)."
        for (part, lengths) in places {
            guard experts > 0, part.hasPrefix(expert) else {
                check("\(prefix)\(part)", lengths)
                continue
            }
            let rest = part.dropFirst(expert.count)
            for number in 0..<experts {
                if flaws.isFull { break }
                check("\(prefix)\(expert)\(number).\(rest)", lengths)
            }
        }
    }

    /// Looks at the weights of a place, which must be there, and at what is added to them, which need not.
    private mutating func check(_ stem: String, _ lengths: [Int?]) {
        let (weight, bias) = ("\(stem).weight", "\(stem).bias")
        if let shape = shapes[weight] {
            compare(weight, shape, lengths)
        } else {
            flaws.add(.missing(weight))
        }
        if let shape = shapes[bias] { compare(bias, shape, Array(lengths.prefix(1))) }
    }

    private mutating func compare(_ name: String, _ shape: [Int], _ lengths: [Int?]) {
        let expected = lengths.map { $0 ?? rows(shape.first ?? 0) }
        // A length of one in front says nothing.
        guard !shape.drop(while: { $0 == 1 }).elementsEqual(expected.drop { $0 == 1 }) else { return }
        flaws.add(.shape(name, found: shape, expected: expected))
    }

    /// How many rows a matrix of tokens should have that has some.
    private func rows(_ found: Int) -> Int {
        switch tokens {
        case .unknown: found
        case .exactly(let count): count
        case .atLeast(let count): max(count, found)
        }
    }
}
