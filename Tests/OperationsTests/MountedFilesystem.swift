import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// A small filesystem of a test's own, which only root can have.
final class MountedFilesystem: Sendable {
    let path: FilePath
    private let parent: TemporaryDirectory
    private let size: String

    /// Where all tests must run, not being able to mount is a failure and no reason to leave them out.
    static let isExpected = Environment.process["CI"] != nil || (try? MountedFilesystem(size: "1m")) != nil
    static let reason: Comment = "only root, with the right to mount, can make a small filesystem"

    init(size: String) throws {
        parent = try TemporaryDirectory()
        path = parent.path
        self.size = size
        try mount(0)
    }

    deinit { umount2(path.string, Int32(MNT_DETACH)) }

    /// Lets nobody write to it any more.
    func makeReadOnly() throws { try mount(UInt(MS_REMOUNT) | UInt(MS_RDONLY)) }

    private func mount(_ flags: UInt) throws {
        guard Glibc.mount("tmpfs", path.string, "tmpfs", flags, "size=\(size)") == 0 else {
            throw SystemError(Errno(rawValue: errno), operation: "mount a filesystem at", path: path)
        }
    }
}
