import Host
import Platform
import TestSupport
import Testing

/// NVIDIA's GPUs, by what the real tool said of them on real machines.
struct NVIDIATests {
    @Test func `two GPUs are told with their memory, their programs and the driver`() async throws {
        let profile = try await RecordedMachine("two-rtx-3090").profile()
        let first = GPU(
            index: 0,
            uuid: "GPU-5c0b2f7e-11d3-4c1a-9d0e-6f2a3b4c5d6e",
            name: "NVIDIA GeForce RTX 3090",
            vram: .mebibytes(24576),
            free: .mebibytes(1634),
            computeCapability: ShortVersion(8, 6),
            processes: [
                GPUProcess(pid: 105_927, name: "/app/llama-server", memory: .mebibytes(22200)),
                GPUProcess(pid: 4821, name: "/usr/bin/gnome-shell", memory: .mebibytes(41)),
            ]
        )
        let second = GPU(
            index: 1,
            uuid: "GPU-8e1a6d3c-7b42-4f58-8c9d-0a1b2c3d4e5f",
            name: "NVIDIA GeForce RTX 3090",
            vram: .mebibytes(24576),
            free: .mebibytes(24221),
            computeCapability: ShortVersion(8, 6),
            processes: []
        )
        #expect(profile.gpus == [first, second])
        #expect(profile.driver == GPUDriver(version: "595.84", cuda: ShortVersion(13, 2)))
        #expect(profile.gpuTrouble == nil)
    }

    @Test func `the heading of drivers since 610 is read too`() async throws {
        let profile = try await RecordedMachine("b200-driver-610").profile()
        #expect(profile.driver == GPUDriver(version: "610.43.02", cuda: ShortVersion(13, 3)))
        #expect(profile.gpus.map(\.vram) == [.mebibytes(183_359)])
        #expect(profile.gpus.map(\.computeCapability) == [ShortVersion(10, 0)])
        #expect(profile.gpus.map(\.isPartitioned) == [false])
    }

    @Test(
        arguments: [
            ("geforce-driver-470", "NVIDIA TITAN Xp", 12196, "470.256.02", ShortVersion(11, 4)),
            ("geforce-driver-396", "GeForce GTX 1070", 8114, "396.24", nil),
        ] as [(String, String, Int64, String, ShortVersion?)]
    )
    func `a driver that does not know every column is asked for those that it knows`(
        machine: String,
        name: String,
        mebibytes: Int64,
        version: String,
        cuda: ShortVersion?
    ) async throws {
        let profile = try await RecordedMachine(machine).profile()
        #expect(profile.gpus.map(\.name) == [name])
        #expect(profile.gpus.map(\.vram) == [.mebibytes(mebibytes)])
        #expect(profile.gpus.map(\.computeCapability) == [nil])
        #expect(profile.driver == GPUDriver(version: version, cuda: cuda))
        #expect(profile.gpuTrouble == nil)
    }

    @Test func `a GPU whose memory is the machine's has as much as the machine`() async throws {
        let spark = try await RecordedMachine("dgx-spark").profile()
        #expect(spark.gpus.map(\.isUnified) == [true])
        #expect(spark.gpus.map(\.vram) == [.kibibytes(127_600_748)])
        #expect(spark.gpus.map(\.free) == [.kibibytes(118_566_368)])
        #expect(spark.gpus.map(\.computeCapability) == [ShortVersion(12, 1)])
        #expect(
            spark.gpus.map(\.processes) == [
                [GPUProcess(pid: 3391, name: "/usr/lib/xorg/Xorg", memory: .mebibytes(43))]
            ]
        )

        let jetson = try await RecordedMachine("jetson-orin").profile()
        let orin = GPU(
            name: "Orin (nvgpu)",
            vram: .kibibytes(7_802_128),
            free: .kibibytes(5_101_232),
            isUnified: true,
            processes: []
        )
        #expect(jetson.gpus == [orin])
        // The tool has a version there, and the driver none.
        #expect(jetson.driver == nil && jetson.gpuTrouble == nil)
    }

    @Test func `in Windows' subsystem the tool is found where PATH does not lead`() async throws {
        let machine = try RecordedMachine("windows-subsystem", toolsIn: "usr/lib/wsl/lib")
        let profile = await machine.profile()
        #expect(profile.gpus.map(\.name) == ["NVIDIA GeForce RTX 3060 Laptop GPU"])
        #expect(profile.gpus.map(\.processes) == [[GPUProcess(pid: 33, name: nil, memory: nil)]])
        #expect(profile.driver == GPUDriver(version: "546.80", cuda: nil))
    }

    @Test func `a GPU in instances is marked, and one whose memory is not told is trouble`() async throws {
        let profile = try await RecordedMachine("a100-instances").profile()
        #expect(profile.gpus.map(\.index) == [0])
        #expect(profile.gpus.map(\.isPartitioned) == [true])
        guard case .notUnderstood(_, let words) = profile.gpuTrouble else {
            Issue.record("\(String(describing: profile.gpuTrouble))")
            return
        }
        #expect(words.contains("[Insufficient Permissions]") && words.hasSuffix("NVIDIA A100-SXM4-80GB"))
    }

    @Test func `names with commas and with commands to a terminal do no harm`() async throws {
        let machine = try RecordedMachine()
        let columns = "index, uuid, memory.total [MiB], memory.free [MiB], driver_version, name"
        // The stand-in's table has columns that end at a comma, as the answer's have.
        try machine.write(columns + "\n0, GPU-a, 100, 90, 1.2, A,B\u{1B}[31m C\n", to: "nvidia-smi/gpus")
        try machine.write(
            "gpu_uuid, pid, used_memory, process_name\nGPU-a, 7, 5, /opt/a,b/\u{7}c\nGPU-a, x, 5, d\n",
            to: "nvidia-smi/compute-apps"
        )
        let gpu = try #require(await machine.profile().gpus.first)
        #expect(gpu.name == "A,B[31m C")
        #expect(gpu.processes == [GPUProcess(pid: 7, name: "/opt/a,b/c", memory: .mebibytes(5))])
    }
}
