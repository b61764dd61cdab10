import Glibc
public import Platform
public import SystemPackage

/// How much a filesystem can hold.
public struct DiskSpace: Sendable, Equatable {
    /// The filesystem's size.
    public let total: ByteCount
    /// What this user may still write.
    public let available: ByteCount

    /// Asks the filesystem that holds `path`, or that would hold it: of the nearest parent that exists.
    public init(at path: FilePath) throws(SystemError) {
        var place = path
        while !place.isEmpty, try FileSystem.status(place) == nil { place = place.removingLastComponent() }
        var space = statvfs()
        let asked = place.isEmpty ? "." : place
        guard asked.withPlatformString({ statvfs($0, &space) }) == 0 else {
            throw SystemError(Errno(rawValue: errno), operation: "ask for the free space of", path: asked)
        }
        total = Self.size(UInt64(space.f_blocks), blocksOf: UInt64(space.f_frsize))
        available = Self.size(UInt64(space.f_bavail), blocksOf: UInt64(space.f_frsize))
    }

    private static func size(_ count: UInt64, blocksOf size: UInt64) -> ByteCount {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        return ByteCount(overflow ? .max : Int64(clamping: product))
    }
}
