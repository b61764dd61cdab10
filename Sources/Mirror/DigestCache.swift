import Platform
import Synchronization
import SystemPackage

/// The digests of files, made when they are first asked for and kept as long as the files stay as they were.
final class DigestCache: Sendable {
    private struct Key: Hashable {
        let algorithm: DigestAlgorithm
        let device: UInt64
        let inode: UInt64
        let size: ByteCount
        let modified: Int64
    }

    /// Tasks and not digests: whoever asks while a file is read waits for the same reading.
    private let known = Mutex<[Key: Task<Digest?, any Error>]>([:])
    private static let most = 100_000
    private let threads: DiskThreads

    init(_ threads: DiskThreads) { self.threads = threads }

    /// The digest of a file that has the given status; `nil` if it has another by now.
    func digest(of path: FilePath, _ status: FileStatus, _ algorithm: DigestAlgorithm) async throws -> Digest?
    {
        let key = Key(
            algorithm: algorithm,
            device: status.device,
            inode: status.inode,
            size: status.size,
            modified: status.modifiedNanoseconds
        )
        let task = known.withLock { known in
            if let task = known[key] { return task }
            if known.count >= Self.most { known = [:] }
            let task = Task { [threads] in try await threads.run { try Self.hashed(path, status, algorithm) }
            }
            known[key] = task
            return task
        }
        do {
            if let digest = try await task.value { return digest }
        } catch {
            forget(key)
            throw error
        }
        forget(key)
        return nil
    }

    private func forget(_ key: Key) { known.withLock { $0[key] = nil } }

    private static func hashed(_ path: FilePath, _ status: FileStatus, _ algorithm: DigestAlgorithm) throws
        -> Digest?
    {
        let file: File
        do throws(SystemError) { file = try File(path, .read) } catch {
            if error.isNotFound { return nil }
            throw error
        }
        guard try file.status().isSameContent(as: status) else { return nil }
        var digest = algorithm == .sha256 ? RunningDigest(.sha256) : RunningDigest(gitBlobOf: status.size)
        let count = try file.forEachChunk(limit: status.size.bytes) { digest.update($0) }
        guard count == status.size.bytes, try file.status().isSameContent(as: status) else { return nil }
        return digest.finish()
    }
}

extension FileStatus {
    /// Whether a file is still the one that it was, as far as the kernel tells.
    func isSameContent(as other: FileStatus) -> Bool {
        kind == .file && version == other.version
    }
}
