import Host
import Platform
import TestSupport
import Testing

struct MemoryTests {
    @Test func `memory and swap are the kernel's, in units of 1024`() async throws {
        let memory = try await RecordedMachine("two-rtx-3090").profile().memory
        let expected = Memory(
            total: .kibibytes(131_768_592),
            available: .kibibytes(112_203_368),
            swapTotal: .kibibytes(8_388_604),
            swapFree: .kibibytes(8_386_300)
        )
        #expect(memory == expected)
        #expect(memory.total == .kibibytes(131_768_592))
    }

    @Test func `in a container its limit counts, and files that were only read are free`() async throws {
        let memory = try await RecordedMachine("container-of-version-2").profile().memory
        #expect(memory.installed == .kibibytes(65_851_664))
        #expect(memory.limit == 8_589_934_592)
        #expect(memory.total == 8_589_934_592)
        #expect(memory.available == ByteCount(8_589_934_592 - 3_221_225_472 + 1_610_612_736))
    }

    @Test func `the least limit around a group counts`() async throws {
        let profile = try await RecordedMachine("nested-slices").profile()
        #expect(profile.memory.limit == 17_179_869_184)
        #expect(profile.memory.available == ByteCount(17_179_869_184 - 16_106_127_360))
        #expect(profile.processor.usableThreads == 4)
    }

    @Test func `the first version of control groups is read, where the path is the one outside`() async throws
    {
        let profile = try await RecordedMachine("container-of-version-1").profile()
        #expect(profile.memory.limit == 4_294_967_296)
        #expect(profile.memory.available == ByteCount(4_294_967_296 - 1_073_741_824 + 536_870_912))
        #expect(profile.memory.swapFree == .kibibytes(1_048_572))
        #expect(profile.processor.usableThreads == 2)
    }

    @Test func `the largest number is no limit`() async throws {
        let profile = try await RecordedMachine("unlimited-of-version-1").profile()
        #expect(profile.memory.limit == nil)
        #expect(profile.memory.available == .kibibytes(12_582_912))
        #expect(profile.processor.usableThreads == 4)
    }

    @Test func `a limit above what the machine has changes nothing`() {
        #expect(Memory(total: 10, limit: 20).total == 10)
        #expect(Memory(total: 10, limit: 5).total == 5)
    }

    @Test func `more used than allowed leaves nothing`() async throws {
        let machine = try RecordedMachine("container-of-version-2")
        try machine.write("9589934592\n", to: "sys/fs/cgroup/memory.current")
        try machine.write("inactive_file 5\n", to: "sys/fs/cgroup/memory.stat")
        #expect(await machine.profile().memory.available == 0)
    }

    @Test func `what is not told is not known`() async throws {
        let machine = try RecordedMachine(tools: [])
        let memory = await machine.profile().memory
        #expect(memory.available == nil && memory.limit == nil)
        #expect(memory.installed == Machine.memory)
    }
}
