import Formats

/// What of a model decides which tensor gets which type.
struct SelectionFacts: Equatable {
    var architecture: String
    var layers: Int
    var experts = 0
    var heads = 1
    var keyValueHeads = 1

    /// How many heads share their keys and values.
    var sharing: Int { keyValueHeads == 0 ? 0 : heads / keyValueHeads }

    /// Whether eight heads share so little that it is cheap to keep it well.
    var isSeventyBillion: Bool {
        switch architecture {
        case "llama": layers == 80 && heads != keyValueHeads
        case "qwen2", "deci", "olmo": layers == 80
        case "jais2": layers == 68
        default: false
        }
    }
}

/// Chooses the type of each tensor of a model, one after the other in the order in which they are written.
struct TensorTypeSelection {
    private let target: QuantizationTarget
    private let facts: SelectionFacts
    private let options: QuantizationOptions
    private var overrides: [(pattern: Regex<AnyRegexOutput>, type: TensorType, isUsed: Bool)]
    private let values: Int
    private let hasOutput: Bool
    /// How many of a kind there were; some rules go by it.
    private var valuesSoFar = 0
    private var downsSoFar = 0
    /// How many tensors got another type than they should have since their rows did not fit.
    private(set) var fallbacks = 0

    init(
        _ target: QuantizationTarget,
        of names: [String],
        facts: SelectionFacts,
        options: QuantizationOptions
    ) throws(ConversionError) {
        self.target = target
        self.facts = facts
        self.options = options
        let roles = names.map { TensorRole($0) }
        values = roles.count { $0 == .attentionValue }
        hasOutput = roles.contains(.output)
        var overrides: [(pattern: Regex<AnyRegexOutput>, type: TensorType, isUsed: Bool)] = []
        for override in options.overrides {
            guard let pattern = try? Regex(override.pattern.lowercased()) else {
                throw .pattern(override.pattern)
            }
            overrides.append((pattern.matchingSemantics(.unicodeScalar), override.type, false))
        }
        self.overrides = overrides
    }

    /// The type of the next tensor.
    mutating func type(_ name: String, _ current: TensorType, shape: [Int]) throws(ConversionError)
        -> TensorType
    {
        guard TensorRole.mayBeQuantized(name, shape: shape, architecture: facts.architecture),
            !(options.leavesOutput && name == "output.weight")
        else { return current }
        guard target.isQuantized else { return target.tensorType }
        let columns = shape.first ?? 1
        var type = target.tensorType
        if let index = overrides.firstIndex(where: { name.firstMatch(of: $0.pattern) != nil }) {
            overrides[index].isUsed = true
            type = overrides[index].type
        } else if !options.isPure {
            type = try mixed(name, columns: columns)
        }
        let fitting = Self.fitting(type, columns: columns)
        if fitting != type { fallbacks += 1 }
        return fitting
    }

    /// Refuses a choice that has chosen nothing: whoever made it meant other tensors.
    func checkOverrides() throws(ConversionError) {
        guard target.isQuantized, let index = overrides.firstIndex(where: { !$0.isUsed }) else { return }
        throw .unusedPattern(options.overrides[index].pattern)
    }

    /// The type itself, or one with smaller blocks if a row is no whole number of its blocks.
    static func fitting(_ type: TensorType, columns: Int) -> TensorType {
        guard columns % type.blockElements != 0 else { return type }
        let smaller: TensorType =
            switch type {
            case .q2_K, .q3_K: .q4_0
            case .q4_K: .q5_0
            case .q5_K: .q5_1
            case .q6_K: .q8_0
            default: type
            }
        return columns % smaller.blockElements == 0 ? smaller : .f16
    }

    private mutating func mixed(_ name: String, columns: Int) throws(ConversionError) -> TensorType {
        let role = TensorRole(name)
        if facts.architecture == "glm5-next",
            ["attn_q_a", "attn_q_b", "nextn.eh_proj"].contains(where: name.contains)
        {
            return .q8_0
        }
        switch role {
        case .output: return outputType(columns: columns)
        case .tokenEmbedding: return hasOutput ? target.tensorType : outputType(columns: columns)
        case .attentionValue:
            defer { valuesSoFar += 1 }
            return valueType
        case .attentionKey: return facts.experts == 8 ? .q8_0 : target.tensorType
        case .attentionOutput: return attentionOutputType
        case .feedForwardDown:
            defer { downsSoFar += 1 }
            return downType(layer: try layer(name, counted: downsSoFar))
        // These get what is usual, but must tell their layer all the same.
        case .feedForwardUp, .feedForwardGate: _ = try layer(name, counted: 0)
        case .attentionQuery, .other: break
        }
        return target.tensorType
    }

    /// The number of a tensor's layer: with experts by its name, without by how many came before.
    private func layer(_ name: String, counted: Int) throws(ConversionError) -> Int {
        guard facts.experts > 1 else { return counted }
        guard let number = layerNumber(of: name), (0..<facts.layers).contains(number) else {
            throw .layer(tensor: name)
        }
        return number
    }

    /// Whether a layer is one of those that are kept better: the first and last eighth, and each third between.
    private func isFavored(_ place: Int, of count: Int) -> Bool {
        place < count / 8 || place >= 7 * count / 8 || (place - count / 8) % 3 == 2
    }
}

// MARK: The rules of the roles

extension TensorTypeSelection {
    private func outputType(columns: Int) -> TensorType {
        let usual = target.tensorType
        if facts.architecture == "falcon" || columns % usual.blockElements != 0 { return .q8_0 }
        return usual == .q8_0 ? .q8_0 : .q6_K
    }

    private var valueType: TensorType {
        if facts.experts == 8 { return .q8_0 }
        let isFavored = isFavored(valuesSoFar, of: values)
        let type: TensorType =
            switch target {
            case .q2_k: facts.sharing >= 4 ? .q4_K : .q3_K
            case .q3_k_m: valuesSoFar < 2 ? .q5_K : .q4_K
            case .q3_k_l: .q5_K
            case .q4_k_m, .q5_k_m: isFavored ? .q6_K : target.tensorType
            case .q4_k_s: valuesSoFar < 4 ? .q5_K : .q4_K
            default: target.tensorType
            }
        return facts.isSeventyBillion && (type == .q3_K || type == .q4_K) ? .q5_K : type
    }

    private var attentionOutputType: TensorType {
        if facts.architecture == "falcon" { return target == .q3_k_l ? .q4_K : target.tensorType }
        if facts.experts == 8 {
            return [.q2_k, .q3_k_s, .q3_k_m, .q4_k_s, .q4_k_m].contains(target) ? .q5_K : target.tensorType
        }
        return switch target {
        case .q2_k: .q3_K
        case .q3_k_m: .q4_K
        case .q3_k_l: .q5_K
        default: target.tensorType
        }
    }

    private func downType(layer: Int) -> TensorType {
        let isFalcon = facts.architecture == "falcon"
        let isEarly = layer < facts.layers / 8
        let isFavored = isFavored(layer, of: facts.layers)
        switch target {
        case .q2_k: return .q3_K
        case .q3_k_m:
            if layer < facts.layers / 16 { return .q5_K }
            return !isFalcon || isFavored ? .q4_K : .q3_K
        case .q3_k_l: return isFalcon ? .q4_K : .q5_K
        case .q4_k_m:
            guard isFalcon else { return isFavored ? .q6_K : .q4_K }
            return layer < facts.layers / 16 ? .q6_K : isFavored ? .q5_K : .q4_K
        case .q5_k_m: return isFavored ? .q6_K : .q5_K
        case .q4_k_s: return !isFalcon && isEarly ? .q5_K : .q4_K
        // With weights the first layers would go astray, without they are as they always were.
        case .q4_0: return options.importance != nil && isEarly ? .q4_1 : .q4_0
        case .q5_0: return options.importance != nil && isEarly ? .q5_1 : .q5_0
        default: return target.tensorType
        }
    }
}

/// The number behind `blk.`, with which the names of a layer's tensors begin.
func layerNumber(of name: String) -> Int? {
    guard name.hasPrefix("blk.") else { return nil }
    return Int(name.dropFirst(4).prefix { $0.isASCII && $0.isNumber })
}
