import Glibc
public import SystemPackage

/// A file's bytes as memory, for files that were renamed into place and are never rewritten.
///
/// A file that is cut while it is mapped kills the process (SIGBUS); files under way are read with `File`.
public struct MappedFile: ~Copyable {
    private let base: UnsafeRawPointer?
    /// The number of bytes.
    public let count: Int

    /// Maps a whole file.
    public init(_ path: FilePath) throws(SystemError) {
        let file = try File(path, .read)
        let size = Int(try file.status().size.bytes)
        guard size > 0 else {
            (base, count) = (nil, 0)
            return
        }
        let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
        guard let address, address != MAP_FAILED else {
            throw SystemError(Errno(rawValue: errno), operation: "map", path: path)
        }
        (base, count) = (UnsafeRawPointer(address), size)
    }

    deinit {
        if let base { munmap(UnsafeMutableRawPointer(mutating: base), count) }
    }

    /// Lends the bytes to `body`.
    public func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: base, count: count).bytes)
    }
}
