import Platform
import Synchronization
import SystemPackage

/// The hashes of a file under way: taken in order, close behind the bytes, from the page cache.
struct FileHasher: Sendable {
    /// Fewer bytes are not worth waking up for.
    private static let stride: Int64 = 4 << 20

    let content: File
    let ledger: Monitor<Ledger>

    /// The digests of one part.
    struct PartDigests {
        /// By the algorithm that it was declared in.
        let declared: Digest
        /// The SHA-256.
        let sha256: Digest
    }

    /// Hashes a part as its bytes arrive.
    func digests(of part: RemotePart, at range: Range<Int64>) async throws -> PartDigests {
        let digests = PartDigest(part)
        var hashed = range.lowerBound
        while hashed < range.upperBound {
            let begin = hashed
            let least = min(Self.stride, range.upperBound - begin)
            hashed = try await ledger.when { ledger in
                let end = min(ledger.end(from: begin), range.upperBound)
                return end - begin >= least ? end : nil
            }
            try await digests.consume(begin..<hashed, of: content)
            let end = hashed
            ledger.update { $0.hashed = max($0.hashed, end) }
        }
        return digests.finish()
    }

    /// The SHA-256 of all that is on the disk.
    func whole(_ size: ByteCount) async throws -> Digest {
        let digests = PartDigest(sha256: ())
        try await digests.consume(0..<size.bytes, of: content)
        return digests.finish().sha256
    }
}

/// The digests of a run of bytes, fed on a thread of its own.
private final class PartDigest: Sendable {
    private let sha256: Mutex<RunningDigest?>
    private let gitBlob: Mutex<RunningDigest?>

    init(_ part: RemotePart) {
        sha256 = Mutex(RunningDigest(.sha256))
        switch part.content {
        case .sha256: gitBlob = Mutex(nil)
        case .gitBlob: gitBlob = Mutex(RunningDigest(gitBlobOf: part.size))
        }
    }

    init(sha256: Void) {
        self.sha256 = Mutex(RunningDigest(.sha256))
        gitBlob = Mutex(nil)
    }

    func consume(_ range: Range<Int64>, of content: File) async throws {
        try await cancellableBlocking { [self] checkCancellation in
            let count = try content.forEachChunk(
                from: range.lowerBound,
                limit: range.length,
                chunk: 256 << 10
            ) { bytes in
                try checkCancellation()
                sha256.withLock { $0?.update(bytes) }
                gitBlob.withLock { $0?.update(bytes) }
            }
            guard count == range.length else {
                throw SystemError(.ioError, operation: "read back", path: content.path)
            }
        }
    }

    /// The digests of all that was consumed; once.
    func finish() -> FileHasher.PartDigests {
        guard let whole = sha256.withLock({ $0.take()?.finish() }) else {
            preconditionFailure("a digest is finished once")
        }
        return FileHasher.PartDigests(
            declared: gitBlob.withLock { $0.take()?.finish() } ?? whole,
            sha256: whole
        )
    }
}
