import Platform
import Synchronization
import SystemPackage

/// The hash of a part under way; it reads behind the writes, from the page cache, on a thread of its own.
final class PartHasher: Sendable {
    private let digest: Mutex<RunningDigest?>

    init(_ part: RemotePart) {
        switch part.content {
        case .sha256: digest = Mutex(RunningDigest(.sha256))
        case .gitBlob: digest = Mutex(RunningDigest(gitBlobOf: part.size))
        }
    }

    /// Hashes the next bytes, which lie at `range` of the file.
    func consume(_ range: Range<Int64>, of content: File) async throws {
        guard !range.isEmpty else { return }
        try await cancellableBlocking { [self] checkCancellation in
            let count = try content.forEachChunk(
                from: range.lowerBound,
                limit: range.upperBound - range.lowerBound
            ) { bytes in
                try checkCancellation()
                digest.withLock { $0?.update(bytes) }
            }
            guard count == range.upperBound - range.lowerBound else {
                throw TransferError.system(SystemError(.ioError, operation: "read back", path: content.path))
            }
        }
    }

    /// The digest of all that was consumed; once.
    func finish() -> Digest {
        let taken = digest.withLock { $0.take() }
        guard let taken else { preconditionFailure("a digest is finished once") }
        return taken.finish()
    }
}
