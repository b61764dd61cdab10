import Glibc
import Host
import Platform
import SystemPackage
import TestSupport

/// A machine whose files and tools are laid out below a folder, as a real one had them.
final class RecordedMachine: Sendable {
    private let directory: TemporaryDirectory

    /// Lays out a recording, which has a line with a path before the content of each file.
    init(_ name: String? = nil, tools: [String] = ["nvidia-smi"], toolsIn folder: String = "bin") throws {
        directory = try TemporaryDirectory()
        if let name { try layOut(String(decoding: Self.fixture("machines/\(name)"), as: UTF8.self)) }
        try FileSystem.createDirectory(appending(folder))
        for tool in tools {
            let script = Self.folder.appending(tool)
            guard symlink(script.string, appending(folder).appending(tool).string) == 0 else {
                throw SystemError(Errno(rawValue: errno), operation: "link", path: script)
            }
        }
    }

    private static let folder = FilePath(#filePath).removingLastComponent().appending("Fixtures")

    private static func fixture(_ name: String) throws -> [UInt8] {
        try FileSystem.read(folder.pushing(FilePath(name)))
    }

    var root: FilePath { directory.path }

    func appending(_ path: String) -> FilePath { root.pushing(FilePath(path)) }

    func write(_ text: String, to path: String) throws {
        try FileSystem.createDirectory(appending(path).removingLastComponent())
        try FileSystem.write(Array(text.utf8), to: appending(path), durably: false)
    }

    private func layOut(_ recording: String) throws {
        for part in ("\n" + recording).split(separator: "\n--- ") {
            let lines = part.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            try write(lines.count > 1 ? "\(lines[1])\n" : "", to: String(lines[0]))
        }
    }

    /// What is found on it; a tool that says nothing is given up soon.
    func profile(limit: Duration = .seconds(60)) async -> HostProfile {
        await HostProfile.read(
            environment: ["PATH": appending("bin").string, "CUDA_VISIBLE_DEVICES": "1"],
            root: root,
            limit: limit
        )
    }
}

extension RecordedMachine {
    /// One with so many GPUs of NVIDIA plugged in, and a tool that says something and ends with a status.
    convenience init(devices: Int, saying words: String, status: Int32) throws {
        try self.init()
        try plugIn(devices)
        try write(words, to: "nvidia-smi/words")
        try write("\(status)", to: "nvidia-smi/status")
    }

    func plugIn(_ devices: Int, driver: String = "nvidia") throws {
        for number in 0..<devices {
            try write(
                "DRIVER=\(driver)\nPCI_CLASS=30200\nPCI_ID=10DE:2330\nPCI_SLOT_NAME=0000:\(number)1:00.0\n",
                to: "sys/bus/pci/devices/0000:\(number)1:00.0/uevent"
            )
        }
    }
}

extension ByteCount {
    static func kibibytes(_ count: Int64) -> ByteCount { ByteCount(count << 10) }
    static func mebibytes(_ count: Int64) -> ByteCount { ByteCount(count << 20) }
}

/// Lets everybody run a file.
func makeExecutable(_ path: FilePath) throws {
    guard chmod(path.string, 0o755) == 0 else {
        throw SystemError(Errno(rawValue: errno), operation: "make executable", path: path)
    }
}
