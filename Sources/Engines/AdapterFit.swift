public import Catalog
public import Formats

/// The question whether an engine can lay an adapter over a model.
public struct AdapterFit: Sendable {
    /// The engine.
    public var engine: EngineName
    /// The adapter.
    public var adapter: AdapterFacts
    /// The model; without one only what the engine makes of the adapter is judged.
    public var base: AdapterBase?
    /// The largest rank that the engine is told to take.
    public var mostRank: Int?
    /// How strongly the adapter is to be laid over the weights, if that is said.
    public var scale: Double?
    /// Whether the model is served with adapters that are mixed anew for each token.
    public var hasMixture: Bool
    /// Whether an adapter as PEFT writes it is made into a GGUF for llama.cpp.
    public var isConverted = false

    /// Asks it.
    public init(
        _ engine: EngineName,
        _ adapter: AdapterFacts,
        over base: AdapterBase?,
        mostRank: Int? = nil,
        scale: Double? = nil,
        hasMixture: Bool = false
    ) {
        self.engine = engine
        self.adapter = adapter
        self.base = base
        self.mostRank = mostRank
        self.scale = scale
        self.hasMixture = hasMixture
    }

    /// Asks it of a model that is served with these settings.
    public init(
        _ engine: EngineName,
        _ adapter: AdapterFacts,
        over base: AdapterBase?,
        settings: EffectiveSettings
    ) {
        self.init(
            engine,
            adapter,
            over: base,
            mostRank: settings[SettingKey.maxLoRARank],
            hasMixture: settings[SettingKey<DeclaredMixture>.mixture] != nil
        )
    }

    /// Answers with what may be wrong all the same, or with the reason why it cannot be done.
    public func judge() throws(AdapterRefusal) -> [AdapterWarning] {
        try judgeEngine()
        guard let base else { return [] }
        try judgeServing(of: base)
        return try compare(with: base)
    }

    // MARK: What the engine takes

    /// The architectures whose GGUF has its queries and keys in another order than an adapter has, so that mistral.rs lays
    /// none over them.
    public static let permuted: Set = [
        "llama", "mistral3", "deepseek2", "glm4", "smollm3", "granite", "granitemoe", "granitehybrid",
        "llama4",
        "muse-glimmer",
    ]

    /// The largest rank that vLLM's kernels were made for.
    private static let mostOfVLLM =
        EngineFlags.of(.vllm)["--max-lora-rank"]?.choices?.compactMap { Int($0) }.max()

    private func judgeEngine() throws(AdapterRefusal) {
        if hasMixture { throw .mixture }
        let wanted: AdapterFacts.Form = engine == .llamacpp ? .gguf : .peft
        guard adapter.form == wanted || (engine == .llamacpp && isConverted) else {
            throw .form(engine, adapter.form)
        }
        if let feature = adapter.features.filter(isRejected).min(by: { "\($0)" < "\($1)" }) {
            throw .feature(engine, feature)
        }
        if engine == .mistralrs, let name = adapter.modules.lazy.map(\.name).first(where: Self.isEmbedding) {
            throw .module(engine, name)
        }
        let most = [mostRank, engine == .vllm ? Self.mostOfVLLM : nil].compactMap(\.self).min()
        if engine != .llamacpp, let most, adapter.rank > most {
            throw .rank(engine, adapter.rank, most: most)
        }
        if engine != .llamacpp, let scale, scale != 1 { throw .scale(engine) }
    }

    private func judgeServing(of base: AdapterBase) throws(AdapterRefusal) {
        switch (engine, base.format) {
        case (.llamacpp, .safetensors), (.llamacpp, .uqff), (.vllm, .gguf), (.vllm, .uqff):
            throw .baseFormat(engine, base.format)
        case (.mistralrs, .gguf):
            guard let architecture = base.architecture, Self.permuted.contains(architecture) else { return }
            throw .architecture(engine, architecture)
        default: return
        }
    }

    /// The ways to begin that leave the model's own weights as they are, as vLLM knows them; llama.cpp asks for none.
    private static let plainBeginnings: Set = ["gaussian", "eva", "orthogonal", "mica", "lora_ga"]
    /// The ways to begin that mistral.rs turns away.
    private static let changingBeginnings: Set = ["pissa", "olora", "corda", "loftq", "lora_ga"]

    private func isRejected(_ feature: AdapterFeature) -> Bool {
        switch (engine, feature) {
        // A GGUF has no more than this, and no more can be made one.
        case (.llamacpp, .activated): false
        case (.vllm, .arrow): false
        case (.vllm, .savedModules(let names)): !Set(names).isSubset(of: ["classifier", "score"])
        case (.vllm, .initialization(let way)), (.llamacpp, .initialization(let way)):
            !Self.plainBeginnings.contains(way)
        // PiSSA's name is followed by the number of its steps.
        case (.mistralrs, .initialization(let way)): Self.changingBeginnings.contains { way.hasPrefix($0) }
        default: true
        }
    }

    private static func isEmbedding(_ name: String) -> Bool {
        ["embed_tokens", "lm_head", "wte", "embed_in", "embed_out"]
            .contains(String(name.split(separator: ".").last ?? ""))
    }
}

/// Why an adapter cannot be laid over a model.
public enum AdapterRefusal: Error, Sendable, Equatable {
    /// The engine reads adapters in the other form.
    case form(EngineName, AdapterFacts.Form)
    /// The engine serves no models of this format with adapters.
    case baseFormat(EngineName, ModelFormat)
    /// The engine lays no adapter over a GGUF of this architecture.
    case architecture(EngineName, String)
    /// The engine turns away what the adapter has.
    case feature(EngineName, AdapterFeature)
    /// The engine lays nothing over this part of a model.
    case module(EngineName, String)
    /// The engine takes no adapter of this rank.
    case rank(EngineName, Int, most: Int)
    /// The engine cannot be told how strong an adapter is to be.
    case scale(EngineName)
    /// The model is served with adapters that are mixed anew for each token, which excludes all others.
    case mixture
    /// It was made for a model of another architecture.
    case otherArchitecture(adapter: String, base: String)
    /// It changes a layer that the model has not; the number of the model's layers.
    case noLayer(Int, of: Int)
    /// It changes a matrix that the model has not.
    case noModule(String)
    /// It changes a matrix that has another size in the model.
    case size(String, adapter: MatrixSize, base: MatrixSize)
    /// What it changes has another width than the model.
    case width(String, adapter: Int, base: Int)

    /// Whether it is a matter of the engine, and not of the model.
    public var isOfEngine: Bool {
        switch self {
        case .form, .baseFormat, .architecture, .feature, .module, .rank, .scale: true
        case .mixture, .otherArchitecture, .noLayer, .noModule, .size, .width: false
        }
    }
}

extension AdapterRefusal: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .form(let engine, .peft):
            "\(engine.rawValue) reads adapters in GGUF, and this is a folder of PEFT"
        case .form(let engine, .gguf):
            "\(engine.rawValue) reads adapters as folders of PEFT, and this is a GGUF"
        case .baseFormat(let engine, let format):
            "\(engine.rawValue) lays no adapters over models in \(format.rawValue)"
        case .architecture(let engine, let name):
            "\(engine.rawValue) lays no adapters over a GGUF of the architecture \(name)"
        case .feature(let engine, let feature): "\(engine.rawValue) takes no adapter with \(feature)"
        case .module(let engine, let name): "\(engine.rawValue) lays no adapter over `\(name)`"
        case .rank(let engine, let rank, let most):
            "its rank is \(rank), and \(engine.rawValue) takes \(most) at most"
        case .scale(let engine):
            "\(engine.rawValue) cannot be told how strong an adapter is: its own `lora_alpha` decides"
        case .mixture: "`xlora` is set for the model, and excludes all other adapters"
        case .otherArchitecture(let adapter, let base):
            "it was made for the architecture \(adapter), and the model's is \(base)"
        case .noLayer(let layer, let count): "it changes layer \(layer), and the model has \(count) from 0 on"
        case .noModule(let name): "it changes `\(name)`, which the model has not"
        case .size(let name, let adapter, let base):
            "it wants `\(name)` to be \(adapter), and in the model it is \(base)"
        case .width(let name, let adapter, let base):
            "it wants a model that is \(adapter) wide at `\(name)`, and the model is \(base) wide"
        }
    }
}

/// What may be wrong about an adapter that an engine would take.
public enum AdapterWarning: Sendable, Equatable {
    /// It was made for a model of another name, which has the same sizes.
    case otherBase(String)
    /// The names of some matrices say nothing about those of the model.
    case notCompared([String])
}

extension AdapterWarning: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .otherBase(let name): "it was made for `\(name)`; the sizes are the same, the weights may not be"
        case .notCompared(let names):
            "whether it fits is not known of \(names.count) of its matrices, such as `\(names.first ?? "")`"
        }
    }
}

extension AdapterFeature: CustomStringConvertible {
    /// The feature in words that follow `with`.
    public var description: String {
        switch self {
        case .dora: "DoRA (`use_dora`)"
        case .activated: "tokens that activate it (aLoRA)"
        case .qalora: "QALoRA (`use_qalora`)"
        case .blockDiagonal: "matrices in blocks (BD-LoRA)"
        case .arrow: "a router (`arrow_config`)"
        case .bias: "biases"
        case .savedModules(let names): "whole modules (`modules_to_save`: \(names.joined(separator: ", ")))"
        case .layerReplication: "repeated layers (`layer_replication`)"
        case .initialization(let way): "weights that begin as `\(way)` (`init_lora_weights`)"
        }
    }
}
