import Host
import Platform
import SystemPackage
import TestSupport
import Testing

/// What is told when NVIDIA's tool is not there, or there and of no use.
struct NVIDIATroubleTests {
    /// What the real tool says, and the status that it ends with.
    static let failures: [(words: String, status: Int32)] = [
        ("Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.161\n", 18),
        (
            """
            NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. \
            Make sure that the latest NVIDIA driver is installed and running.

            Failed to properly shut down NVML: Driver Not Loaded

            """, 9
        ),
        ("Unable to determine the device handle for GPU0000:65:00.0: Unknown Error\n", 255),
        ("Failed to initialize NVML: Insufficient Permissions\n", 4),
    ]

    @Test(arguments: failures, [0, 1])
    func `a tool that fails is told with its words`(
        failure: (words: String, status: Int32),
        devices: Int
    ) async throws {
        let machine = try RecordedMachine(devices: devices, saying: failure.words, status: failure.status)
        let profile = await machine.profile()
        let words = failure.words.split(separator: "\n").joined(separator: " ")
        let tool = machine.appending("bin/nvidia-smi")
        #expect(profile.gpuTrouble == .failed(tool: tool, status: failure.status, words: words))
        #expect(profile.gpus.isEmpty && profile.driver == nil)
    }

    @Test(arguments: [0, 6] as [Int32])
    func `a driver without a GPU is no trouble, unless one is plugged in`(status: Int32) async throws {
        let words = "No devices were found\n"
        let none = try RecordedMachine(devices: 0, saying: words, status: status)
        #expect(await none.profile().gpuTrouble == nil)
        let one = try RecordedMachine(devices: 1, saying: words, status: status)
        let tool = one.appending("bin/nvidia-smi")
        let trouble: GPUTrouble =
            status == 0
            ? .notUnderstood(tool: tool, words: "No devices were found")
            : .failed(tool: tool, status: status, words: "No devices were found")
        #expect(await one.profile().gpuTrouble == trouble)
    }

    @Test func `a tool that says nothing is given up`() async throws {
        let machine = try RecordedMachine()
        try machine.write("", to: "nvidia-smi/hangs")
        let start = ContinuousClock.now
        let profile = await machine.profile(limit: .milliseconds(300))
        #expect(ContinuousClock.now - start < .seconds(20))
        let tool = machine.appending("bin/nvidia-smi")
        #expect(profile.gpuTrouble == .silent(tool: tool, after: .milliseconds(300)))
        #expect(profile.gpus.isEmpty && profile.driver == nil)
    }

    @Test func `a tool that talks without end is stopped`() async throws {
        let machine = try RecordedMachine()
        try machine.write("", to: "nvidia-smi/endless")
        let profile = await machine.profile()
        guard case .failed(_, _, let words) = profile.gpuTrouble else {
            Issue.record("\(String(describing: profile.gpuTrouble))")
            return
        }
        #expect(words.hasPrefix("NVIDIA-SMI has failed") && words.count <= 500)
    }

    @Test(arguments: ["", "\n\n", "hello\n", "0\n", "0, GPU-1\n", "x, y, 1, 2, 3, 4, 5, 6\n"])
    func `a tool that answers something else is told so if a GPU is plugged in`(words: String) async throws {
        let machine = try RecordedMachine(devices: 1, saying: words, status: 0)
        let trouble = GPUTrouble.notUnderstood(
            tool: machine.appending("bin/nvidia-smi"),
            words: words.split(separator: "\n").joined()
        )
        #expect(await machine.profile().gpuTrouble == trouble)
    }

    @Test func `the GPUs that do answer are listed beside the one that is lost`() async throws {
        let machine = try RecordedMachine("b200-driver-610")
        let table = machine.appending("nvidia-smi/gpus")
        let lost = "Unable to determine the device handle for GPU0000:68:00.0: GPU is lost."
        let text = String(decoding: try FileSystem.read(table), as: UTF8.self)
        try machine.write(text + lost + "\n", to: "nvidia-smi/gpus")
        let profile = await machine.profile()
        #expect(profile.gpus.map(\.name) == ["NVIDIA B200"])
        let tool = machine.appending("bin/nvidia-smi")
        #expect(profile.gpuTrouble == .notUnderstood(tool: tool, words: lost))
    }

    @Test func `programs that are not told are unknown, not none`() async throws {
        let machine = try RecordedMachine("b200-driver-610")
        #expect(await machine.profile().gpus.map(\.processes) == [[]])
        try machine.write("gpu_uuid, pid\n", to: "nvidia-smi/compute-apps")
        #expect(await machine.profile().gpus.map(\.processes) == [nil])
    }

    @Test func `a GPU without the driver's tool is trouble`() async throws {
        let machine = try RecordedMachine(tools: [])
        #expect(await machine.profile().gpuTrouble == nil)
        try machine.plugIn(2, driver: "nouveau")
        #expect(await machine.profile().gpuTrouble == .noTool(devices: 2))
    }

    @Test func `a GPU that is lent to a virtual machine is not this machine's`() async throws {
        let machine = try RecordedMachine(tools: [])
        try machine.plugIn(1, driver: "vfio-pci")
        #expect(await machine.profile().gpuTrouble == nil)
    }

    @Test func `a tool that cannot be started is told with the kernel's reason`() async throws {
        let machine = try RecordedMachine(tools: [])
        try machine.write("\u{7F}ELF and no more", to: "bin/nvidia-smi")
        try makeExecutable(machine.appending("bin/nvidia-smi"))
        guard case .notStarted(let error) = await machine.profile().gpuTrouble else {
            Issue.record("the tool has run")
            return
        }
        #expect(error.path == machine.appending("bin/nvidia-smi"))
    }

    @Test func `every trouble has words of its own`() {
        let tool: FilePath = "/usr/bin/nvidia-smi"
        let all: [(GPUTrouble, String)] = [
            (.noTool(devices: 2), "nvidia-smi is missing, with 2 NVIDIA GPUs plugged in"),
            (.silent(tool: tool, after: .seconds(10)), "/usr/bin/nvidia-smi did not answer within 10 s"),
            (.failed(tool: tool, status: 9, words: "no"), "/usr/bin/nvidia-smi ended with status 9: no"),
            (.notUnderstood(tool: tool, words: "no"), "/usr/bin/nvidia-smi said: no"),
        ]
        for (trouble, words) in all { #expect(trouble.description == words) }
    }
}
