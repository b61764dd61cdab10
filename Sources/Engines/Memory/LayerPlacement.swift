import Catalog
import Host
import Platform

/// Puts a model's layers on the devices of a machine, as an engine that splits by layers does.
struct LayerPlacement {
    /// What llama.cpp leaves free on a GPU (`--fit-target`), where the driver's own structures lie too.
    static let gpuMargin: ByteCount = 1_073_741_824
    /// The program and its vocabulary, in the processor's memory.
    static let program: ByteCount = 100_000_000

    private let need: MemoryNeed
    private let settings: MemorySettings
    private let host: HostProfile

    init(_ need: MemoryNeed, _ settings: MemorySettings, on host: HostProfile) {
        self.need = need
        self.settings = settings
        self.host = host
    }

    /// The weights of the output where they lie on a GPU: a copy, where the input has the same.
    private var outputOnGPU: ByteCount { need.output + (need.sharesInput ? need.input : 0) }

    func fit() -> MemoryFit {
        let rooms = host.gpus.filter { !$0.isPartitioned }.map(room)
        let all = need.layers.count
        guard !rooms.isEmpty, settings.gpuLayers != 0 else { return judged(layers: nil, devices: 0) }
        if let asked = settings.gpuLayers {
            // The engine counts the output as one more layer, the first to go to a GPU; it does not go by what fits.
            let count = min(asked - 1, all)
            if let used = devices(for: count, rooms) { return judged(layers: count, devices: used) }
            let lack = parts(count).total() - rooms.total()
            return placed(.no, layers: count, devices: rooms.count, [.missing(max(1, lack))])
        }
        var count = all
        while count > 0 {
            if let used = devices(for: count, rooms) { return judged(layers: count, devices: used) }
            count -= 1
        }
        return judged(layers: nil, devices: 0)
    }

    /// What a GPU has for layers.
    private func room(_ gpu: GPU) -> ByteCount {
        let free = gpu.free ?? gpu.vram
        let most = gpu.isUnified ? min(free, host.memoryForModels) : free
        return max(0, most - Self.gpuMargin - need.computeOnGPU)
    }

    /// What goes to GPUs with so many of the last layers: the output's neighbours are there.
    private func parts(_ count: Int) -> [ByteCount] {
        need.layers.suffix(count).map(\.total) + [outputOnGPU]
    }

    /// How many GPUs it takes to hold so many of the last layers, one after the other; `nil` if they have no room.
    private func devices(for count: Int, _ rooms: [ByteCount]) -> Int? {
        var device = 0
        var left = rooms[0]
        for part in parts(count) {
            while part > left {
                device += 1
                guard device < rooms.count else { return nil }
                left = rooms[device]
            }
            left = left - part
        }
        return device + 1
    }

    /// Says whether the processors' memory has room for the rest; `nil` layers are none, and no output, on a GPU.
    private func judged(layers count: Int?, devices: Int) -> MemoryFit {
        let verdict: MemoryFit.Verdict = count == nil ? .cpu : count == need.layers.count ? .gpu : .partial
        let fit = placed(verdict, layers: count, devices: devices)
        // A GPU without a memory of its own takes from the same.
        let isShared = devices > 0 && host.gpus.contains(where: \.isUnified)
        let taken = isShared ? fit.total : fit.onHost
        if taken > host.memoryForModels {
            return placed(.no, layers: count, devices: devices, [.missing(taken - host.memoryForModels)])
        }
        guard let free = host.memory.available, taken > free else { return fit }
        return placed(verdict, layers: count, devices: devices, [.freeNow(free)])
    }

    private func placed(
        _ verdict: MemoryFit.Verdict,
        layers: Int?,
        devices: Int,
        _ remarks: [MemoryFit.Remark] = []
    ) -> MemoryFit {
        let count = layers ?? 0
        let isWhole = layers == need.layers.count
        let onGPUs =
            layers == nil ? 0 : parts(count).total() + (need.computeOnGPU + Self.gpuMargin) * devices
        let hostCompute = isWhole ? need.computeBesideGPU : need.compute
        let onHost =
            need.layers.dropLast(count).map(\.total).total() + need.input + (layers == nil ? need.output : 0)
            + hostCompute + Self.program
        return MemoryFit(
            verdict,
            gpuLayers: count,
            need: need,
            compute: hostCompute + need.computeOnGPU * devices,
            onGPUs: onGPUs,
            onHost: onHost,
            remarks: remarks
        )
    }
}
