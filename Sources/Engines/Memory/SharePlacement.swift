import Catalog
import Host
import Platform

/// Puts a model on GPUs of which an engine takes a share, whatever the model needs: what the weights leave of it holds keys
/// and values.
struct SharePlacement {
    /// What CUDA's libraries and graphs take of the share on each GPU, beside weights and a pass.
    static let libraries: ByteCount = 1_500_000_000

    private let need: MemoryNeed
    private let settings: MemorySettings
    private let gpus: [GPU]

    /// The GPUs that the engine divides each layer over.
    init(_ need: MemoryNeed, _ settings: MemorySettings, gpus: [GPU]) {
        self.need = need
        self.settings = settings
        self.gpus = gpus
    }

    func fit() -> MemoryFit {
        // The parts are equal: the smallest GPU decides.
        guard let smallest = gpus.map(\.vram).min() else { return none() }
        let share = smallest.scaled(by: settings.memoryFraction)
        let count = gpus.count
        let taken = need.weights.scaled(by: 1 / Double(count)) + need.computeOnGPU + Self.libraries
        let left = max(0, share - taken) * count
        let each = Double(need.cache.bytes) / Double(need.tokens)
        let tokens = each > 0 ? Int(Double(left.bytes) / each) : .max
        var remarks: [MemoryFit.Remark] = []
        let fits = taken <= share && tokens >= settings.context
        if taken > share {
            remarks.append(.missing((taken - share) * count))
        } else {
            remarks.append(.leftForCache(left, tokens: tokens))
            if !fits { remarks.append(.fitsWithContext(tokens)) }
        }
        if let free = gpus.compactMap(\.free).min(), free < share {
            remarks.append(.shareNotFree(missing: share - free))
        }
        return MemoryFit(
            fits ? .gpu : .no,
            gpuLayers: fits ? need.layers.count : 0,
            need: need,
            compute: need.computeOnGPU * count,
            overhead: Self.libraries * count,
            onGPUs: fits
                ? share * count : need.weights + need.cache + (need.computeOnGPU + Self.libraries) * count,
            onHost: LayerPlacement.program,
            remarks: remarks
        )
    }

    private func none() -> MemoryFit {
        MemoryFit(
            .no,
            gpuLayers: 0,
            need: need,
            compute: need.computeOnGPU,
            overhead: Self.libraries,
            onGPUs: need.weights + need.cache + need.computeOnGPU + Self.libraries,
            onHost: 0,
            remarks: [.needsGPU]
        )
    }
}
