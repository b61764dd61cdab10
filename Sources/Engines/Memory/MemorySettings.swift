public import Catalog
public import Formats

/// How an engine is to run a model, as far as it decides the memory.
public struct MemorySettings: Sendable, Hashable {
    /// The engine.
    public var engine: EngineName
    /// The tokens that are kept: of all requests together, or with vLLM of one.
    public var context: Int
    /// The requests that are served at once.
    public var slots: Int
    /// Whether the requests share one cache, each taking what it needs, or have equal parts of it.
    public var sharesCache: Bool
    /// How the elements of keys are stored.
    public var keyType: TensorType
    /// How the elements of values are stored.
    public var valueType: TensorType
    /// The tokens that are computed at once, at most.
    public var batch: Int
    /// The tokens of these for which a choice of the next one is computed, at most.
    public var outputs: Int
    /// The layers that are to be on GPUs as llama.cpp counts them, the output being one more; as many as fit, if `nil`.
    public var gpuLayers: Int?
    /// The share of a GPU's memory that the engine takes, whatever the model needs.
    public var memoryFraction: Double

    /// More of anything is no setting.
    private static let most = 1 << 30

    /// Describes it; what is not given is what the engine does by itself.
    public init(
        engine: EngineName,
        context: Int,
        slots: Int? = nil,
        sharesCache: Bool = true,
        cacheType: TensorType? = nil,
        valueType: TensorType? = nil,
        batch: Int? = nil,
        outputs: Int? = nil,
        gpuLayers: Int? = nil,
        memoryFraction: Double? = nil
    ) {
        let usual = EngineMemory(engine)
        self.engine = engine
        self.context = min(max(1, context), Self.most)
        self.slots = min(max(1, slots ?? usual.slots), Self.most)
        self.sharesCache = sharesCache
        keyType = cacheType ?? usual.cacheType
        self.valueType = valueType ?? keyType
        self.batch = min(max(1, batch ?? usual.batch), Self.most)
        self.outputs = min(max(1, outputs ?? self.slots), Self.most)
        self.gpuLayers = gpuLayers
        self.memoryFraction = memoryFraction ?? usual.memoryFraction
    }
}

extension MemorySettings {
    /// What a launch in a stack asks for; what is given goes before what is set.
    ///
    /// Without settings those of the stack hold. `contextLength` is the longest context that the model was made for, if it
    /// is known.
    public init(
        of stack: Stack,
        settings: EffectiveSettings? = nil,
        contextLength: Int?,
        context: Int? = nil,
        slots: Int? = nil,
        cacheType: TensorType? = nil
    ) {
        let settings = settings ?? stack.settings
        let request = LaunchRequest(
            stack: stack,
            settings: settings,
            model: "",
            format: stack.defaults.format,
            files: [],
            facts: ModelFacts(contextLength: contextLength)
        )
        let perRequest = stack.engine == .vllm ? request.contextPerRequest ?? LaunchRequest.usualContext : nil
        let extra = settings[SettingKey<[String]>.extra(of: stack.engine)] ?? []
        let options = ContextOptions(stack.engine)
        let told = extra.value(ofOption: options.context).map(ContextOptions.tokens)
        let toldSlots = extra.value(ofOption: options.requests + ["--max-num-seqs"]).flatMap { Int($0) }
        let types = CacheTypes(extra, settings)
        let layers = extra.value(ofOption: ["--n-gpu-layers", "-ngl", "--gpu-layers"]).map(String.init)
        let toldBatch = extra.value(ofOption: ["--ubatch-size", "-ub", "--max-num-batched-tokens"])
        let batch = stack.engine == .vllm ? SettingKey.batch : SettingKey.microBatch
        self.init(
            engine: stack.engine,
            context: context ?? told.flatMap { $0 > 0 ? $0 : nil } ?? perRequest ?? request.pooledContext,
            slots: slots ?? toldSlots.flatMap { $0 > 0 ? $0 : nil } ?? settings[SettingKey.parallel],
            cacheType: cacheType ?? types.keys,
            valueType: cacheType ?? types.values ?? EngineMemory(stack.engine).cacheType,
            batch: toldBatch.flatMap { Int($0) } ?? settings[batch],
            gpuLayers: (layers ?? settings[SettingKey.gpuLayers]).flatMap {
                $0 == "all" ? Self.most : Int($0).map { max(0, $0) }
            },
            memoryFraction: settings[SettingKey.memoryFraction]
        )
    }
}

/// The types that keys and values are told to be stored as.
private struct CacheTypes {
    let keys: TensorType?
    let values: TensorType?

    init(_ extra: [String], _ settings: EffectiveSettings) {
        func type(_ names: [String]) -> TensorType? {
            extra.value(ofOption: names).flatMap(TensorType.init(cache:))
        }
        let both =
            type(["--kv-cache-dtype", "--pa-cache-type"])
            ?? settings[SettingKey.cacheType].flatMap(TensorType.init(cache:))
        keys = type(["--cache-type-k", "-ctk"]) ?? both
        values = type(["--cache-type-v", "-ctv"]) ?? both
    }
}

extension TensorType {
    /// What engines call the types that a cache's elements can be stored as.
    private static let cacheTypes: KeyValuePairs<String, TensorType> = [
        "f32": .f32, "f16": .f16, "bf16": .bf16, "q8_0": .q8_0, "q5_1": .q5_1, "q5_0": .q5_0, "q4_1": .q4_1,
        "q4_0": .q4_0, "iq4_nl": .iq4_nl, "fp8": .f8_e4m3, "fp8_e4m3": .f8_e4m3, "fp8_e5m2": .f8_e5m2,
        "f8e4m3": .f8_e4m3, "float16": .f16, "bfloat16": .bf16,
    ]

    /// The names, the usual ones first.
    public static let cacheNames = cacheTypes.map(\.key)

    /// The type that engines mean by a name for what a cache's elements are stored as: `f16`, `q8_0`, `fp8`.
    public init?(cache name: some StringProtocol) {
        guard let type = Self.cacheTypes.first(where: { $0.key == name.lowercased() })?.value else {
            return nil
        }
        self = type
    }
}

/// What an engine does about memory unless it is told otherwise.
struct EngineMemory {
    /// The requests that it serves at once.
    let slots: Int
    /// The type of the elements of keys and values.
    let cacheType: TensorType
    /// The tokens that it computes at once.
    let batch: Int
    /// The share of a GPU's memory that it takes.
    let memoryFraction: Double
    /// The tokens that it takes room for at once.
    let block: Int

    init(_ engine: EngineName) {
        switch engine {
        // `n_parallel` = 4 with one cache; `--ubatch-size` 512; a cache is padded to 256 tokens.
        case .llamacpp: (slots, cacheType, batch, memoryFraction, block) = (4, .f16, 512, 1, 256)
        // `--max-seqs` 32, `--max-batch-size` 1 of 4096 tokens, `--pa-block-size` 32.
        case .mistralrs: (slots, cacheType, batch, memoryFraction, block) = (32, .f16, 4096, 1, 32)
        // `--max-num-seqs` 256, `--max-num-batched-tokens` 2048, `--gpu-memory-utilization` 0.92, `--block-size` 16.
        case .vllm: (slots, cacheType, batch, memoryFraction, block) = (256, .bf16, 2048, 0.92, 16)
        }
    }
}
