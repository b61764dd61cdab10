/// How long a tensor is along an axis, in words of the configuration.
enum TensorExtent: Sendable {
    case one, tokens, width
    /// The heads of the queries, or of the keys, one behind the other.
    case queries, keys
    /// Those of queries, keys and values together.
    case attention
    case head
    case feedForward
    /// Gate and input of the feed-forward network together.
    case gateAndUp
    case experts, expertFeedForward, sharedFeedForward
}

extension Configuration {
    /// How many numbers that are; `nil` where it is said elsewhere.
    func count(_ extent: TensorExtent) throws(HuggingFaceError) -> Int? {
        switch extent {
        case .one: 1
        case .tokens: nil
        case .width: try count("hidden_size")
        case .queries: try heads * dimensionsOfHead
        case .keys: try keyValueHeads * dimensionsOfHead
        case .attention: try (heads + 2 * keyValueHeads) * dimensionsOfHead
        case .head: try dimensionsOfHead
        case .feedForward: try count("intermediate_size")
        case .gateAndUp: try 2 * count("intermediate_size")
        case .experts: try experts ?? 0
        case .expertFeedForward: try expertFeedForward
        case .sharedFeedForward: try sharedFeedForward
        }
    }

    private var sharedFeedForward: Int {
        get throws(HuggingFaceError) {
            if let length = try integer("shared_expert_intermediate_size") { return length }
            return try count("intermediate_size")
        }
    }

    private var expertFeedForward: Int {
        get throws(HuggingFaceError) {
            if let length = try integer("moe_intermediate_size") { return length }
            return try count("intermediate_size") / count("num_experts_per_tok")
        }
    }
}
