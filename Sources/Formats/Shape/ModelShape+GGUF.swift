import Platform

extension ModelShape {
    /// Takes the shape from the header of a GGUF, or from those of all its shards, the first one first.
    public init(_ shards: [GGUFHeader]) throws(ShapeError) {
        guard let header = shards.first, let architecture = header.architecture else {
            throw .missing("general.architecture")
        }
        let keys = ShapeKeys(header: header, architecture: architecture)
        guard let count = keys.number("block_count"), count <= ShapeKeys.mostLayers else {
            throw .missing("\(architecture).block_count")
        }
        guard let embedding = keys.number("embedding_length") else {
            throw .missing("\(architecture).embedding_length")
        }
        guard
            let pattern = LayerPattern(
                architecture,
                layers: count,
                hasWindow: keys.number("attention.sliding_window") != nil
            )
        else {
            throw .unknownArchitecture(architecture)
        }
        let heads = keys.each("attention.head_count", count)
        let experts = keys.number("expert_count") ?? 0
        let used = keys.each("expert_used_count", count)?.max() ?? 0
        let wide = keys.each("feed_forward_length", count)?.max() ?? 0
        let expert = keys.each("expert_feed_forward_length", count)?.max() ?? (experts > 0 ? wide : 0)
        let shared = (keys.number("expert_shared_count") ?? 0) &* expert
        self.init(
            architecture: architecture,
            layers: try keys.layers(count, pattern, embedding: embedding),
            embeddingLength: embedding,
            feedForwardLength: experts > 0 ? used &* expert &+ shared : wide,
            heads: heads?.max() ?? 0,
            headLength: keys.number("attention.key_length_mla") ?? keys.headLengths(embedding, heads).key,
            vocabularySize: keys.number("vocab_size") ?? header["tokenizer.ggml.tokens"]?.array?.count ?? 0,
            experts: experts,
            expertsUsed: used,
            contextLength: keys.number("context_length")
        )
        weigh(shards.flatMap(\.tensors))
    }

    /// Tells the weights of the layers, of the input and of the output apart.
    private mutating func weigh(_ tensors: [TensorDescription]) {
        var hasOutput = false
        for tensor in tensors {
            let parts = tensor.name.split(separator: ".", maxSplits: 2)
            if parts.first == "blk", parts.count > 1, let index = Int(parts[1]),
                layers.indices.contains(index)
            {
                layers[index].weights = layers[index].weights + tensor.size
            } else if ["token_embd", "token_types", "position_embd", "per_layer_token_embd"].contains(
                parts.first
            ) {
                inputWeights = inputWeights + tensor.size
            } else {
                if parts.first == "output" { hasOutput = true }
                outputWeights = outputWeights + tensor.size
            }
        }
        sharesInput = !hasOutput
    }
}

/// The keys of a GGUF's header that say what its layers keep.
private struct ShapeKeys {
    let header: GGUFHeader
    let architecture: String

    /// What llama.cpp takes at most.
    static let mostLayers = 512

    func number(_ key: String) -> Int? { header["\(architecture).\(key)"]?.integer?.plausible }

    /// One number for each layer, of a key that may have one for all.
    func each(_ key: String, _ count: Int) -> [Int]? {
        guard let value = header["\(architecture).\(key)"] else { return nil }
        if let number = value.integer {
            return (0...Int(Int32.max)).contains(number) ? Array(repeating: number, count: count) : nil
        }
        guard let elements = value.array?.elements, elements.count >= count else { return nil }
        let numbers = elements.prefix(count).map { $0.flag.map { $0 ? 1 : 0 } ?? $0.integer ?? -1 }
        return numbers.allSatisfy { (0...Int(Int32.max)).contains($0) } ? numbers : nil
    }

    /// The elements of a head's keys and values.
    func headLengths(_ embedding: Int, _ heads: [Int]?) -> (key: Int, value: Int) {
        let usual = heads?.first.flatMap { $0 > 0 ? embedding / $0 : nil } ?? 0
        return (number("attention.key_length") ?? usual, number("attention.value_length") ?? usual)
    }

    func layers(_ count: Int, _ pattern: LayerPattern, embedding: Int) throws(ShapeError) -> [ModelShape
        .Layer]
    {
        let none = ModelShape.Layer()
        if case .keepsNothing = pattern { return Array(repeating: none, count: count) }
        let state = state(embedding)
        if case .recurrent = pattern {
            guard let state else { throw .missing("\(architecture).ssm.state_size") }
            return Array(repeating: ModelShape.Layer(state: state), count: count)
        }
        guard let heads = each("attention.head_count", count) else {
            throw .missing("\(architecture).attention.head_count")
        }
        let kvHeads = each("attention.head_count_kv", count) ?? heads
        let (key, value) = headLengths(embedding, heads)
        guard key > 0, value > 0 else { throw .missing("\(architecture).attention.key_length") }
        let (slidingKey, slidingValue) = (
            number("attention.key_length_swa") ?? key, number("attention.value_length_swa") ?? value
        )
        let isLatent = number("attention.key_length_mla") != nil
        let windows = windows(count, pattern)
        // Layers at the end may share the keys and values of an earlier one; layers that predict further tokens are not
        // used by the main context.
        let attending = min(sharingFrom(count), count - (number("nextn_predict_layers") ?? 0))
        var layers: [ModelShape.Layer] = []
        for index in 0..<count {
            var layer = none
            let window = windows[index]
            if index < attending, attends(index, pattern, kvHeads, count) {
                layer.keys = (window == nil ? key : slidingKey) &* kvHeads[index]
                layer.values = isLatent ? 0 : (window == nil ? value : slidingValue) &* kvHeads[index]
                layer.window = window
            }
            if index < attending, isRecurrent(index, pattern, kvHeads, count) {
                guard let state else { throw .missing("\(architecture).ssm.state_size") }
                layer.state = state
            }
            layers.append(layer)
        }
        return layers
    }

    private func sharingFrom(_ count: Int) -> Int {
        switch architecture {
        case "gemma3n": 20
        case "gemma4": count - (number("attention.shared_kv_layers") ?? 0)
        default: count
        }
    }

    /// The window of each layer that has one.
    private func windows(_ count: Int, _ pattern: LayerPattern) -> [Int?] {
        let none = [Int?](repeating: nil, count: count)
        let key = "\(architecture).attention.sliding_window"
        let said = header[key]?.integer
        // A window of nothing means that there is none.
        if said == 0 { return none }
        switch pattern {
        case .slidingByNumber(let period, let fullFirst, let window):
            return (0..<count).map { slides($0, period, fullFirst) ? window : nil }
        case .sliding(let usual, let fullFirst, let usualWindow):
            guard let window = said?.plausible ?? usualWindow else { return none }
            if let flags = slidingFlags(count) { return flags.map { $0 ? window : nil } }
            let said = header["\(key)_pattern"]?.integer
            let period = said.flatMap { (0...ShapeKeys.mostLayers).contains($0) ? $0 : nil } ?? usual
            return (0..<count).map { slides($0, period, fullFirst) ? window : nil }
        case .slidingAsSaid:
            guard let window = said?.plausible, let flags = slidingFlags(count) else { return none }
            return flags.map { $0 ? window : nil }
        case .slidingBesideRecurrent:
            guard let window = said?.plausible else { return none }
            return Array(repeating: window, count: count)
        default: return none
        }
    }

    private func slides(_ index: Int, _ period: Int, _ fullFirst: Bool) -> Bool {
        period == 0 || (fullFirst ? index % period != 0 : index % period < period - 1)
    }

    private func slidingFlags(_ count: Int) -> [Bool]? {
        guard header["\(architecture).attention.sliding_window_pattern"]?.array != nil else { return nil }
        return each("attention.sliding_window_pattern", count)?.map { $0 != 0 }
    }

    private func attends(_ index: Int, _ pattern: LayerPattern, _ kvHeads: [Int], _ count: Int) -> Bool {
        switch pattern {
        case .recurrentInterval: !isRecurrent(index, pattern, kvHeads, count)
        default: kvHeads[index] > 0
        }
    }

    private func isRecurrent(_ index: Int, _ pattern: LayerPattern, _ kvHeads: [Int], _ count: Int) -> Bool {
        switch pattern {
        case .attentiveAndRecurrent: return true
        case .slidingBesideRecurrent: return kvHeads[index] == 0
        case .recurrentWithoutHeads:
            // Of these, a layer with neither heads nor state is a feed-forward network alone.
            guard architecture.hasPrefix("nemotron_h") else { return kvHeads[index] == 0 }
            return kvHeads[index] == 0 && each("feed_forward_length", count)?[index] == 0
        case .recurrentInterval:
            if let said = each("attention.recurrent_layers", count) { return said[index] != 0 }
            return (index + 1) % (number("full_attention_interval") ?? 4) != 0
        default: return false
        }
    }

    /// The elements of a recurrent layer's state, and those of the last tokens that its convolution wants.
    private func state(_ embedding: Int) -> Int? {
        if let head = number("wkv.head_size") {
            let shifts = number("token_shift_count") ?? 2
            return embedding &* shifts &+ embedding &* head
        }
        if let length = number("shortconv.l_cache") { return embedding &* (length - 1) }
        if let head = number("kda.head_dim") {
            let heads = each("attention.head_count", 1)?.first ?? 0
            return 3 &* ((number("ssm.conv_kernel") ?? 4) - 1) &* heads &* head &+ head &* head &* heads
        }
        guard let size = number("ssm.state_size"), let inner = number("ssm.inner_size") else { return nil }
        let groups = number("ssm.group_count") ?? 0
        let convolution = (number("ssm.conv_kernel") ?? 1) - 1
        return convolution &* (inner &+ 2 &* groups &* size) &+ size &* inner
    }
}

extension GGUFValue {
    fileprivate var flag: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }
}
