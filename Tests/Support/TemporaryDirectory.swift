import Glibc
import Platform
public import SystemPackage

/// A folder of a test's own, removed with all it holds when the last reference goes.
public final class TemporaryDirectory: Sendable {
    /// Where it is; no link is part of the path.
    public let path: FilePath

    /// Makes an empty folder below the system's temporary one, or below `parent`.
    public init(in parent: FilePath? = nil) throws {
        let parent = parent ?? FilePath(Environment.process["TMPDIR"] ?? "/tmp")
        var template = Array(parent.appending("stackctl-test.XXXXXX").string.utf8CString)
        guard let made = mkdtemp(&template) else {
            throw SystemError(Errno(rawValue: errno), operation: "make a directory in", path: parent)
        }
        guard let real = realpath(made, nil) else {
            throw SystemError(
                Errno(rawValue: errno),
                operation: "resolve",
                path: FilePath(platformString: made)
            )
        }
        defer { free(real) }
        path = FilePath(platformString: real)
    }

    deinit { try? Self.remove(path) }

    /// A path in the folder.
    public func appending(_ relative: String) -> FilePath { path.pushing(FilePath(relative)) }

    /// Puts `bytes` at a path in the folder, and makes the folders on the way.
    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>, to relative: String) throws -> FilePath {
        let file = appending(relative)
        try FileSystem.createDirectory(file.removingLastComponent())
        try FileSystem.write(Array(bytes), to: file)
        return file
    }

    /// Puts a text at a path in the folder.
    @discardableResult
    public func write(_ text: String, to relative: String) throws -> FilePath {
        try write(text.utf8, to: relative)
    }

    /// Every file in the folder, as sorted paths relative to it.
    public func files() throws -> [String] { try FileSystem.walk(path).map(\.path) }

    /// Folders that a test closed are opened first, or what is in them would stay.
    private static func remove(_ path: FilePath) throws {
        guard try FileSystem.status(path, followingLinks: false)?.kind == .directory else {
            return try FileSystem.remove(path)
        }
        _ = path.withPlatformString { chmod($0, 0o700) }
        for name in try FileSystem.list(path) { try remove(path.appending(name)) }
        try FileSystem.remove(path)
    }
}

/// Lends a new folder to `body` and removes it afterwards.
public func withTemporaryDirectory<Result>(
    _ body: (TemporaryDirectory) async throws -> Result
) async throws -> Result {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    return try await body(directory)
}
