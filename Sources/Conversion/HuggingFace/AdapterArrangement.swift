import Formats

/// Which tensors an adapter gets from the weights that are stored, in the order in which they are written.
struct AdapterArrangement {
    private let family: ModelFamily
    private let configuration: Configuration
    private let layers: Int
    private(set) var tensors: [ConvertedTensor] = []
    /// How many weights the matrices would have that the pairs stand for.
    private(set) var weights = 0
    /// The pairs in the order in which something of them came first.
    private var pairs: [(name: String, pair: Pair)] = []
    private var experts: [Int: [String: Pair]] = [:]

    /// Two narrow matrices whose product is added to a wide one.
    private struct Pair {
        var down: StoredTensor?
        var up: StoredTensor?

        /// The two, if both are there and fit each other.
        var both: (down: StoredTensor, up: StoredTensor)? {
            guard let down, let up, down.shape.count == 2, up.shape.count == 2, down.shape[0] == up.shape[1]
            else {
                return nil
            }
            return (down, up)
        }
    }

    init(_ stored: [StoredTensor], family: ModelFamily, configuration: Configuration) throws(HuggingFaceError)
    {
        self.family = family
        self.configuration = configuration
        layers = try configuration.layers
        for tensor in stored {
            guard [.f32, .f16, .bf16].contains(tensor.type) else {
                throw .feature(.tensorType(tensor: tensor.name, type: tensor.type))
            }
            guard (1...3).contains(tensor.shape.count), !tensor.shape.contains(0) else {
                throw .shape(tensor: tensor.name)
            }
            try sort(tensor)
        }
        for (name, pair) in pairs {
            guard let both = pair.both else { throw .shape(tensor: name) }
            try add(both.down, both.up, named: name)
        }
        if let layer = experts.keys.min() { throw .experts(layer: layer) }
        guard !tensors.isEmpty else { throw .missing(AdapterFacts.weightsName) }
        let names = tensors.map(\.name)
        if let twice = Set(names).first(where: { name in names.count { $0 == name } > 1 }) {
            throw .duplicateTensor(twice)
        }
    }

    /// The name of the model's tensor that a tensor of the adapter belongs to.
    private static func ownName(of name: String) -> String {
        let endings = [".lora_A.weight", ".lora_B.weight", ".lora_embedding_A", ".lora_embedding_B"]
        var own = name.replacing("base_model.model.", with: "")
        for ending in endings { own = own.replacing(ending, with: ".weight") }
        return own
    }

    /// Puts a tensor to its pair, or takes it as it is.
    private mutating func sort(_ tensor: StoredTensor) throws(HuggingFaceError) {
        guard let name = TensorArrangement.usedName(of: Self.ownName(of: tensor.name)),
            !family.skipped.contains(name)
        else { return }
        let isDown = tensor.name.contains(".lora_A.weight") || tensor.name.contains(".lora_embedding_A")
        let isUp = tensor.name.contains(".lora_B.weight") || tensor.name.contains(".lora_embedding_B")
        guard isDown || isUp else {
            if tensor.name.contains(".base_layer.weight") { return }
            return try addNorm(tensor, named: name)
        }
        var place = pairs.firstIndex { $0.name == name } ?? pairs.count
        if place == pairs.count {
            pairs.append((name, Pair()))
            place = pairs.count - 1
        }
        if isDown { pairs[place].pair.down = tensor } else { pairs[place].pair.up = tensor }
    }

    /// Adds a norm, which some adapters have as a whole; nothing else can be.
    private mutating func addNorm(_ tensor: StoredTensor, named name: String) throws(HuggingFaceError) {
        guard tensor.name.contains("_layernorm") || tensor.name.contains(".norm") else {
            throw .feature(.adapter("the tensor `\(tensor.name)`"))
        }
        guard let converted = family.names.name(for: name, layers: layers), converted.contains("_norm") else {
            throw .unknownTensor(name)
        }
        guard tensor.shape.count == 1 else { throw .shape(tensor: name) }
        let isShifted = family.shiftsNorms && name.hasSuffix("norm.weight")
        let content: ConvertedTensor.Content = isShifted ? .shifted(tensor) : .stored([tensor])
        tensors.append(ConvertedTensor(name: converted, shape: tensor.shape, content: content))
        weights += tensor.elements
    }

    private mutating func add(_ down: StoredTensor, _ up: StoredTensor, named name: String)
        throws(HuggingFaceError)
    {
        if family.isOfExpert(name) {
            return try addExpert(Pair(down: down, up: up), named: name)
        }
        guard let converted = family.names.name(for: name, layers: layers) else { throw .unknownTensor(name) }
        var upContent = ConvertedTensor.Content.stored([up])
        if family.interleavesHeads, let heads = try configuration.turnedHeads(of: name) {
            guard up.shape[0].isMultiple(of: heads * 2) else { throw .shape(tensor: name) }
            upContent = .interleaved(up, heads: heads)
        }
        // The embedding is looked up by rows, so its tokens must be those.
        let isEmbedding = converted == "token_embd.weight"
        let downShape = isEmbedding ? down.shape : down.shape.reversed()
        let downContent: ConvertedTensor.Content = isEmbedding ? .transposed(down) : .stored([down])
        append(converted, (downShape, downContent), (up.shape.reversed(), upContent))
    }

    private mutating func append(
        _ name: String,
        _ down: (shape: [Int], content: ConvertedTensor.Content),
        _ up: (shape: [Int], content: ConvertedTensor.Content)
    ) {
        tensors.append(ConvertedTensor(name: "\(name).lora_a", shape: down.shape, content: down.content))
        tensors.append(ConvertedTensor(name: "\(name).lora_b", shape: up.shape, content: up.content))
        weights += up.shape.dropFirst().reduce(1, *) * down.shape[0]
    }

    private mutating func addExpert(_ pair: Pair, named name: String) throws(HuggingFaceError) {
        let place = try ExpertPlace(name, family: family, configuration: configuration)
        experts[place.layer, default: [:]][place.key] = pair
        guard experts[place.layer]?.count == place.count * family.expertParts.count,
            let complete = experts.removeValue(forKey: place.layer)
        else { return }
        for part in family.expertParts {
            let stack = (0..<place.count).compactMap { complete["\($0).\(part).weight"]?.both }
            let name = "model.layers.\(place.layer).\(family.expertPrefix).\(part).weight"
            guard let first = stack.first, let converted = family.names.name(for: name, layers: layers) else {
                throw .unknownTensor(name)
            }
            let isEven = stack.allSatisfy {
                $0.down.shape == first.down.shape && $0.up.shape == first.up.shape
                    && $0.down.type == first.down.type && $0.up.type == first.up.type
            }
            guard isEven else { throw .shape(tensor: name) }
            append(
                converted,
                (first.down.shape.reversed() + [stack.count], .stored(stack.map(\.down))),
                (first.up.shape.reversed() + [stack.count], .stored(stack.map(\.up)))
            )
        }
    }
}
