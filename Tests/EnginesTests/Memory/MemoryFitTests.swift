import Catalog
import Engines
import Formats
import Host
import Platform
import Testing

/// Where a model lies on a machine, and whether it has room there.
struct MemoryFitTests {
    private static let gigabyte = 1_000_000_000

    /// Ten layers of a gigabyte, and half a gigabyte each for input and output.
    private func shape(sharesInput: Bool = false) -> ModelShape {
        ModelShape(
            architecture: "llama",
            layers: Array(
                repeating: ModelShape.Layer(keys: 1000, values: 1000, weights: 1_000_000_000),
                count: 10
            ),
            inputWeights: 500_000_000,
            outputWeights: sharesInput ? 0 : 500_000_000,
            sharesInput: sharesInput,
            embeddingLength: 1000,
            feedForwardLength: 4000,
            heads: 10,
            headLength: 100,
            vocabularySize: 1000
        )
    }

    private func host(_ memory: Int, _ gpus: Double...) -> HostProfile {
        HostProfile(
            memory: Memory(total: ByteCount(Int64(memory * Self.gigabyte))),
            gpus: gpus.map { GPU(vram: 80_000_000_000, free: ByteCount(Int64($0 * Double(Self.gigabyte)))) }
        )
    }

    private func fit(
        _ host: HostProfile,
        context: Int = 4096,
        gpuLayers: Int? = nil,
        sharesInput: Bool = false
    ) -> MemoryFit {
        let settings = MemorySettings(engine: .llamacpp, context: context, gpuLayers: gpuLayers)
        return MemoryNeed(shape(sharesInput: sharesInput), settings).fit(settings, on: host)
    }

    @Test func `the processor's memory holds it if 2 GB are left to the system`() {
        let need = fit(host(1000)).total
        #expect(need > 11_000_000_000 && need < 12_000_000_000)
        let least = Int((need.bytes + 1_999_999_999) / 1_000_000_000) + 1
        #expect(fit(host(least)).verdict == .cpu)
        let lacking = fit(host(least - 1))
        #expect(lacking.verdict == .no)
        guard case .missing(let missing)? = lacking.remarks.first else {
            Issue.record("\(lacking.remarks)")
            return
        }
        #expect(missing.bytes > 0 && missing.bytes <= 1_000_000_000)
    }

    @Test func `a GPU takes as many of the last layers as it has room for`() {
        let whole = fit(host(32, 13))
        #expect((whole.verdict, whole.gpuLayers) == (.gpu, 10))
        // The input's weights stay with the processor, a gigabyte of the GPU's memory stays free.
        #expect(whole.onHost < 700_000_000 && whole.onGPUs < 13_000_000_000)
        let part = fit(host(32, 6))
        #expect((part.verdict, part.gpuLayers) == (.partial, 4))
        #expect(part.total > whole.total - 1_000_000_000)
        #expect(fit(host(32, 1)).verdict == .cpu)
        #expect(fit(host(4, 6)).verdict == .no)
    }

    @Test func `several GPUs hold a part each`() {
        let two = fit(host(32, 8, 8))
        #expect((two.verdict, two.gpuLayers) == (.gpu, 10))
        // A layer is not divided: of 5.5 gigabytes' room, five layers fit.
        #expect(fit(host(32, 6, 6)).gpuLayers == 8)
        #expect(two.overhead > whole(host(32, 16)).overhead + 1_000_000_000)
    }

    private func whole(_ host: HostProfile) -> MemoryFit { fit(host) }

    @Test func `a number of layers that was asked for counts the output, and is not gone below`() {
        #expect(fit(host(32, 40), gpuLayers: 3).gpuLayers == 2)
        #expect(fit(host(32, 40), gpuLayers: 3).verdict == .partial)
        #expect(fit(host(32, 40), gpuLayers: 10).gpuLayers == 9)
        #expect(fit(host(32, 40), gpuLayers: 11).verdict == .gpu)
        let tooMany = fit(host(32, 6), gpuLayers: 11)
        guard case .missing(let missing)? = tooMany.remarks.first else {
            Issue.record("\(tooMany.remarks)")
            return
        }
        #expect(tooMany.verdict == .no && missing > 5_000_000_000 && missing < 6_500_000_000)
        #expect(fit(host(32, 40), gpuLayers: 0).verdict == .cpu)
        #expect(fit(host(32, 40), gpuLayers: 999).verdict == .gpu)
    }

    @Test func `weights that input and output share are twice there with a GPU`() {
        let apart = fit(host(32, 40))
        let shared = fit(host(32, 40), sharesInput: true)
        #expect(apart.weights - shared.weights == 500_000_000 && apart.total == shared.total)
        #expect(fit(host(32)).total - fit(host(32), sharesInput: true).total == 500_000_000)
    }

    @Test func `what is free now is told where it is less`() {
        var busy = host(32)
        busy.memory.available = 3_000_000_000
        let fit = fit(busy)
        #expect(fit.verdict == .cpu && fit.remarks == [.freeNow(3_000_000_000)])
    }

    @Test func `a GPU without a memory of its own takes from the same`() {
        func unified(_ memory: Int) -> HostProfile {
            let size = ByteCount(Int64(memory * Self.gigabyte))
            let gpu = GPU(vram: size, free: size, isUnified: true)
            return HostProfile(memory: Memory(total: size), gpus: [gpu])
        }
        #expect(fit(unified(16)).verdict == .gpu)
        #expect(fit(unified(12)).verdict == .no)
    }

    @Test func `what an instance of a divided GPU has is not known`() {
        var divided = host(32, 40)
        divided.gpus[0].isPartitioned = true
        #expect(fit(divided).verdict == .unknown && fit(divided).remarks == [.partitioned])
        #expect(fit(divided, gpuLayers: 0).verdict == .cpu)
    }

    @Test(arguments: [1, 1 << 30, .max]) func `settings that nobody has do not trap`(size: Int) {
        let shape = shape()
        for engine in EngineName.allCases {
            let settings = MemorySettings(
                engine: engine,
                context: size,
                slots: size,
                sharesCache: size == 1,
                batch: size,
                outputs: size,
                gpuLayers: size
            )
            for host in [host(32), host(32, 40), host(1)] {
                #expect(MemoryNeed(shape, settings).fit(settings, on: host).total.bytes > 0)
            }
        }
    }

    // MARK: An engine that takes a share

    private func shared(_ gpu: GPU, context: Int, count: Int = 1) -> MemoryFit {
        let settings = MemorySettings(engine: .vllm, context: context, memoryFraction: 0.9)
        let host = HostProfile(
            memory: Memory(total: 64_000_000_000),
            gpus: Array(repeating: gpu, count: count)
        )
        return MemoryNeed(shape(), settings).fit(settings, on: host, dividedOver: count)
    }

    @Test func `what the weights leave of a share holds keys and values`() {
        let fit = shared(GPU(vram: 24_000_000_000, free: 24_000_000_000), context: 32_768)
        #expect(fit.verdict == .gpu && fit.onGPUs == 21_600_000_000)
        guard case .leftForCache(let left, let tokens)? = fit.remarks.first else {
            Issue.record("\(fit.remarks)")
            return
        }
        // Ten layers of 2000 elements of 16 bits: 40 kB a token.
        #expect(tokens == Int(left.bytes) / 40_000 && tokens > 32_768)
        #expect(left < 9_100_000_000 && left > 8_900_000_000)
    }

    @Test func `a context that does not fit is named with the one that does`() {
        let fit = shared(GPU(vram: 14_000_000_000, free: 14_000_000_000), context: 131_072)
        #expect(fit.verdict == .no || fit.verdict == .gpu)
        let small = shared(GPU(vram: 16_000_000_000), context: 131_072)
        guard case .fitsWithContext(let tokens)? = small.remarks.last else {
            Issue.record("\(small.remarks)")
            return
        }
        #expect(small.verdict == .no && tokens < 131_072 && tokens > 10_000)
        #expect(shared(GPU(vram: 16_000_000_000), context: tokens).verdict == .gpu)
        #expect(shared(GPU(vram: 16_000_000_000), context: tokens + 1).verdict == .no)
    }

    @Test func `a share that is in use is told, and two GPUs halve the weights`() {
        let busy = shared(GPU(vram: 24_000_000_000, free: 20_000_000_000), context: 4096)
        #expect(busy.verdict == .no && busy.remarks == [.shareNotFree(missing: 1_600_000_000)])
        #expect(shared(GPU(vram: 12_000_000_000), context: 4096).verdict == .no)
        #expect(shared(GPU(vram: 12_000_000_000), context: 4096, count: 2).verdict == .gpu)
        let settings = MemorySettings(engine: .vllm, context: 4096, memoryFraction: 0.9)
        let one = MemoryNeed(shape(), settings).fit(settings, on: host(64, 80), dividedOver: 2)
        #expect(one.verdict == .no && one.remarks == [.needsGPUs(2)])
    }

    @Test func `without a GPU it says that one is wanted`() {
        let settings = MemorySettings(engine: .vllm, context: 4096)
        let fit = MemoryNeed(shape(), settings).fit(settings, on: host(64))
        #expect(fit.verdict == .no && fit.remarks == [.needsGPU])
    }
}
