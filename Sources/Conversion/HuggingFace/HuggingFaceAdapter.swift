public import Formats
public import SystemPackage

/// A LoRA adapter in a folder as PEFT writes it, ready to become a GGUF.
public struct HuggingFaceAdapter: Sendable {
    /// The architecture's name in a GGUF.
    public let architecture: String
    /// The type that `auto` stands for.
    public let usualType: ConversionType

    private let tensors: [ConvertedTensor]
    private let keys: HeaderKeys

    /// Reads the folder of an adapter, and the configuration of the model that it is for from that model's folder.
    ///
    /// `card` is the front matter of the adapter's `README.md`.
    public init(_ path: FilePath, base: FilePath, card: ModelCard = ModelCard()) throws(HuggingFaceError) {
        let baseFolder = HuggingFaceFolder(path: base)
        let configuration = try Configuration(try baseFolder.requiredJSON("config.json"))
        guard let name = configuration.architecture else { throw .architecture(nil) }
        guard let family = ModelFamily.named(name) else { throw .architecture(name) }
        try self.init(HuggingFaceFolder(path: path), family, configuration, card)
    }

    /// Reads the folder of an adapter, for a model that is there as a GGUF: its header tells as much.
    ///
    /// `name` is what the folder was called where it came from, if that is not its own name.
    public init(
        _ path: FilePath,
        name: String? = nil,
        over model: GGUFHeader,
        card: ModelCard = ModelCard()
    ) throws(HuggingFaceError) {
        guard let architecture = model.architecture else { throw .architecture(nil) }
        guard let family = ModelFamily.inGGUF(architecture) else { throw .architecture(architecture) }
        let configuration = try Configuration(of: model, family)
        try self.init(HuggingFaceFolder(path: path, name: name), family, configuration, card)
    }

    /// Whether adapters can be made for models whose GGUF names this architecture.
    public static func isKnown(architecture: String) -> Bool { ModelFamily.inGGUF(architecture) != nil }

    private init(
        _ folder: HuggingFaceFolder,
        _ family: ModelFamily,
        _ configuration: Configuration,
        _ card: ModelCard
    ) throws(HuggingFaceError) {
        let settings = try folder.requiredJSON(AdapterFacts.configName).root.members
        try Self.refuseOthers(settings)
        let stored = try StoredWeights.tensorsInDataOrder(
            of: folder.path.appending(AdapterFacts.weightsName),
            named: AdapterFacts.weightsName
        )
        let arrangement = try AdapterArrangement(stored, family: family, configuration: configuration)
        tensors = arrangement.tensors
        architecture = family.name
        usualType = .found(in: stored)
        keys = try Self.keys(folder, family, settings, card: card, weights: arrangement.weights)
    }

    /// The adapter with its weights in a type.
    func source(_ type: ConversionType) -> HuggingFaceSource {
        let type = type == .auto ? usualType : type
        return HuggingFaceSource(tensors, metadata: keys.entries, as: type)
    }

    /// What the reference would convert to something that means another thing is refused too.
    private static func refuseOthers(_ settings: JSONMembers) throws(HuggingFaceError) {
        let method = settings["peft_type"]?.string ?? "LORA"
        guard method.uppercased() == "LORA" else { throw .feature(.adapter("the method \(method)")) }
        let flags = ["use_dora", "use_rslora", "fan_in_fan_out", "lora_bias", "use_qalora"]
        for key in flags where settings[key]?.flag == true { throw .feature(.adapter(key)) }
        for key in ["alpha_pattern", "layer_replication"] where settings[key]?.isTruthy == true {
            throw .feature(.adapter(key))
        }
        if settings["invocation_string"]?.isTruthy == true,
            settings["alora_invocation_tokens"]?.isTruthy != true
        {
            throw .feature(.adapter("invocation_string"))
        }
    }

    private static func keys(
        _ folder: HuggingFaceFolder,
        _ family: ModelFamily,
        _ settings: JSONMembers,
        card: ModelCard,
        weights: Int
    ) throws(HuggingFaceError) -> HeaderKeys {
        var keys = HeaderKeys()
        keys.set("general.architecture", text: family.name)
        keys.set("general.type", text: "adapter")
        keys.set("adapter.type", text: "lora")
        let configuration = try folder.json("config.json")?.root
        let description = ModelDescription(
            card: card,
            path: configuration?["_name_or_path"]?.string,
            folder: folder.name,
            generation: HuggingFaceModel.generation(folder),
            size: ParameterCount(ofAdapter: weights)
        )
        try description.add(to: &keys)
        guard let strength = settings["lora_alpha"]?.number, strength.isFinite else {
            throw .configuration(key: "lora_alpha")
        }
        keys.set("adapter.lora.alpha", real: strength)
        if let tokens = settings["alora_invocation_tokens"]?.nonNull {
            let numbers = tokens.elements.map { $0.integer.flatMap { UInt32(exactly: $0) } }
            guard tokens.isArray, !numbers.contains(nil) else {
                throw .configuration(key: "alora_invocation_tokens")
            }
            keys.set("adapter.alora.invocation_tokens", unsigneds: numbers.compactMap { $0 })
        }
        try keys.set("general.quantization_version", unsigned: 2)
        return keys
    }
}

extension Converter {
    /// Prepares to convert an adapter.
    public init(_ adapter: HuggingFaceAdapter, to type: ConversionType, workers: Int? = nil) {
        self.init(adapter.source(type), workers: workers)
    }
}
