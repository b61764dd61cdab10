/// The keys that say how a model is built.
struct ModelParameters {
    let family: ModelFamily
    let configuration: Configuration
    let fileType: Int
    /// How the states of the tokens become one, for a model that embeds texts.
    let pooling: Int?

    func add(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        switch family.description {
        case .common: try addCommon(to: &keys)
        case .phi3: try addPhi3(to: &keys)
        case .gemma: try addGemma(to: &keys)
        }
        switch family.addition {
        case .llama: try addLlama(to: &keys)
        case .experts: try addExperts(to: &keys)
        case .gemma3: try addGemma3(to: &keys)
        case .pooling:
            if let pooling { try keys.set(key("pooling_type"), unsigned: pooling) }
        case nil: break
        }
    }

    private func key(_ name: String) -> String { "\(family.name).\(name)" }

    /// Adds an integer that must be there.
    private func add(_ name: String, _ original: String, to keys: inout HeaderKeys) throws(HuggingFaceError) {
        guard let value = try configuration.integer(original) else { throw .configuration(key: original) }
        try keys.set(key(name), unsigned: value)
    }

    private func addReal(_ name: String, _ original: String, to keys: inout HeaderKeys)
        throws(HuggingFaceError)
    {
        guard let value = try configuration.number(original) else { throw .configuration(key: original) }
        keys.set(key(name), real: value)
    }

    private func addCommon(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        try keys.set(key("block_count"), unsigned: configuration.layers)
        let sizes = [
            ("context_length", "max_position_embeddings"), ("embedding_length", "hidden_size"),
            ("feed_forward_length", "intermediate_size"), ("attention.head_count", "num_attention_heads"),
        ]
        for (name, original) in sizes { try add(name, original, to: &keys) }
        try keys.set(key("attention.head_count_kv"), unsigned: configuration.keyValueHeads)
        if configuration.value("is_causal")?.flag == false { keys.set(key("attention.causal"), flag: false) }
        try addRopeScaling(to: &keys)
        if let theta = configuration.rope.theta { keys.set(key("rope.freq_base"), real: theta) }
        if let theta = configuration.rope.localTheta { keys.set(key("rope.freq_base_swa"), real: theta) }
        try addReal("attention.layer_norm_rms_epsilon", "rms_norm_eps", to: &keys)
        for original in ["layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"] {
            guard let value = try configuration.number(original) else { continue }
            keys.set(key("attention.layer_norm_epsilon"), real: value)
            break
        }
        if let count = try configuration.experts { try keys.set(key("expert_count"), unsigned: count) }
        if let count = try configuration.integer("num_experts_per_tok") {
            try keys.set(key("expert_used_count"), unsigned: count)
        }
        if let size = try configuration.headSize {
            try keys.set(key("attention.key_length"), unsigned: size)
            try keys.set(key("attention.value_length"), unsigned: size)
        }
        try keys.set("general.file_type", unsigned: fileType)
    }

    private func addRopeScaling(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        let rope = configuration.rope
        if rope.members["mrope_section"] != nil { throw .feature(.ropeScaling("mrope")) }
        let factor = try rope.number("factor")
        switch (rope.type?.lowercased(), factor) {
        case (nil, _), ("default", _), ("dynamic", _), ("llama3", _), ("linear", nil), ("yarn", nil): return
        case ("linear", let factor?):
            keys.set(key("rope.scaling.type"), text: "linear")
            keys.set(key("rope.scaling.factor"), real: factor)
        case ("yarn", let factor?):
            keys.set(key("rope.scaling.type"), text: "yarn")
            keys.set(key("rope.scaling.factor"), real: factor)
            try addYarn(to: &keys)
        case ("su", _), ("longrope", _): keys.set(key("rope.scaling.type"), text: "longrope")
        case (let type?, _): throw .feature(.ropeScaling(type))
        }
    }

    private func addYarn(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        let rope = configuration.rope
        guard let length = try configuration.trainedLength.flatMap({ Int(exactly: $0) }) else {
            throw .configuration(key: "rope_scaling.original_max_position_embeddings")
        }
        try keys.set(key("rope.scaling.original_context_length"), unsigned: length)
        let attention = rope.members["attention_factor"] != nil ? "attention_factor" : "attn_factor"
        let others = [
            ("yarn_ext_factor", "extrapolation_factor"), ("yarn_attn_factor", attention),
            ("yarn_beta_fast", "beta_fast"), ("yarn_beta_slow", "beta_slow"),
        ]
        for (name, original) in others {
            if let value = try rope.number(original) { keys.set(key("rope.scaling.\(name)"), real: value) }
        }
    }

    private func addLlama(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        try add("vocab_size", "vocab_size", to: &keys)
        try keys.set(key("rope.dimension_count"), unsigned: configuration.dimensionsOfHead)
    }

    private func addExperts(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        if let length = try configuration.integer("moe_intermediate_size") {
            try keys.set(key("expert_feed_forward_length"), unsigned: length)
        }
        if let length = try configuration.integer("shared_expert_intermediate_size") {
            try keys.set(key("expert_shared_feed_forward_length"), unsigned: length)
        }
    }

    private func addGemma3(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        guard try configuration.number("attn_logit_softcapping") == nil else {
            throw .configuration(key: "attn_logit_softcapping")
        }
        if let cap = try configuration.number("final_logit_softcapping"), cap != 0 {
            keys.set(key("final_logit_softcapping"), real: cap)
        }
        if try configuration.number("sliding_window_pattern") != 1 {
            try add("attention.sliding_window", "sliding_window", to: &keys)
        }
    }

    private func addPhi3(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        try add("context_length", "max_position_embeddings", to: &keys)
        let length = try RopeFactors.phi3OriginalLength(configuration)
        try keys.set(key("rope.scaling.original_context_length"), unsigned: length)
        try add("embedding_length", "hidden_size", to: &keys)
        try add("feed_forward_length", "intermediate_size", to: &keys)
        try keys.set(key("block_count"), unsigned: configuration.layers)
        try add("attention.head_count", "num_attention_heads", to: &keys)
        try keys.set(key("attention.head_count_kv"), unsigned: configuration.keyValueHeads)
        try addReal("attention.layer_norm_rms_epsilon", "rms_norm_eps", to: &keys)
        try keys.set(key("rope.dimension_count"), unsigned: RopeFactors.phi3Dimensions(configuration))
        guard let theta = configuration.rope.theta else { throw .configuration(key: "rope_theta") }
        keys.set(key("rope.freq_base"), real: theta)
        try keys.set("general.file_type", unsigned: fileType)
        // Phi 4 is told from the others by a window of zero.
        try keys.set(key("attention.sliding_window"), unsigned: configuration.integer("sliding_window") ?? 0)
    }

    private func addGemma(to keys: inout HeaderKeys) throws(HuggingFaceError) {
        try add("context_length", "max_position_embeddings", to: &keys)
        try add("embedding_length", "hidden_size", to: &keys)
        try keys.set(key("block_count"), unsigned: configuration.layers)
        try add("feed_forward_length", "intermediate_size", to: &keys)
        try add("attention.head_count", "num_attention_heads", to: &keys)
        try keys.set(key("attention.head_count_kv"), unsigned: configuration.keyValueHeads)
        try addReal("attention.layer_norm_rms_epsilon", "rms_norm_eps", to: &keys)
        try add("attention.key_length", "head_dim", to: &keys)
        try add("attention.value_length", "head_dim", to: &keys)
        try keys.set("general.file_type", unsigned: fileType)
        guard family.name == "gemma2" else { return }
        try addReal("attn_logit_softcapping", "attn_logit_softcapping", to: &keys)
        try addReal("final_logit_softcapping", "final_logit_softcapping", to: &keys)
        try add("attention.sliding_window", "sliding_window", to: &keys)
    }
}
