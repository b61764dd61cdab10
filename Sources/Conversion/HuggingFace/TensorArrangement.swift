import Formats

/// Which tensors a model gets from the weights that are stored, in the order in which they are written.
struct TensorArrangement {
    private let family: ModelFamily
    private let configuration: Configuration
    private let layers: Int
    /// How many tokens there are, where more rows than that are dropped.
    private let tokens: Int?
    private(set) var tensors: [ConvertedTensor] = []
    /// The experts of a layer until all of them were there.
    private var experts: [Int: [String: StoredTensor]] = [:]
    private var names: Set<String> = []

    init(
        _ stored: [StoredTensor],
        family: ModelFamily,
        configuration: Configuration,
        tokens: Int?
    ) throws(HuggingFaceError) {
        self.family = family
        self.configuration = configuration
        self.tokens = tokens
        layers = try configuration.layers
        try addFactors()
        for tensor in stored {
            guard let name = Self.usedName(of: tensor.name), !family.skipped.contains(name) else { continue }
            guard [.f32, .f16, .bf16].contains(tensor.type) else {
                throw .feature(.tensorType(tensor: tensor.name, type: tensor.type))
            }
            guard (1...4).contains(tensor.shape.count), !tensor.shape.contains(0) else {
                throw .shape(tensor: tensor.name)
            }
            try add(tensor, named: name)
        }
        if let layer = experts.keys.min() { throw .experts(layer: layer) }
    }

    private static let otherParts = [
        "visual.", "vision.", "audio.", "talker.", "vision_", "audio_", "token2wav.", "code2wav.",
        "projector.",
        "pre_mm_projector_norm", "image_newline", "view_seperator", "patch_embed", "patch_merger.",
        "patch_merge_mlp.", "model.connector.",
    ]
    private static let otherBeginnings = [
        "mlp", "vit.", "vpm.", "siglip2.", "conformer.", "merger.", "resampler.", "sound_encoder.",
        "sound_projection.", "speech_embeddings.",
    ]
    private static let unused = [".attention.masked_bias", ".attention.bias", ".rotary_emb.inv_freq"]

    /// The name that a tensor counts under; `nil` if it is none of a model of texts, or none that is needed.
    static func usedName(of name: String) -> String? {
        guard let name = textName(of: name), !unused.contains(where: { name.hasSuffix($0) }) else {
            return nil
        }
        return name
    }

    /// The name in a model of texts alone; `nil` if the tensor is of another part.
    static func textName(of name: String) -> String? {
        guard !otherBeginnings.contains(where: { name.hasPrefix($0) }),
            !otherParts.contains(where: { name.contains($0) })
        else { return nil }
        return name.replacing("language_model.", with: "")
    }

    /// Tables of factors come before all else.
    private mutating func addFactors() throws(HuggingFaceError) {
        func factors(_ name: String, _ values: [Float]) -> ConvertedTensor {
            ConvertedTensor(name: "\(name).weight", shape: [values.count], content: .generated(values))
        }
        if family.name == "llama", configuration.rope.type?.lowercased() == "llama3" {
            try append(factors("rope_freqs", try RopeFactors.llama3(configuration)))
        }
        if family.name == "phi3", let found = try RopeFactors.phi3(configuration) {
            try append(factors("rope_factors_long", found.long))
            try append(factors("rope_factors_short", found.short))
        }
    }

    private mutating func append(_ tensor: ConvertedTensor) throws(HuggingFaceError) {
        guard names.insert(tensor.name).inserted else { throw .duplicateTensor(tensor.name) }
        tensors.append(tensor)
    }

    private mutating func add(_ tensor: StoredTensor, named name: String) throws(HuggingFaceError) {
        if family.isOfExpert(name) {
            return try addExpert(tensor, named: name)
        }
        guard let converted = family.names.name(for: name, layers: layers) else { throw .unknownTensor(name) }
        var shape = Array(tensor.shape.reversed())
        if family.name == "gemma3", name == "model.embed_tokens.weight", let tokens, shape.count == 2 {
            shape[1] = min(shape[1], tokens)
        }
        let content = try content(of: tensor, named: name)
        try append(ConvertedTensor(name: converted, shape: shape, content: content))
    }

    private func content(of tensor: StoredTensor, named name: String) throws(HuggingFaceError)
        -> ConvertedTensor.Content
    {
        if family.shiftsNorms, name.hasSuffix("norm.weight") { return .shifted(tensor) }
        guard family.interleavesHeads, let heads = try configuration.turnedHeads(of: name) else {
            return .stored([tensor])
        }
        guard tensor.shape.count <= 2, tensor.shape[0].isMultiple(of: heads * 2) else {
            throw .shape(tensor: name)
        }
        return .interleaved(tensor, heads: heads)
    }

    private mutating func addExpert(_ tensor: StoredTensor, named name: String) throws(HuggingFaceError) {
        guard tensor.shape.count == 2 else { throw .shape(tensor: name) }
        let place = try ExpertPlace(name, family: family, configuration: configuration)
        experts[place.layer, default: [:]][place.key] = tensor
        guard experts[place.layer]?.count == place.count * family.expertParts.count,
            let complete = experts.removeValue(forKey: place.layer)
        else { return }
        for part in family.expertParts {
            let stack = (0..<place.count).compactMap { complete["\($0).\(part).weight"] }
            try append(
                stacked(stack, as: "model.layers.\(place.layer).\(family.expertPrefix).\(part).weight")
            )
        }
    }

    private func stacked(_ stack: [StoredTensor], as name: String) throws(HuggingFaceError) -> ConvertedTensor
    {
        guard let first = stack.first, let converted = family.names.name(for: name, layers: layers) else {
            throw .unknownTensor(name)
        }
        guard let odd = stack.first(where: { $0.shape != first.shape || $0.type != first.type }) else {
            let shape = Array(first.shape.reversed()) + [stack.count]
            return ConvertedTensor(name: converted, shape: shape, content: .stored(stack))
        }
        throw .shape(tensor: odd.name)
    }
}
