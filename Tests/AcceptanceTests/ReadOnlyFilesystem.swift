import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// An empty filesystem that nobody may write to, which only root can have.
final class ReadOnlyFilesystem: Sendable {
    let path: FilePath
    private let parent: TemporaryDirectory

    /// Where all tests must run, not being able to mount is a failure and no reason to leave them out.
    static let isExpected = Environment.process["CI"] != nil || (try? ReadOnlyFilesystem()) != nil
    static let reason: Comment = "only root, with the right to mount, can make a read-only filesystem"

    init() throws {
        parent = try TemporaryDirectory()
        path = parent.path
        guard mount("tmpfs", path.string, "tmpfs", UInt(MS_RDONLY), "size=1m") == 0 else {
            throw SystemError(Errno(rawValue: errno), operation: "mount a filesystem at", path: path)
        }
    }

    deinit { umount2(path.string, Int32(MNT_DETACH)) }
}
