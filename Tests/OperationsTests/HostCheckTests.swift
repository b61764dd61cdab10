import Host
import Operations
import Platform
import SystemPackage
import Testing

/// What `doctor` says of a host.
struct HostCheckTests {
    private let memory = Memory(total: 64_000_000_000, available: 48_000_000_000)
    private let processor = Processor(
        name: "AMD EPYC",
        architecture: "x86_64",
        cores: 8,
        usableThreads: 16,
        features: [.fma, .avx2]
    )
    private static let tool: FilePath = "/usr/bin/nvidia-smi"

    private func checks(_ change: (inout HostProfile) -> Void = { _ in }) -> [String: HealthCheck] {
        var profile = HostProfile(memory: memory, processor: processor)
        change(&profile)
        let checks = Doctor.checks(of: profile)
        return Dictionary(checks.map { ($0.check, $0) }) { first, _ in first }
    }

    @Test func `a host without a GPU is as it should be`() {
        let checks = checks()
        #expect(checks["memory"]?.message == "64 GB, 48 GB of it available")
        #expect(checks["processor"]?.message == "AMD EPYC: 8 cores, 16 threads to use, with avx2 fma")
        #expect(checks["gpus"]?.message == "no GPU of NVIDIA or AMD: models run on the processor")
        #expect(checks.count == 3 && checks.values.allSatisfy { $0.state == .ok && $0.fix == nil })
    }

    @Test func `a limit and the swap space are told, and what is not known`() {
        let limited = checks {
            $0.memory = Memory(total: 64_000_000_000, limit: 8_000_000_000, swapTotal: 1000)
        }
        #expect(
            limited["memory"]?.message == """
                64 GB, how much is available is not known; this process may use 8.0 GB; 1.0 kB of swap
                """
        )
        let plain = checks { $0.processor = Processor(architecture: "aarch64") }
        #expect(plain["processor"]?.message == "aarch64: 1 thread to use")
        #expect(plain["processor"]?.state == .ok)
    }

    @Test func `a processor of x86-64 without AVX2 is warned of`() {
        let check = checks { $0.processor.features = [.avx] }["processor"]
        #expect(check?.state == .warning && check?.fix != nil)
        #expect(check?.message == "AMD EPYC: 8 cores, 16 threads to use, without AVX2")
    }

    @Test func `each GPU has a line, with who uses it`() {
        let checks = checks { profile in
            profile.gpus = [
                GPU(
                    name: "NVIDIA GeForce RTX 3090",
                    vram: 24_000_000_000,
                    free: 1_500_000_000,
                    computeCapability: ShortVersion(8, 6),
                    processes: [
                        GPUProcess(pid: 7, name: "/app/llama-server", memory: 22_000_000_000),
                        GPUProcess(pid: 8, name: nil, memory: nil),
                    ]
                ),
                GPU(name: "Radeon 8060S Graphics", vendor: .amd, vram: 118_000_000_000, isUnified: true),
            ]
            profile.driver = GPUDriver(version: "595.84", cuda: ShortVersion(13, 2))
        }
        #expect(
            checks["gpu.0"]?.message == """
                NVIDIA GeForce RTX 3090: 1.5 GB free of 24 GB, compute capability 8.6, used by \
                `/app/llama-server` (22 GB), process 8
                """
        )
        #expect(checks["gpu.1"]?.message == "Radeon 8060S Graphics: 118 GB, which are the machine's")
        #expect(checks["driver"]?.message == "NVIDIA's driver 595.84, which runs CUDA up to 13.2")
        #expect(checks["gpus"] == nil)
    }

    @Test func `a GPU in instances is warned of`() {
        let check = checks { $0.gpus = [GPU(index: 3, vram: 80, isPartitioned: true)] }["gpu.0"]
        #expect(check?.state == .warning)
        #expect(check?.fix?.contains("sudo nvidia-smi -i 3 -mig 0") == true)
    }

    @Test(
        arguments: [
            (
                .noTool(devices: 2), "2 NVIDIA GPUs, and no `nvidia-smi` to ask about them",
                "install NVIDIA's driver"
            ),
            (
                .noTool(devices: 1), "1 NVIDIA GPU, and no `nvidia-smi` to ask about it",
                "install NVIDIA's driver"
            ),
            (
                .notStarted(SystemError(.execFormatError, operation: "run", path: tool)),
                "cannot run /usr/bin/nvidia-smi: Exec format error", "anew"
            ),
            (
                .silent(tool: tool, after: .seconds(10)),
                "`/usr/bin/nvidia-smi` has not answered within 10 s", "restart"
            ),
            (
                .failed(tool: tool, status: 18, words: "mismatch"),
                "`/usr/bin/nvidia-smi` ended with status 18: mismatch", "the driver was updated"
            ),
            (
                .failed(tool: tool, status: 9, words: "x"), "`/usr/bin/nvidia-smi` ended with status 9: x",
                "modprobe"
            ),
            (
                .failed(tool: tool, status: 4, words: "x"), "`/usr/bin/nvidia-smi` ended with status 4: x",
                "/dev/nvidia"
            ),
            (
                .failed(tool: tool, status: 15, words: "x"), "`/usr/bin/nvidia-smi` ended with status 15: x",
                "power"
            ),
            (
                .failed(tool: tool, status: 255, words: "x"),
                "`/usr/bin/nvidia-smi` ended with status 255: x", "dmesg"
            ),
            (.notUnderstood(tool: tool, words: ""), "`/usr/bin/nvidia-smi` says nothing", "dmesg"),
            (.notUnderstood(tool: tool, words: "y"), "`/usr/bin/nvidia-smi` says only: y", "dmesg"),
        ] as [(GPUTrouble, String, String)]
    )
    func `trouble is told with what to do`(trouble: GPUTrouble, message: String, fix: String) {
        let alone = checks { $0.gpuTrouble = trouble }["gpus"]
        #expect(alone?.message == message)
        #expect(alone?.fix?.contains(fix) == true, "\(alone?.fix ?? "")")
        if case .noTool = trouble {
            #expect(alone?.state == .warning)
        } else {
            #expect(alone?.state == .problem)
        }
        let beside = checks {
            $0.gpuTrouble = trouble
            $0.gpus = [GPU(vram: 1)]
        }
        #expect(beside["gpus"]?.state == .warning && beside["gpu.0"]?.state == .ok)
        let radeon = checks {
            $0.gpuTrouble = trouble
            $0.gpus = [GPU(vendor: .amd, vram: 1)]
        }
        #expect(radeon["gpus"]?.state == alone?.state)
    }
}
