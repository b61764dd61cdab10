public import Catalog
public import Formats

/// A model that an adapter is to be laid over, as far as the two must fit.
public struct AdapterBase: Sendable {
    /// The architecture, as its files name it.
    public let architecture: String?
    /// The format of its files.
    public let format: ModelFormat
    /// The number of its layers.
    public let layers: Int?
    /// The elements of a token's embedding.
    public let width: Int?
    /// What the model is called: its name, and the repositories that have it.
    public let names: [String]
    /// Its matrices; the size of one that is stored packed is not known.
    let modules: [ModuleKey: MatrixSize?]

    /// Takes it from what the headers of the model's files say.
    public init(_ facts: ModelFacts?, _ format: ModelFormat, tensors: [TensorDescription], names: [String]) {
        architecture = facts?.architecture
        self.format = format
        layers = facts?.layers
        width = facts?.embeddingLength
        self.names = names
        var modules: [ModuleKey: MatrixSize?] = [:]
        for tensor in tensors {
            guard let (key, size) = ModuleKey.matrix(tensor, format) else { continue }
            modules[key] = .some(size)
        }
        self.modules = modules
    }

    /// Whether a name that an adapter has for its model is one of this model's.
    func isCalled(_ name: String) -> Bool {
        let wanted = Self.plain(name)
        return names.contains { Self.plain($0) == wanted }
    }

    /// A name without its owner and without what only tells how the weights are stored.
    private static func plain(_ name: String) -> String {
        var name = (name.split(separator: "/").last.map(String.init) ?? name).lowercased()
        var isShorter = true
        while isShorter {
            isShorter = false
            for ending in storageEndings where name.hasSuffix(ending) && name.count > ending.count {
                name = String(name.dropLast(ending.count))
                isShorter = true
            }
        }
        return String(name.map { $0 == ":" || $0 == "_" ? "-" : $0 })
    }

    private static let storageEndings = [
        "-gguf", "-awq", "-gptq", "-int4", "-int8", "-fp8", "-bf16", "-hf", "-bnb-4bit", "-unsloth", "-4bit",
        "-quantized.w4a16", "-quantized.w8a8", "-gptq-int4", "-gptq-int8", "/",
    ]
}

/// What a matrix is, whatever the names around it.
struct ModuleKey: Hashable {
    /// The layer; none for those before and behind the layers.
    let layer: Int?
    /// Its name in the layer: `self_attn.q_proj`, or `attn_q` in a GGUF.
    let name: String
    /// Whether it belongs to the part of a model that sees or hears.
    private let isOfSenses: Bool

    init(layer: Int?, name: String, isOfSenses: Bool = false) {
        self.layer = layer
        self.name = name
        self.isOfSenses = isOfSenses
    }

    /// The key of a matrix of that name.
    init(_ text: some StringProtocol) {
        let path = String(text)
        let parts = path.split(separator: ".")
        let senses = ["vision", "visual", "audio", "multi_modal"]
        isOfSenses = senses.contains { path.contains($0) }
        if let place = parts.firstIndex(where: { Int($0) != nil }), place > 0 {
            layer = Int(parts[place])
            name = parts[(place + 1)...].joined(separator: ".")
        } else {
            layer = nil
            name = parts.last.map(String.init) ?? path
        }
    }

    /// What safetensors call the weights of a matrix; those behind the first are packed.
    private static let weightEndings = [".weight", ".qweight", ".weight_packed", ".weight_blocks"]
    /// What embeddings are called: of these, the rows and not the columns go in.
    private static let embeddings: Set = ["embed_tokens", "wte", "tok_embeddings", "token_embd"]

    /// The matrix that a tensor of a model has the weights of; `nil` if it has none of a matrix.
    static func matrix(
        _ tensor: TensorDescription,
        _ format: ModelFormat
    ) -> (key: ModuleKey, size: MatrixSize?)? {
        guard let ending = weightEndings.first(where: tensor.name.hasSuffix) else { return nil }
        let key = ModuleKey(tensor.name.dropLast(ending.count))
        let isPacked = ending != ".weight" || (format == .safetensors && tensor.type == .u8)
        if isPacked { return (key, nil) }
        guard (2...3).contains(tensor.shape.count) else { return nil }
        let shape = format == .gguf ? Array(tensor.shape.prefix(2).reversed()) : tensor.shape.suffix(2)
        let (rows, columns) = (shape[0], shape[1])
        return embeddings.contains(key.name)
            ? (key, MatrixSize(inputs: rows, outputs: columns))
            : (key, MatrixSize(inputs: columns, outputs: rows))
    }

    /// The key under which a GGUF has what PEFT names; `nil` if that is not known.
    var ofGGUF: ModuleKey? {
        guard !isOfSenses else { return nil }
        return Self.names[name].map { ModuleKey(layer: layer, name: $0) }
    }

    private static let names = [
        "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output", "self_attn.qkv_proj": "attn_qkv", "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up", "mlp.gate_up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
        "embed_tokens": "token_embd", "lm_head": "output",
    ]

    /// Whether what goes in is as wide as the model.
    var isEntry: Bool {
        ["q_proj", "k_proj", "v_proj", "qkv_proj", "gate_proj", "up_proj", "gate_up_proj"].contains(last)
    }

    /// Whether what comes out is as wide as the model.
    var isExit: Bool { ["o_proj", "down_proj"].contains(last) }

    private var last: String { String(name.split(separator: ".").last ?? "") }
}

// MARK: Comparing

extension AdapterFit {
    func compare(with base: AdapterBase) throws(AdapterRefusal) -> [AdapterWarning] {
        if let own = adapter.architecture, let architecture = base.architecture, own != architecture {
            throw .otherArchitecture(adapter: own, base: architecture)
        }
        var unknown: [String] = []
        for module in adapter.modules where try !compare(module, with: base) { unknown.append(module.name) }
        var warnings: [AdapterWarning] = []
        if let name = adapter.base, !name.isEmpty, !base.isCalled(name) { warnings.append(.otherBase(name)) }
        if !unknown.isEmpty { warnings.append(.notCompared(unknown)) }
        return warnings
    }

    /// Compares a matrix; `false` if there is nothing to compare it with.
    private func compare(_ module: AdaptedModule, with base: AdapterBase) throws(AdapterRefusal) -> Bool {
        let own = ModuleKey(module.name)
        if let layer = own.layer, let count = base.layers, layer >= count { throw .noLayer(layer, of: count) }
        let isSameNaming = (adapter.form == .gguf) == (base.format == .gguf)
        guard let key = isSameNaming ? own : own.ofGGUF else { return false }
        // Without the headers of all files it is not known what there is.
        guard !base.modules.isEmpty, let size = module.size else { return false }
        guard let found = base.modules[key] ?? base.tied(key) else { throw .noModule(module.name) }
        guard let found else { return try compareWidth(size, own, module.name, with: base) }
        let turned = MatrixSize(inputs: found.outputs, outputs: found.inputs)
        guard size == found || (adapter.isTransposed && size == turned) else {
            throw .size(module.name, adapter: size, base: found)
        }
        return true
    }

    /// Compares a matrix whose weights are packed with what is known of the model as a whole.
    private func compareWidth(
        _ size: MatrixSize,
        _ key: ModuleKey,
        _ name: String,
        with base: AdapterBase
    ) throws(AdapterRefusal) -> Bool {
        guard let width = base.width, key.isEntry || key.isExit else { return false }
        let own = key.isEntry ? size.inputs : size.outputs
        guard own == width else { throw .width(name, adapter: own, base: width) }
        return true
    }
}

extension AdapterBase {
    /// The output of a model that shares its weights with the input.
    fileprivate func tied(_ key: ModuleKey) -> MatrixSize?? {
        let inputs = ["lm_head": "embed_tokens", "output": "token_embd"]
        guard key.layer == nil, let name = inputs[key.name],
            let shared = modules[ModuleKey(layer: nil, name: name)]
        else { return nil }
        return .some(shared.map { MatrixSize(inputs: $0.outputs, outputs: $0.inputs) })
    }
}
