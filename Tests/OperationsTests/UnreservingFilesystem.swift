import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// A small filesystem that cannot take room for a file before its bytes come, as FAT, NFS and others cannot: ext2 in a
/// file, which only root can mount.
final class UnreservingFilesystem: Sendable {
    let path: FilePath
    private let parent: TemporaryDirectory

    static let reason: Comment =
        "only root, with the right to mount and mkfs.ext2, can make such a filesystem"
    private static let maker: FilePath = "/usr/sbin/mkfs.ext2"

    /// Where all tests must run and the tools are there, not being able to mount is a failure and no reason to leave
    /// them out.
    static func isExpected() async -> Bool {
        let hasTools = FileSystem.exists(maker) && FileSystem.exists("/dev/loop-control")
        if Environment.process["CI"] != nil, hasTools { return true }
        return (try? await UnreservingFilesystem(megabytes: 1)) != nil
    }

    init(megabytes: Int) async throws {
        parent = try TemporaryDirectory()
        path = parent.appending("mounted")
        try FileSystem.createDirectory(path)
        let image = parent.appending("image")
        try File(image, .create).truncate(to: ByteCount(Int64(megabytes) << 20))
        try await Self.run(Self.maker, ["-q", "-F", "-m", "0", image.string])
        try await Self.run("/bin/mount", ["-t", "ext2", "-o", "loop", image.string, path.string])
    }

    deinit { umount2(path.string, Int32(MNT_DETACH)) }

    private struct ToolFailed: Error { let words: String }

    private static func run(_ tool: FilePath, _ arguments: [String]) async throws {
        let result = try await BinaryRun.run(tool, arguments)
        guard result.status == 0 else { throw ToolFailed(words: result.errors) }
    }
}
