public import SystemPackage

/// A call of the kernel that failed: what was tried, on which path, and the kernel's reason.
public struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kernel's reason.
    public let errno: Errno
    /// The verb of what was tried, for example `open`.
    public let operation: String
    /// What it was tried on.
    public let path: FilePath?

    /// Describes a failed call.
    public init(_ errno: Errno, operation: String, path: FilePath?) {
        self.errno = errno
        self.operation = operation
        self.path = path
    }

    /// For example `cannot open /models/a: Permission denied`.
    public var description: String {
        guard let path else { return "cannot \(operation): \(errno)" }
        return "cannot \(operation) \(path): \(errno)"
    }

    /// No space on the filesystem, or the user's quota on it is used up.
    public var isNoSpace: Bool { errno == .noSpace || errno == .diskQuotaExceeded }
    /// The user may not do this here, or nobody may (a read-only filesystem).
    public var isAccessRefused: Bool {
        errno == .permissionDenied || errno == .notPermitted || errno == .readOnlyFileSystem
    }
    /// The filesystem or the kernel has no such operation.
    public var isUnsupported: Bool {
        errno == .notSupported || errno == .noFunction
    }
    /// There is something at the path already.
    public var isExisting: Bool { errno == .fileExists }
    /// There is nothing at the path.
    public var isNotFound: Bool { errno == .noSuchFileOrDirectory }
}
