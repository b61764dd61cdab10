import Glibc
public import Platform
import Synchronization
public import SystemPackage

/// What a stub serves: bytes in memory, a file, or as many bytes as wanted that are made when they are asked for.
public enum StubContent: Sendable, Hashable {
    /// Bytes in memory.
    case bytes([UInt8])
    /// The bytes of a file that does not change.
    case file(FilePath)
    /// Bytes that look random and follow from their place and the seed alone.
    case generated(size: Int64, seed: UInt64 = 0)

    /// A text's bytes.
    public static func text(_ text: String) -> StubContent { .bytes(Array(text.utf8)) }

    /// The number of bytes.
    public var size: Int64 {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .file(let path): (try? FileSystem.status(path))??.size.bytes ?? 0
        case .generated(let size, _): size
        }
    }

    /// The bytes from `offset` on, at most `count`, fewer only at the end.
    public func read(at offset: Int64, count: Int) -> [UInt8] {
        let wanted = Int(max(0, min(Int64(count), size - offset)))
        guard wanted > 0, offset >= 0 else { return [] }
        switch self {
        case .bytes(let bytes): return Array(bytes[Int(offset)..<Int(offset) + wanted])
        case .file(let path): return (try? File(path, .read).read(at: offset, count: wanted)) ?? []
        case .generated(_, let seed): return GeneratedBytes.read(seed: seed, at: offset, count: wanted)
        }
    }

    /// All the bytes; meant for small contents.
    public var all: [UInt8] { read(at: 0, count: Int(size)) }

    /// The SHA-256.
    public var sha256: Digest { Self.digests.withLock { $0[self] } ?? computeDigest() }

    /// Git's hash of a blob with this content.
    public var gitBlob: Digest {
        var digest = RunningDigest(gitBlobOf: ByteCount(size))
        forEachPiece { digest.update($0.span.bytes) }
        return digest.finish()
    }

    /// Contents of gigabytes are hashed once in a run of tests.
    private static let digests = Mutex<[StubContent: Digest]>([:])

    private func computeDigest() -> Digest {
        var digest = RunningDigest(.sha256)
        forEachPiece { digest.update($0.span.bytes) }
        let value = digest.finish()
        if case .generated = self { Self.digests.withLock { $0[self] = value } }
        return value
    }

    private func forEachPiece(_ body: ([UInt8]) -> Void) {
        var offset: Int64 = 0
        while offset < size {
            let piece = read(at: offset, count: GeneratedBytes.blockSize)
            guard !piece.isEmpty else { return }
            body(piece)
            offset += Int64(piece.count)
        }
    }
}

/// Bytes by place and seed: a block of noise, turned and stamped differently for each block, so that a test is fast
/// without optimization and bytes at a wrong place are never the right ones.
private enum GeneratedBytes {
    static let blockSize = 1 << 20

    private static let noise: [UInt8] = {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        return [UInt8](unsafeUninitializedCapacity: blockSize) { buffer, filled in
            let words = UnsafeMutableRawBufferPointer(buffer)
            for index in 0..<blockSize / 8 {
                state = mix(state)
                words.storeBytes(of: state, toByteOffset: index * 8, as: UInt64.self)
            }
            filled = blockSize
        }
    }()

    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    static func read(seed: UInt64, at offset: Int64, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let place = Int(offset) + filled
                let inBlock = place % blockSize
                let length = min(count - filled, blockSize - inBlock)
                copy(
                    block: mix(mix(seed) &+ UInt64(place / blockSize)),
                    from: inBlock,
                    to: UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<filled + length]
                    )
                )
                filled += length
            }
        }
    }

    private static func copy(block: UInt64, from start: Int, to target: UnsafeMutableRawBufferPointer) {
        let turned = (start + Int(block % UInt64(blockSize))) % blockSize
        let first = min(target.count, blockSize - turned)
        noise.withUnsafeBytes { noise in
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: noise[turned..<turned + first]))
            guard first < target.count else { return }
            UnsafeMutableRawBufferPointer(rebasing: target[first...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: noise[..<(target.count - first)]))
        }
        guard start < 8 else { return }
        for index in start..<min(8, start + target.count) {
            target[index - start] = UInt8(truncatingIfNeeded: block >> (8 * UInt64(index)))
        }
    }
}
