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

    /// Writes what `body` makes of the bytes of a file in a home, with nobody else at it; answers whether anything changed.
    @discardableResult
    static func change(
        _ named: FilePath,
        in home: FilePath,
        _ body: ([UInt8]?) throws(DeclarationError) -> [UInt8]
    ) throws(DeclarationError) -> Bool {
        // Without a change on the disk if it would be a mistake; then again, with nobody else at the file.
        _ = try body(try read(named))
        let path = try target(of: named, in: home)
        return try withTurn(at: path) { () throws(DeclarationError) in
            let present = try read(path)
            let bytes = try body(present)
            if bytes == present { return false }
            do throws(SystemError) {
                try FileSystem.write(bytes, to: path, like: try FileSystem.status(path))
            } catch { throw DeclarationError(file: path.string, cause: error) }
            return true
        }
    }

    /// Removes a file, or the link of its name, with nobody else at it.
    static func remove(_ path: FilePath) throws(DeclarationError) {
        try withTurn(at: path) { () throws(DeclarationError) in
            do throws(SystemError) { try FileSystem.remove(path) } catch {
                throw DeclarationError(file: path.string, cause: error)
            }
        }
    }

    /// What is written for a name: the file itself, for a link the file in the home that it leads to.
    private static func target(of path: FilePath, in home: FilePath) throws(DeclarationError) -> FilePath {
        let target: FilePath
        let isInside: Bool
        do throws(SystemError) {
            guard try FileSystem.status(path, followingLinks: false)?.kind == .link else { return path }
            target = try FileSystem.resolve(path)
            isInside = target.starts(with: try FileSystem.resolve(home))
        } catch { throw DeclarationError(file: path.string, cause: error) }
        guard isInside else { throw DeclarationError(file: path.string, obstacle: .link(to: target)) }
        return target
    }

    /// A change takes milliseconds: who has not had a turn by then waits for something that hangs.
    private static let patience = Duration.seconds(5)

    /// Two changes at once would each write what they read, and one would be lost.
    private static func withTurn<Result>(
        at path: FilePath,
        _ body: () throws(DeclarationError) -> Result
    ) throws(DeclarationError) -> Result {
        let folder = path.removingLastComponent()
        let place = folder.appending(".\(path.lastComponent?.string ?? "file").lock")
        let deadline = ContinuousClock.now + patience
        var lock: FileLock?
        do throws(SystemError) {
            try FileSystem.createDirectory(folder)
            while lock == nil, ContinuousClock.now < deadline {
                lock = try FileLock.attempt(place)
                if lock == nil { usleep(10_000) }
            }
        } catch { throw DeclarationError(file: path.string, cause: error) }
        guard lock != nil else {
            throw DeclarationError(file: path.string, obstacle: .busy(process: FileLock.holder(of: place)))
        }
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }
}
