import Glibc
public import SystemPackage

/// An advisory lock on a file, held until this value is released or the process ends.
///
/// `flock` and not a file with a process number: the kernel lets go of it whatever becomes of the process.
public final class FileLock: Sendable {
    /// Whether others may hold it too.
    public enum Mode: Sendable { case shared, exclusive }

    private let file: File

    private init(_ file: File) { self.file = file }

    /// Takes the lock if nobody else holds it; `nil` if somebody does.
    public static func attempt(_ path: FilePath, _ mode: Mode = .exclusive) throws(SystemError) -> FileLock? {
        while true {
            let file = try File(path, .update, permissions: [.ownerReadWrite, .groupReadWrite, .otherRead])
            let flag = mode == .exclusive ? LOCK_EX : LOCK_SH
            do throws(SystemError) {
                try systemCall("lock", path) { flock(file.descriptor, flag | LOCK_NB) }
            } catch {
                if error.errno == .resourceTemporarilyUnavailable { return nil }
                throw error
            }
            // The holder before us may have removed the file: then the lock is on a name that is gone.
            let held = try file.status()
            if let named = try FileSystem.status(path), named.device == held.device, named.inode == held.inode
            {
                return FileLock(file)
            }
        }
    }

    /// Waits for the lock, asking five times a second so that a cancelled task stops waiting; `onWait` is called once
    /// if it has to wait.
    public static func acquire(
        _ path: FilePath,
        _ mode: Mode = .exclusive,
        onWait: () -> Void = {}
    ) async throws -> FileLock {
        if let lock = try attempt(path, mode) { return lock }
        // Whoever only looks whether it is held has it for a moment: not worth a word.
        try await Task.sleep(for: .milliseconds(20))
        if let lock = try attempt(path, mode) { return lock }
        onWait()
        while true {
            try await Task.sleep(for: .milliseconds(200))
            if let lock = try attempt(path, mode) { return lock }
        }
    }

    /// The number of the process that holds the lock on a file, as far as the kernel tells.
    public static func holder(of path: FilePath) -> Int32? {
        guard let inode = try? FileSystem.status(path)?.inode,
            let bytes = try? FileSystem.read("/proc/locks", limit: 1_000_000)
        else { return nil }
        // For example `1: FLOCK  ADVISORY  WRITE 4711 fd:01:1234 0 EOF`.
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 5, words[1] == "FLOCK", words[5].hasSuffix(":\(inode)") else { continue }
            return Int32(words[4]).flatMap { $0 > 0 ? $0 : nil }
        }
        return nil
    }
}
