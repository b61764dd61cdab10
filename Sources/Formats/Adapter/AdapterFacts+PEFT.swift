public import Platform
public import SystemPackage

extension AdapterFacts {
    /// The name of the configuration in a folder of PEFT.
    public static let configName = "adapter_config.json"
    /// The name of the weights in a folder of PEFT.
    public static let weightsName = "adapter_model.safetensors"
    /// A longer configuration is none: the longest ones name each layer of a model.
    public static let longestConfig: ByteCount = 4_000_000

    /// Takes the facts from the content of an `adapter_config.json` and the header of the weights beside it.
    public init(config bytes: [UInt8], weights: SafetensorsHeader) throws(AdapterError) {
        let config: AdapterConfig
        do throws(FormatError) {
            config = try FormatError.decoding(AdapterConfig.self, from: bytes, lenient: true)
        } catch { throw .format(error, file: Self.configName) }
        guard config.method.uppercased() == "LORA" else { throw .otherMethod(config.method) }
        guard let rank = config.rank, let declared = config.ranks else { throw .noRank }
        var features = config.features
        let pairs = try Self.pairs(weights.tensors, config, &features)
        let (modules, largest) = try pairs.modules(declared: declared.union([rank]), isShared: Self.isShared)
        self.init(
            form: .peft,
            rank: largest > 0 ? largest : rank,
            alpha: config.alpha,
            base: config.base,
            modules: modules,
            features: features,
            isTransposed: config.isTransposed,
            type: weights.tensors.prevailingType,
            size: weights.tensors.map(\.size).total()
        )
    }

    /// Reads the facts from a folder of PEFT.
    public static func read(peft folder: FilePath) throws(AdapterError) -> AdapterFacts {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileSystem.read(folder.appending(configName), limit: longestConfig)
        } catch { throw .format(.system(error), file: configName) }
        let header: SafetensorsHeader
        do throws(FormatError) { header = try SafetensorsHeader.read(folder.appending(weightsName)) } catch {
            throw .format(error, file: weightsName)
        }
        return try AdapterFacts(config: bytes, weights: header)
    }

    private static func pairs(
        _ tensors: [TensorDescription],
        _ config: AdapterConfig,
        _ features: inout Set<AdapterFeature>
    ) throws(AdapterError) -> AdapterPairs {
        var pairs = AdapterPairs()
        for tensor in tensors {
            let name =
                tensor.name.hasPrefix(prefix) ? String(tensor.name.dropFirst(prefix.count)) : tensor.name
            func module(_ ending: String) -> String? {
                name.hasSuffix(ending) ? String(name.dropLast(ending.count)) : nil
            }
            if let module = module(".lora_A.weight") ?? module(".lora_embedding_A") {
                try pairs.add(down: tensor.shape, for: module)
            } else if let module = module(".lora_B.weight") ?? module(".lora_embedding_B") {
                try pairs.add(up: tensor.shape, for: module)
            } else if name.contains(".lora_magnitude_vector") {
                features.insert(.dora)
            } else if config.saves(name) || name.hasSuffix(".base_layer.weight") {
                // The model's own embeddings, kept beside an adapter that has learnt further tokens.
                continue
            } else if name.hasSuffix(".bias") {
                features.insert(.bias)
            } else {
                throw .unexpected(tensor.name)
            }
        }
        return pairs
    }

    /// What PEFT wraps every model in.
    private static let prefix = "base_model.model."

    /// Whether a name stands for the matrices of all experts of a layer.
    private static func isShared(_ name: String) -> Bool {
        name.hasSuffix(".experts") || name.hasSuffix(".experts.base_layer")
    }
}

/// What is wanted of an `adapter_config.json`; a value of another kind than it should have counts as none.
private struct AdapterConfig: Decodable {
    let method: String
    let rank: Int?
    /// The ranks of modules that have one of their own; `nil` if one of them cannot be.
    let ranks: Set<Int>?
    let alpha: Double?
    let base: String?
    let isTransposed: Bool
    private(set) var features: Set<AdapterFeature> = []
    private let saved: Set<String>

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: AnyKey.self)
        func value<Value: Decodable>(_ key: String, _ type: Value.Type = Value.self) -> Value? {
            (try? keys.decodeIfPresent(type, forKey: AnyKey(stringValue: key))) ?? nil
        }
        func isSet(_ key: String) -> Bool {
            let key = AnyKey(stringValue: key)
            return keys.contains(key) && (try? keys.decodeNil(forKey: key)) != true
        }
        method = value("peft_type") ?? ""
        rank = value("r", Int.self)?.plausible
        let pattern = value("rank_pattern", [String: Int].self)
        let own = pattern?.values.compactMap(\.plausible)
        let isReadable = !isSet("rank_pattern") || own?.count == pattern?.count && own != nil
        ranks = isReadable ? Set(own ?? []) : nil
        alpha = value("lora_alpha", Double.self).flatMap { $0.isFinite ? $0 : nil }
        base = value("base_model_name_or_path")
        isTransposed = value("fan_in_fan_out") ?? false
        let saved = value("modules_to_save", [String].self) ?? []
        self.saved = Set(saved)
        if value("use_dora") == true { features.insert(.dora) }
        if value("use_qalora") == true { features.insert(.qalora) }
        if value("lora_bias") == true || !["none", nil].contains(value("bias", String.self)) {
            features.insert(.bias)
        }
        if isSet("use_bdlora") { features.insert(.blockDiagonal) }
        if isSet("arrow_config") { features.insert(.arrow) }
        if isSet("layer_replication") { features.insert(.layerReplication) }
        if isSet("alora_invocation_tokens") { features.insert(.activated) }
        if !saved.isEmpty { features.insert(.savedModules(saved)) }
        if let way = value("init_lora_weights", String.self) {
            features.insert(.initialization(way.lowercased()))
        }
    }

    /// Whether a tensor is one of the whole modules that come with the adapter.
    func saves(_ name: String) -> Bool {
        !saved.isEmpty && name.split(separator: ".").contains { saved.contains(String($0)) }
    }
}
