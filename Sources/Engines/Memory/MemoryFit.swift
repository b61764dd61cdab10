import Catalog
public import Host
public import Platform

/// Whether a machine has room for a model, and how the model lies on it.
public struct MemoryFit: Sendable, Hashable {
    /// The answer in a word.
    public enum Verdict: String, Sendable, Hashable, CaseIterable {
        /// All layers have room on GPUs.
        case gpu
        /// Some layers have room on GPUs, and the processor's memory has room for the others.
        case partial
        /// The processor's memory has room for all.
        case cpu
        /// There is no room.
        case no
        /// What the model needs is not known.
        case unknown
    }

    /// What is worth knowing besides.
    public enum Remark: Sendable, Hashable {
        /// A shorter context would fit: the longest one, in tokens.
        case fitsWithContext(Int)
        /// The engine takes its share of the GPUs' memory: what is left for keys and values, and how many tokens that holds.
        case leftForCache(ByteCount, tokens: Int)
        /// The engine wants its share free at its start, and so much less is.
        case shareNotFree(missing: ByteCount)
        /// The engine wants a GPU, and none is known here.
        case needsGPU
        /// The engine is told to divide the layers over so many GPUs, and fewer are known here.
        case needsGPUs(Int)
        /// A GPU is divided into instances, whose sizes are not known.
        case partitioned
        /// So much is missing.
        case missing(ByteCount)
        /// So much less of the processor's memory is free now than it would take.
        case freeNow(ByteCount)
    }

    /// The answer.
    public let verdict: Verdict
    /// How many of the model's layers lie on GPUs.
    public let gpuLayers: Int
    /// The weights, wherever they lie.
    public let weights: ByteCount
    /// What is kept of the text.
    public let cache: ByteCount
    /// What a pass takes, on all devices.
    public let compute: ByteCount
    /// The rest: the program, the room that it leaves on each GPU, a second copy of weights, or what is left of a share.
    public var overhead: ByteCount { total - weights - cache - compute }
    /// What lies on GPUs.
    public let onGPUs: ByteCount
    /// What lies in the processor's memory.
    public let onHost: ByteCount
    /// What is worth knowing besides.
    public let remarks: [Remark]

    /// The same with another answer.
    func becoming(_ verdict: Verdict, _ remark: Remark) -> MemoryFit {
        MemoryFit(copying: self, verdict, [remark])
    }

    private init(copying fit: MemoryFit, _ verdict: Verdict, _ remarks: [Remark]) {
        self.verdict = verdict
        (gpuLayers, weights, cache, compute) = (fit.gpuLayers, fit.weights, fit.cache, fit.compute)
        (onGPUs, onHost) = (fit.onGPUs, fit.onHost)
        self.remarks = remarks
    }

    /// All of it.
    public var total: ByteCount { onGPUs + onHost }

    init(
        _ verdict: Verdict,
        gpuLayers: Int,
        need: MemoryNeed,
        compute: ByteCount,
        onGPUs: ByteCount,
        onHost: ByteCount,
        remarks: [Remark] = []
    ) {
        self.verdict = verdict
        self.gpuLayers = gpuLayers
        weights = need.weights
        cache = need.cache
        self.compute = compute
        self.onGPUs = onGPUs
        self.onHost = onHost
        self.remarks = remarks
    }
}

extension HostProfile {
    /// What is left to everything else than models.
    public static let leftToSystem: ByteCount = 2_000_000_000

    /// What of the processors' memory a model may take.
    public var memoryForModels: ByteCount { max(0, memory.total - Self.leftToSystem) }
}

extension MemoryNeed {
    /// Whether a machine has room for it; `gpus` is how many GPUs share each layer, for an engine that divides layers.
    public func fit(_ settings: MemorySettings, on host: HostProfile, dividedOver gpus: Int = 1) -> MemoryFit
    {
        let fit =
            switch settings.engine {
            case .llamacpp, .mistralrs: LayerPlacement(self, settings, on: host).fit()
            case .vllm: SharePlacement(self, settings, on: host, dividedOver: gpus).fit()
            }
        // An instance may have room, and nobody has said how much.
        guard fit.verdict != .gpu, settings.gpuLayers != 0, host.gpus.contains(where: \.isPartitioned) else {
            return fit
        }
        return fit.becoming(.unknown, .partitioned)
    }
}
