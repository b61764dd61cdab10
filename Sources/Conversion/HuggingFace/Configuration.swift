import Formats

/// What `config.json` says of a model, with what the library that wrote it takes for granted.
struct Configuration: Sendable {
    /// The whole document.
    let root: JSONMembers
    /// The part about the text of a model that has more to it.
    private let text: JSONMembers?
    private let defaults: [String: Double]
    /// The kind of model, as that library has it.
    let modelType: String?
    /// How positions are turned.
    let rope: Rope

    /// How positions are turned into angles.
    struct Rope: Sendable {
        /// Those for all layers, or those that look at everything.
        let members: JSONMembers
        /// The kind of scaling, in the words of the configuration.
        let type: String?
        let theta: Double?
        /// That of the layers that look only around them.
        let localTheta: Double?
    }

    init(_ document: JSONText) throws(HuggingFaceError) {
        guard document.root.isObject else { throw .configuration(key: "config.json") }
        let root = document.root.members
        self.root = root
        let part = root["text_config"]?.nonNull
        text = part.map(\.members)
        let own = root["model_type"]?.string
        let inner = text?["model_type"]?.string ?? own.map { $0 + "_text" }
        modelType = text == nil ? own : inner
        defaults = modelType.flatMap { ModelFamily.defaults[$0] } ?? [:]
        rope = Rope(text, root, defaults)
    }

    /// The name of the architecture.
    var architecture: String? {
        let part = text?["architectures"]?.nonNull ?? root["architectures"]?.nonNull
        return part?.elements.first?.string
    }

    /// A value of the configuration itself.
    func value(_ key: String) -> JSONValue? {
        if let value = text?[key] { return value.nonNull }
        if text != nil, defaults[key] != nil { return nil }
        return root[key]?.nonNull
    }

    private func isNull(_ key: String) -> Bool { (text?[key] ?? root[key])?.isNull == true }

    /// A number; one that is `null` is none, whatever is usual.
    func number(_ key: String) throws(HuggingFaceError) -> Double? {
        if let value = value(key) {
            guard let number = value.number, number.isFinite else { throw .configuration(key: key) }
            return number
        }
        return isNull(key) ? nil : defaults[key]
    }

    /// An integer that is not negative.
    func integer(_ key: String) throws(HuggingFaceError) -> Int? {
        guard let number = try number(key) else { return nil }
        guard let integer = Int(exactly: number), integer >= 0, integer <= Int(UInt32.max) else {
            throw .configuration(key: key)
        }
        return integer
    }

    /// An integer that must be there.
    func count(_ key: String, upTo limit: Int = Int(UInt32.max)) throws(HuggingFaceError) -> Int {
        guard let integer = try integer(key), integer > 0, integer <= limit else {
            throw .configuration(key: key)
        }
        return integer
    }

    /// The first of some integers that is there.
    func integer(anyOf keys: [String]) throws(HuggingFaceError) -> Int? {
        for key in keys {
            if let integer = try integer(key) { return integer }
            if isNull(key) { return nil }
        }
        return nil
    }

    /// The number of layers; no model has as many as the limit.
    var layers: Int { get throws(HuggingFaceError) { try count("num_hidden_layers", upTo: 10_000) } }

    /// More than any model has, and little enough that products of two are numbers.
    private static let most = 1 << 20

    var heads: Int { get throws(HuggingFaceError) { try count("num_attention_heads", upTo: Self.most) } }

    var keyValueHeads: Int {
        get throws(HuggingFaceError) {
            guard try integer("num_key_value_heads") != nil else { return try heads }
            return try count("num_key_value_heads", upTo: Self.most)
        }
    }

    /// The size of a head, if it is said; for some it always is.
    var headSize: Int? {
        get throws(HuggingFaceError) {
            if try integer("head_dim") != nil { return try count("head_dim", upTo: Self.most) }
            return modelType == "llama" ? try count("hidden_size") / heads : nil
        }
    }

    /// The size of a head.
    var dimensionsOfHead: Int {
        get throws(HuggingFaceError) {
            if let size = try headSize { return size }
            return try count("hidden_size") / heads
        }
    }

    /// The length of the contexts that the model was trained with before it was stretched.
    var trainedLength: Double? {
        get throws(HuggingFaceError) {
            let key = "original_max_position_embeddings"
            if let length = try rope.number(key) { return length }
            return try number(key)
        }
    }

    /// The number of heads of a tensor whose rows are those of heads that are turned; `nil` for any other.
    func turnedHeads(of name: String) throws(HuggingFaceError) -> Int? {
        if name.hasSuffix("q_proj.weight") || name.hasSuffix("q_proj.bias") { return try heads }
        if name.hasSuffix("k_proj.weight") || name.hasSuffix("k_proj.bias") { return try keyValueHeads }
        return nil
    }

    var experts: Int? {
        get throws(HuggingFaceError) {
            try integer(anyOf: ["num_local_experts", "num_experts", "n_routed_experts"])
        }
    }
}

extension Configuration {
    /// What the header of a model that was converted already tells of its layers, heads and experts, in the words that it
    /// was converted from; of the rest it says nothing.
    init(of model: GGUFHeader, _ family: ModelFamily) throws(HuggingFaceError) {
        let keys = [
            "num_hidden_layers": "block_count", "num_attention_heads": "attention.head_count",
            "num_key_value_heads": "attention.head_count_kv", "num_experts": "expert_count",
        ]
        let entries = keys.compactMap { key, suffix in
            model["\(family.name).\(suffix)"]?.integer.map { #""\#(key)":\#($0)"# }
        }
        guard let document = try? JSONText(Array("{\(entries.joined(separator: ","))}".utf8)) else {
            preconditionFailure("numbers below plain names are JSON")
        }
        try self.init(document)
    }
}

extension Configuration.Rope {
    fileprivate init(_ text: JSONMembers?, _ root: JSONMembers, _ defaults: [String: Double]) {
        func value(_ key: String) -> JSONValue? { text?[key] ?? root[key] }
        let scaling = value("rope_parameters") ?? value("rope_scaling")
        let all = scaling?.members ?? JSONMembers()
        members = all["full_attention"]?.members ?? all
        type = members["type"]?.string ?? members["rope_type"]?.string
        func number(_ keys: String...) -> Double? {
            for key in keys {
                if let value = value(key) { return value.number }
                if let value = defaults[key] { return value }
            }
            return nil
        }
        theta = members["rope_theta"]?.number ?? number("rope_theta", "rotary_emb_base")
        let isSeparate = all["full_attention"] != nil || all["sliding_attention"] != nil
        localTheta =
            isSeparate
            ? all["sliding_attention"]?["rope_theta"]?.number
            : number("rope_local_base_freq", "local_rope_theta", "swa_rope_theta")
    }

    /// A number of the scaling.
    func number(_ key: String) throws(HuggingFaceError) -> Double? {
        guard let value = members[key]?.nonNull else { return nil }
        guard let number = value.number, number.isFinite else {
            throw .configuration(key: "rope_scaling.\(key)")
        }
        return number
    }

    /// A list of numbers of the scaling.
    func numbers(_ key: String) throws(HuggingFaceError) -> [Float]? {
        guard let value = members[key]?.nonNull, value.isTruthy else { return nil }
        return try value.elements.map { element throws(HuggingFaceError) in
            guard let number = element.number, number.isFinite else {
                throw .configuration(key: "rope_scaling.\(key)")
            }
            return Float(number)
        }
    }
}
