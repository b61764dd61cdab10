public import Platform

/// What a transfer tells while it works.
public enum TransferEvent: Sendable {
    /// So many bytes of a file are here, those of an earlier run included.
    case received(file: String, bytes: ByteCount, of: ByteCount)
    /// The bytes of an earlier run are being hashed.
    case resuming(file: String, from: ByteCount)
    /// A try failed and is repeated after a pause.
    case retrying(file: String, reason: String, pause: Duration)
    /// A server's quota of requests is used up for so long: it is left alone until then.
    case heldOff(host: String, pause: Duration)
    /// All bytes are here, and the last of them are being hashed.
    case verifying(file: String)
    /// The bytes did not have the declared hash and are fetched once more.
    case refetching(file: String)
    /// These segments came with other bytes the second time, and have been replaced.
    case mended(file: String, [Range<Int64>])
    /// A file is whole and verified.
    case finished(file: String)
}

/// Why a file could not be made whole.
public enum TransferError: Error, Sendable, CustomStringConvertible {
    /// A call of the kernel failed.
    case system(SystemError)
    /// The bytes have another hash than was declared, also after a second fetch, in which these segments differed.
    case wrongHash(file: String, expected: Digest, actual: Digest, differing: [Range<Int64>])
    /// The server states another length than was declared.
    case wrongSize(file: String, expected: ByteCount, actual: ByteCount)
    /// The server has another version of the file than at first.
    case changed(file: String, String)
    /// The server's quota of requests is used up for longer than is worth waiting.
    case heldOff(host: String, seconds: Int)
    /// The server gives something else than the file.
    case notTheFile(file: String, String)
    /// The server refuses, for good.
    case refused(file: String, status: Int)
    /// No progress after many tries; the last reason.
    case gaveUp(file: String, reason: String)

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .system(let error): "\(error)"
        case .wrongHash(let file, let expected, let actual, _):
            "\(file): expected \(expected), got \(actual)"
        case .changed(let file, let what): "\(file): \(what)"
        case .heldOff(let host, let seconds): "\(host): too many requests, for \(seconds) s"
        case .wrongSize(let file, let expected, let actual):
            "\(file): expected \(expected.bytes) bytes, the server has \(actual.bytes)"
        case .notTheFile(let file, let what): "\(file): \(what)"
        case .refused(let file, let status): "\(file): the server answers \(status)"
        case .gaveUp(let file, let reason): "\(file): \(reason)"
        }
    }
}
