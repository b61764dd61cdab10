import Glibc
import Platform
import SystemPackage

/// Files of the user that are read and written whole.
enum DeclaredFile {
    /// The bytes of a file, or `nil` if there is none.
    static func read(_ path: FilePath) throws(DeclarationError) -> [UInt8]? {
        do throws(SystemError) {
            guard let status = try FileSystem.status(path) else { return nil }
            // A pipe or a device would be waited for, or read without end.
            guard status.kind == .file else {
                let reason: Errno = status.kind == .directory ? .isDirectory : .invalidArgument
                throw SystemError(reason, operation: "read", path: path)
            }
            return try FileSystem.read(path, limit: ByteCount(Int64(YAMLParser.largestSize)))
        } catch {
            throw DeclarationError(file: path.string, cause: error)
        }
    }

    /// Writes what `body` makes of a file's bytes, with nobody else at it; answers whether anything changed.
    @discardableResult
    static func change(
        _ path: FilePath,
        _ body: ([UInt8]?) throws(DeclarationError) -> [UInt8]
    ) throws(DeclarationError) -> Bool {
        // Without a change on the disk if it would be a mistake; then again, with nobody else at the file.
        _ = try body(try read(path))
        let lock = try takeTurn(at: path)
        defer { withExtendedLifetime(lock) {} }
        let present = try read(path)
        let bytes = try body(present)
        if bytes == present { return false }
        do throws(SystemError) {
            // The file is replaced, and the link would be instead of it.
            if try FileSystem.status(path, followingLinks: false)?.kind == .link {
                throw SystemError(.fileExists, operation: "replace the link", path: path)
            }
            try FileSystem.write(bytes, to: path)
        } catch { throw DeclarationError(file: path.string, cause: error) }
        return true
    }

    /// Two changes at once would each write what they read, and one would be lost.
    private static func takeTurn(at path: FilePath) throws(DeclarationError) -> FileLock {
        let folder = path.removingLastComponent()
        do throws(SystemError) {
            try FileSystem.createDirectory(folder)
            while true {
                let name = ".\(path.lastComponent?.string ?? "file").lock"
                if let lock = try FileLock.attempt(folder.appending(name)) { return lock }
                usleep(10_000)
            }
        } catch { throw DeclarationError(file: path.string, cause: error) }
    }
}
