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
    /// How many GPUs the engine is told to divide each layer over.
    private let count: Int

    init(_ need: MemoryNeed, _ settings: MemorySettings, on host: HostProfile, dividedOver count: Int) {
        self.need = need
        self.settings = settings
        self.count = count
        gpus = Array(host.gpus.filter { !$0.isPartitioned }.prefix(count))
    }

    func fit() -> MemoryFit {
        // The parts are equal: the smallest GPU decides.
        guard gpus.count == count, let smallest = gpus.map(\.vram).min() else {
            return placed(.no, [gpus.isEmpty && count == 1 ? .needsGPU : .needsGPUs(count)])
        }
        let share = smallest.scaled(by: settings.memoryFraction)
        let taken = need.weights.scaled(by: 1 / Double(count)) + need.computeOnGPU + Self.libraries
        guard taken <= share else { return placed(.no, [.missing((taken - share) * count)]) }
        let left = (share - taken) * count
        let each = Double(need.cache.bytes) / Double(need.tokens)
        let tokens = each > 0 ? Int(exactly: (Double(left.bytes) / each).rounded(.down)) ?? .max : .max
        guard tokens >= settings.context else {
            return placed(.no, [.leftForCache(left, tokens: tokens), .fitsWithContext(tokens)])
        }
        if let free = gpus.compactMap(\.free).min(), free < share {
            return placed(.no, [.shareNotFree(missing: share - free)])
        }
        return placed(.gpu, onGPUs: share * count, [.leftForCache(left, tokens: tokens)])
    }

    private func placed(
        _ verdict: MemoryFit.Verdict,
        onGPUs: ByteCount? = nil,
        _ remarks: [MemoryFit.Remark]
    ) -> MemoryFit {
        let compute = need.computeOnGPU * count
        return MemoryFit(
            verdict,
            gpuLayers: verdict == .gpu ? need.layers.count : 0,
            need: need,
            compute: compute,
            onGPUs: onGPUs ?? need.weights + need.cache + compute + Self.libraries * count,
            onHost: LayerPlacement.program,
            remarks: remarks
        )
    }
}
