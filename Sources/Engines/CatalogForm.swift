public import Catalog
import Formats
import Host
public import Platform

/// A model of the catalog as it can be pulled: in a format and a quantization.
public struct CatalogForm: Sendable {
    /// The model.
    public let entry: CatalogEntry
    /// The format of its files.
    public let format: ModelFormat
    /// The quantization, or the type of the weights.
    public let quantization: Quantization
    /// What its files take, by the number of weights.
    public let size: ByteCount

    /// Coarser ones answer worse than a smaller model in a finer one does.
    static let leastBits = 4.25
    /// What the original weights of models of our day are stored as.
    private static let original = Quantization(parsing: "bf16")

    /// Describes one; `nil` if the catalog does not say what it takes.
    init?(_ entry: CatalogEntry, _ format: ModelFormat, _ quantization: Quantization) {
        guard let size = entry.weights(in: quantization) else { return nil }
        self.entry = entry
        self.format = format
        self.quantization = quantization
        self.size = size
    }

    /// All that a stack can serve of a model, the finest first.
    static func all(of entry: CatalogEntry, for stack: Stack) -> [CatalogForm] {
        switch stack.formatOfCatalog {
        case .safetensors:
            guard entry.safetensors != nil, let original else { return [] }
            return [CatalogForm(entry, .safetensors, original)].compactMap(\.self)
        case .gguf, .uqff:
            return entry.quantizations.reversed().filter { $0.isServed(by: stack.engine) }
                .compactMap { CatalogForm(entry, .gguf, $0) }
        }
    }

    /// How it lies in a machine's memory, as the stack launches it or, if that is less, with so much `context`; `nil` if the
    /// catalog says too little.
    func fit(on host: HostProfile, for stack: Stack, context: Int? = nil) -> (fit: MemoryFit, context: Int)? {
        guard let shape = ModelShape(entry) else { return nil }
        var settings = MemorySettings(of: stack, contextLength: entry.context)
        if let context { settings.context = min(settings.context, context) }
        let fit = MemoryNeed(shape, settings, weights: size).fit(
            settings,
            on: host,
            dividedOver: stack.dividedOver
        )
        return (fit, settings.context)
    }

    /// What it takes of the processors' memory where it is all there; `nil` if the catalog says too little.
    func ramNeeded(for stack: Stack) -> ByteCount? {
        need(for: stack).map { need, settings in
            LayerPlacement(need, settings, on: HostProfile(memory: Memory(total: Self.plenty))).fit().onHost
        }
    }

    /// What it takes of GPUs where it is all there; `nil` if the catalog says too little.
    func vramNeeded(for stack: Stack) -> ByteCount? {
        need(for: stack).map { need, settings in
            guard stack.engine == .vllm else {
                let host = HostProfile(memory: Memory(total: Self.plenty), gpus: [GPU(vram: Self.plenty)])
                return LayerPlacement(need, settings, on: host).fit().onGPUs
            }
            // All of that must lie in the share that the engine takes.
            let beside = (need.computeOnGPU + SharePlacement.libraries) * stack.dividedOver
            return (need.weights + need.cache + beside).scaled(by: 1 / max(settings.memoryFraction, 0.01))
        }
    }

    private static let plenty = ByteCount(1 << 50)

    private func need(for stack: Stack) -> (MemoryNeed, MemorySettings)? {
        ModelShape(entry).map { shape in
            let settings = MemorySettings(of: stack, contextLength: entry.context)
            return (MemoryNeed(shape, settings, weights: size), settings)
        }
    }
}

extension Stack {
    /// The format that it pulls models of the catalog in.
    var formatOfCatalog: ModelFormat {
        switch engine {
        case .llamacpp: .gguf
        case .vllm: .safetensors
        case .mistralrs: defaults.format == .safetensors ? .safetensors : .gguf
        }
    }
}

extension Quantization {
    /// Whether an engine reads a GGUF of it.
    fileprivate func isServed(by engine: EngineName) -> Bool {
        engine != .mistralrs || !["iq", "tq", "nvfp4"].contains(where: name.hasPrefix)
    }
}
