import Catalog
import Formats
import Platform

/// What a pass over a batch of tokens takes besides weights and cache, with flash attention.
///
/// The largest group of intermediate results that are there at the same time, as ggml's allocator lays them out; the
/// counts were taken from what llama.cpp reserves for models of many shapes, and agree with it to some megabytes. Of the
/// other engines it is a guess: they compute the same in 16 bits, and without masks.
struct ComputeSize {
    private let shape: ModelShape
    private let settings: MemorySettings
    private let cache: CacheSize

    init(_ shape: ModelShape, _ settings: MemorySettings) {
        self.shape = shape
        self.settings = settings
        cache = CacheSize(settings)
    }

    /// What the processor needs that computes all of it.
    var whole: ByteCount { masks + stages + hidden }
    /// What a GPU needs that computes layers.
    var onGPU: ByteCount { masks + stages }
    /// What the processor needs beside GPUs that compute all layers.
    var besideGPU: ByteCount { masks + hidden * 4 }
    /// Where the choices among tokens are handed out.
    var outputs: ByteCount { elements(shape.vocabularySize) * settings.slots }

    /// The largest stage, without the batch's own embeddings.
    private var stages: ByteCount {
        let feedForward = activations(shape.feedForwardLength) * 3 + hidden * 4
        // Each token's result of each expert is there until they are added up.
        let experts = hidden * (2 * shape.expertsUsed) + hidden * 5
        let queries = activations(shape.heads &* shape.headLength)
        let kept = shape.layers.map { activations($0.keys) + activations($0.values) }.max() ?? 0
        let attention = queries * 2 + kept + hidden * 3
        let choice = elements(shape.vocabularySize) * min(settings.outputs, settings.batch) + hidden * 4
        return [feedForward, shape.expertsUsed > 0 ? experts : 0, attention, choice].max() ?? 0
    }

    /// Which token may look at which, for each kind of cache: 16 bits each.
    private var masks: ByteCount {
        guard settings.engine == .llamacpp else { return 0 }
        let windows = Set(shape.layers.filter { $0.keys > 0 }.map(\.window))
        return windows.map { ByteCount(2) * (cache.cells(window: $0) / parts) * settings.batch }.total()
    }

    private var parts: Int { settings.sharesCache ? 1 : settings.slots }

    private var hidden: ByteCount { activations(shape.embeddingLength) }

    private func activations(_ length: Int) -> ByteCount {
        ByteCount(settings.engine == .llamacpp ? 4 : 2) * length * settings.batch
    }

    private func elements(_ count: Int) -> ByteCount { ByteCount(4) * count }
}
