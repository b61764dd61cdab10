import Host
import Platform
import TestSupport
import Testing

struct AMDTests {
    @Test func `a Radeon beside another vendor's GPU is told with the name that Mesa has`() async throws {
        let profile = try await RecordedMachine("radeon-beside-intel", tools: []).profile()
        let radeon = GPU(
            uuid: "GPU-3d4595974090853c",
            name: "AMD Radeon RX 7900 XTX",
            vendor: .amd,
            vram: 25_753_026_560,
            free: ByteCount(25_753_026_560 - 2_011_234_304)
        )
        #expect(profile.gpus == [radeon])
        #expect(profile.driver == nil && profile.gpuTrouble == nil)
    }

    @Test func `a GPU inside the processor has what the driver maps of the machine's memory`() async throws {
        let machine = try RecordedMachine("strix-halo", tools: ["rocm-smi"])
        let gpu = try #require(await machine.profile().gpus.first)
        #expect(gpu.name == "Radeon 8060S Graphics")
        #expect(gpu.isUnified)
        #expect(gpu.vram == ByteCount(536_870_912 + 118_111_600_640))
        // Of the mapped memory no more than the machine has left.
        #expect(gpu.free == ByteCount(536_870_912 - 226_492_416) + .kibibytes(97_656_250))
    }

    @Test func `the vendor's tool is not needed, and not trusted`() async throws {
        let machine = try RecordedMachine("strix-halo", tools: [])
        #expect(await machine.profile().gpus.map(\.name) == ["AMD GPU 1002:1586"])
        for words in ["", "{", "{}", "[]", #"{"card0": 1}"#, #"{"card0": {"PCI Bus": "0000:C4:00.0"}}"#] {
            let other = try RecordedMachine("strix-halo", tools: ["rocm-smi"])
            try other.write(words, to: "rocm-smi/product-names")
            #expect(await other.profile().gpus.map(\.name) == ["AMD GPU 1002:1586"], "\(words)")
        }
    }

    @Test func `GPUs are in the order of their slots, and without a driver there is none`() async throws {
        let profile = try await RecordedMachine("two-mi210", tools: []).profile()
        #expect(profile.gpus.map(\.index) == [0, 1])
        #expect(profile.gpus.map(\.name) == ["AMD INSTINCT MI210 (MCM) OAM", "AMD GPU 1002:740f"])
        #expect(profile.gpus.map(\.free) == [ByteCount(68_702_699_520 - 10_854_400), 0])
        #expect(profile.gpus.map(\.isUnified) == [false, false])
    }
}
