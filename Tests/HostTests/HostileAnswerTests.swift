import Host
import Platform
import TestSupport
import Testing

/// Answers and files that no machine should have: nothing that they say ends this program.
struct HostileAnswerTests {
    /// Takes pieces away, repeats them, and puts odd ones in their place.
    private static func mutated(_ text: String, _ numbers: inout SeededNumbers) -> String {
        var words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        for _ in 0..<Int.random(in: 1...6, using: &numbers) where !words.isEmpty {
            let place = Int.random(in: 0..<words.count, using: &numbers)
            switch Int.random(in: 0..<4, using: &numbers) {
            case 0: words.remove(at: place)
            case 1: words.insert(words[place], at: Int.random(in: 0..<words.count, using: &numbers))
            case 2: words[place] = String(words[place].prefix(Int.random(in: 0..<8, using: &numbers)))
            default:
                words[place] = numbers.pick(
                    "-1",
                    "9223372036854775807,",
                    "9223372036854775808,",
                    "1e9,",
                    "[N/A],",
                    "[]",
                    ",",
                    ",,,,",
                    "0,",
                    "\n",
                    "\r\n",
                    "\u{0}",
                    "é,",
                    "-9223372036854775808,",
                    "kB",
                    ":",
                    "0::/../..",
                    "max",
                    "{"
                )
            }
        }
        return words.joined(separator: " ")
    }

    @Test(arguments: ["two-rtx-3090", "dgx-spark", "a100-instances"])
    func `answers of the tool, damaged`(machine name: String) async throws {
        var numbers = SeededNumbers(seed: 5)
        let machine = try RecordedMachine(name)
        for file in ["nvidia-smi/gpus", "nvidia-smi/compute-apps", "nvidia-smi/summary"] {
            let whole = String(decoding: try FileSystem.read(machine.appending(file)), as: UTF8.self)
            for _ in 0..<5 {
                // Through the tool itself, which would refuse a damaged heading of the table.
                let lines = whole.split(separator: "\n", maxSplits: 1).map(String.init)
                let rest = Self.mutated(lines.count > 1 ? lines[1] : "", &numbers)
                try machine.write(lines[0] + "\n" + rest, to: file)
                let profile = await machine.profile()
                #expect(profile.gpus.allSatisfy { $0.vram > 0 && ($0.free ?? 0) >= 0 })
            }
            try machine.write(whole, to: file)
        }
    }

    @Test(arguments: [
        ("container-of-version-1", "proc/meminfo"), ("container-of-version-1", "proc/self/cgroup"),
        ("container-of-version-1", "sys/fs/cgroup/memory/memory.stat"), ("nested-slices", "proc/self/cgroup"),
        ("two-rtx-3090", "proc/cpuinfo"), ("two-rtx-3090", "sys/bus/pci/devices/0000:01:00.0/uevent"),
        ("strix-halo", "sys/class/drm/card0/device/uevent"), ("strix-halo", "rocm-smi/product-names"),
        ("strix-halo", "sys/class/drm/card0/device/mem_info_gtt_total"),
        ("radeon-beside-intel", "usr/share/libdrm/amdgpu.ids"),
    ])
    func `files of the kernel, damaged`(machine name: String, file: String) async throws {
        var numbers = SeededNumbers(seed: 6)
        let machine = try RecordedMachine(name, tools: file.hasPrefix("rocm-smi") ? ["rocm-smi"] : [])
        let whole = String(decoding: try FileSystem.read(machine.appending(file)), as: UTF8.self)
        for _ in 0..<15 {
            try machine.write(Self.mutated(whole, &numbers), to: file)
            let profile = await machine.profile()
            #expect(profile.memory.total >= 0 && (profile.memory.available ?? 0) >= 0)
            #expect(profile.processor.usableThreads > 0)
            #expect(profile.gpus.allSatisfy { $0.vram > 0 && ($0.free ?? 0) >= 0 })
        }
    }

    @Test func `a whole file of zeros, of nothing, and a folder in its place`() async throws {
        for content in ["", "\u{0}\u{0}", String(repeating: "\n", count: 70_000)] {
            let machine = try RecordedMachine(tools: [])
            for file in ["proc/meminfo", "proc/cpuinfo", "proc/self/cgroup", "proc/self/status"] {
                try machine.write(content, to: file)
            }
            #expect(await machine.profile().processor.usableThreads == 1)
        }
        let machine = try RecordedMachine(tools: [])
        try machine.write("", to: "proc/meminfo/below")
        try machine.write("", to: "sys/class/drm/card0/device/vendor/below")
        #expect(await machine.profile().gpus.isEmpty)
    }
}
