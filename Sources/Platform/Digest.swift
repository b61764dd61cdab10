import CCrypto
public import SystemPackage

/// A hash function of the hub.
public enum DigestAlgorithm: String, Sendable, Codable, CaseIterable {
    case sha256, sha1

    /// The length of a digest in bytes.
    public var length: Int { self == .sha256 ? 32 : 20 }
}

/// The hash of some content.
public struct Digest: Sendable, Hashable, CustomStringConvertible {
    /// The function that made it.
    public let algorithm: DigestAlgorithm
    /// The digest in lower-case hexadecimal.
    public let hex: String

    /// Accepts a digest in hexadecimal; `nil` if the length or a digit is wrong.
    public init?(_ algorithm: DigestAlgorithm, hex: some StringProtocol) {
        let lower = hex.lowercased()
        guard lower.utf8.count == algorithm.length * 2, lower.utf8.allSatisfy(\.isHexadecimalDigit) else {
            return nil
        }
        self.algorithm = algorithm
        self.hex = lower
    }

    init(_ algorithm: DigestAlgorithm, bytes: [UInt8]) {
        self.algorithm = algorithm
        hex = bytes.hexadecimal
    }

    /// For example `sha256:248dfc39…`.
    public var description: String { "\(algorithm.rawValue):\(hex)" }
}

extension UInt8 {
    fileprivate var isHexadecimalDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}

extension [UInt8] {
    fileprivate var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// A digest under way: fed in pieces, finished once.
public struct RunningDigest: ~Copyable {
    private let algorithm: DigestAlgorithm
    private let context: OpaquePointer

    /// Starts with nothing hashed.
    public init(_ algorithm: DigestAlgorithm) {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory for a digest") }
        let function = algorithm == .sha256 ? EVP_sha256() : EVP_sha1()
        guard EVP_DigestInit_ex(context, function, nil) == 1 else {
            preconditionFailure("libcrypto has no \(algorithm.rawValue)")
        }
        self.algorithm = algorithm
        self.context = context
    }

    /// Starts git's hash of a blob of `size` bytes: the SHA-1 of a header and the content.
    public init(gitBlobOf size: ByteCount) {
        self.init(.sha1)
        update(Array("blob \(size.bytes)\0".utf8).span.bytes)
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Hashes the next piece.
    public mutating func update(_ bytes: borrowing RawSpan) {
        _ = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// The digest of all that was fed.
    public consuming func finish() -> Digest {
        var bytes = [UInt8](repeating: 0, count: algorithm.length)
        EVP_DigestFinal_ex(context, &bytes, nil)
        return Digest(algorithm, bytes: bytes)
    }
}

extension Digest {
    /// The digest of bytes in memory.
    public static func of(_ bytes: [UInt8], _ algorithm: DigestAlgorithm = .sha256) -> Digest {
        var digest = RunningDigest(algorithm)
        digest.update(bytes.span.bytes)
        return digest.finish()
    }

    /// The SHA-256 of a file; `progress` is told now and then how much was read, and may throw to stop it.
    public static func ofFile(_ path: FilePath, progress: (ByteCount) throws -> Void = { _ in }) throws
        -> Digest
    {
        var digest = RunningDigest(.sha256)
        var done: Int64 = 0
        _ = try File(path, .read).forEachChunk { bytes in
            digest.update(bytes)
            done += Int64(bytes.byteCount)
            try progress(ByteCount(done))
        }
        return digest.finish()
    }
}
