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
        let wanted = min(settings.gpuLayers ?? need.layers.count, need.layers.count)
        let rooms = host.gpus.map { max(0, ($0.free ?? $0.vram) - Self.gpuMargin - need.computeOnGPU) }
        if wanted > 0, !rooms.isEmpty {
            if wanted == need.layers.count, let used = devices(for: need.layers.count, rooms) {
                return placed(.gpu, layers: wanted, devices: used)
            }
            // The last layers go to the GPUs, so that the output's neighbours are there.
            var count = wanted
            while count > 0, devices(for: count, rooms) == nil { count -= 1 }
            if count > 0, let used = devices(for: count, rooms) {
                let fit = placed(.partial, layers: count, devices: used)
                if fit.onHost <= host.memoryForModels { return fit }
                return placed(.no, layers: count, devices: used, missing: fit.onHost - host.memoryForModels)
            }
        }
        let fit = placed(.cpu, layers: 0, devices: 0)
        if fit.onHost <= host.memoryForModels { return fit }
        return placed(.no, layers: 0, devices: 0, missing: fit.onHost - host.memoryForModels)
    }

    /// How many GPUs it takes to hold so many of the last layers, one after the other; `nil` if they have no room.
    private func devices(for count: Int, _ rooms: [ByteCount]) -> Int? {
        var parts = need.layers.suffix(count).map(\.total)
        if count == need.layers.count { parts.append(outputOnGPU) }
        var device = 0
        var left = rooms[0]
        for part in parts {
            while part > left {
                device += 1
                guard device < rooms.count else { return nil }
                left = rooms[device]
            }
            left = left - part
        }
        return device + 1
    }

    private func placed(
        _ verdict: MemoryFit.Verdict,
        layers count: Int,
        devices: Int,
        missing: ByteCount? = nil
    ) -> MemoryFit {
        let isWhole = count == need.layers.count && count > 0
        let onGPUs =
            need.layers.suffix(count).map(\.total).total() + (isWhole ? outputOnGPU : 0)
            + (need.computeOnGPU + Self.gpuMargin) * devices
        let hostCompute = isWhole ? need.computeBesideGPU : need.compute
        let onHost =
            need.layers.dropLast(count).map(\.total).total() + need.input + (isWhole ? 0 : need.output)
            + hostCompute + Self.program
        var remarks: [MemoryFit.Remark] = missing.map { [.missing($0)] } ?? []
        if missing == nil, let free = host.memory.available, onHost > free { remarks.append(.freeNow(free)) }
        return MemoryFit(
            verdict,
            gpuLayers: count,
            need: need,
            compute: hostCompute + need.computeOnGPU * devices,
            overhead: Self.program + Self.gpuMargin * devices,
            onGPUs: onGPUs,
            onHost: onHost,
            remarks: remarks
        )
    }
}
