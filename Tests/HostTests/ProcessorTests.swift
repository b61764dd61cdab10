import Host
import TestSupport
import Testing

struct ProcessorTests {
    @Test func `a processor is told with its cores, and with what all of them can do`() async throws {
        let processor = try await RecordedMachine("two-rtx-3090").profile().processor
        #expect(processor.name == "AMD Ryzen 7 5800X3D 8-Core Processor")
        #expect(processor.sockets == 1)
        #expect(processor.cores == 2)
        #expect(processor.usableThreads == 8)
        #expect(processor.features == [.avx, .avx2, .f16c, .fma, .bmi2])
    }

    @Test func `ARM's extensions have the names that everybody uses`() async throws {
        let processor = try await RecordedMachine("dgx-spark").profile().processor
        #expect(processor.features == [.neon, .fp16, .dotprod, .i8mm, .bf16, .sve, .sve2])
        #expect(processor.name == nil)
        #expect(processor.cores == nil && processor.sockets == nil)
    }

    @Test func `the newest extensions of x86-64 are known by the kernel's names`() async throws {
        let machine = try RecordedMachine(tools: [])
        let flags = "avx512f avx512bw avx512vl avx512_vnni avx_vnni avx512_bf16 amx_bf16 amx_tile amx_int8"
        try machine.write("processor\t: 0\nflags\t\t: \(flags)\n", to: "proc/cpuinfo")
        #expect(
            await machine.profile().processor.features == [
                .avx512f, .avx512bw, .avx512vl, .avx512VNNI, .avxVNNI, .avx512BF16, .amxBF16, .amxInt8,
            ]
        )
    }

    @Test(arguments: [
        ("0-7", 8), ("0,2,4-7", 6), ("3", 1), ("", 1), ("7-3", 1), ("a-b", 1), ("1-", 1), ("0-1-2", 1),
        ("0-99999999999", 1), ("-1", 1), ("1,,2", 1),
    ])
    func `the threads that may be used are counted, and never none`(list: String, count: Int) async throws {
        let machine = try RecordedMachine(tools: [])
        try machine.write("Name:\tx\nCpus_allowed_list:\t\(list)\n", to: "proc/self/status")
        #expect(await machine.profile().processor.usableThreads == count)
    }

    @Test(arguments: [
        ("400000 100000", 4), ("250000 100000", 3), ("1000 100000", 1), ("max 100000", 8), ("0 100000", 8),
        ("100000 0", 8), ("100000", 8), ("9223372036854775807 1", 8), ("x y", 8), ("", 8),
    ])
    func `a share of the processors' time limits the threads`(share: String, count: Int) async throws {
        let machine = try RecordedMachine(tools: [])
        try machine.write("Cpus_allowed_list:\t0-7\n", to: "proc/self/status")
        try machine.write("0::/a\n", to: "proc/self/cgroup")
        try machine.write(share + "\n", to: "sys/fs/cgroup/a/cpu.max")
        #expect(await machine.profile().processor.usableThreads == count)
    }
}
