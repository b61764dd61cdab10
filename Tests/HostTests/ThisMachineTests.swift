import Glibc
import Host
import Platform
import TestSupport
import Testing

/// The machine that the tests run on, asked twice in two ways.
struct ThisMachineTests {
    private func profile() async -> HostProfile { await HostProfile.read(environment: .process) }

    @Test func `the memory is the kernel's own number`() async throws {
        let memory = await profile().memory
        // The kernel keeps some pages that no file of it counts.
        #expect(memory.installed == Machine.memory)
        let available = try #require(memory.available)
        #expect(available > 0 && available <= memory.total)
        #expect(memory.swapFree <= memory.swapTotal)
    }

    @Test func `the threads are no more than there are, and the architecture is this program's`() async {
        let processor = await profile().processor
        #expect((1...sysconf(Int32(_SC_NPROCESSORS_ONLN))).contains(processor.usableThreads))
        #if arch(x86_64)
        #expect(processor.architecture == "x86_64")
        #elseif arch(arm64)
        #expect(processor.architecture == "aarch64")
        #endif
    }

    @Test(.enabled(if: Environment.process.program("nvidia-smi") == nil, "there is a GPU's tool"))
    func `without a tool there is neither a GPU nor a driver`() async {
        let profile = await profile()
        #expect(!profile.gpus.contains { $0.vendor == .nvidia } && profile.driver == nil)
    }
}
