public import Platform
public import SystemPackage

/// An address from which bytes can be had now, with what must be sent to it; printing it shows neither.
public struct RemoteAddress: Sendable, CustomStringConvertible, CustomReflectable {
    /// An `http` or `https` URL, perhaps signed: never shown or stored.
    public let url: String
    /// Header fields to send.
    public let headers: [(name: String, value: String)]

    /// Describes an address.
    public init(url: String, headers: [(name: String, value: String)]) {
        self.url = url
        self.headers = headers
    }

    /// Says that there is an address, not which.
    public var description: String { "(address)" }
    /// Shows nothing in a dump.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A run of bytes that is kept under one address and has one hash.
public struct RemotePart: Sendable {
    /// What its bytes must hash to.
    public enum Content: Sendable, Hashable {
        /// The SHA-256 of the bytes.
        case sha256(Digest)
        /// Git's hash of a blob of these bytes.
        case gitBlob(Digest)
    }

    /// Its length.
    public let size: ByteCount
    /// What its bytes must hash to.
    public let content: Content
    /// Finds out where it can be had; asked again when an address has expired.
    public let locate: @Sendable () async throws -> RemoteAddress

    /// Describes a part.
    public init(
        size: ByteCount,
        content: Content,
        locate: @escaping @Sendable () async throws -> RemoteAddress
    ) {
        self.size = size
        self.content = content
        self.locate = locate
    }
}

/// A file to be made whole: one part, or several that follow each other.
public struct RemoteFile: Sendable {
    /// What to call it in reports.
    public let name: String
    /// The directory for its bytes and journal; the caller holds its lock.
    public let directory: FilePath
    /// Its parts, in order.
    public let parts: [RemotePart]

    /// Describes a file.
    public init(name: String, directory: FilePath, parts: [RemotePart]) {
        self.name = name
        self.directory = directory
        self.parts = parts
    }

    /// The length of all parts.
    public var size: ByteCount { parts.lazy.map(\.size).total() }
}

/// A file whose bytes are all on the disk and have the hash that was declared.
public struct ReceivedFile: Sendable {
    /// Where the bytes are.
    public let content: FilePath
    /// Their number.
    public let size: ByteCount
    /// Their SHA-256.
    public let sha256: Digest
}

/// What a transfer tells while it works.
public enum TransferEvent: Sendable {
    /// So many bytes of a file are here, those of an earlier run included.
    case received(file: String, bytes: ByteCount, of: ByteCount)
    /// The bytes of an earlier run are being hashed.
    case resuming(file: String, from: ByteCount)
    /// A try failed and is repeated after a pause.
    case retrying(file: String, reason: String, pause: Duration)
    /// The bytes did not have the declared hash and are fetched once more.
    case refetching(file: String)
    /// A file is whole and verified.
    case finished(file: String)
}

/// Why a file could not be made whole.
public enum TransferError: Error, Sendable, CustomStringConvertible {
    /// A call of the kernel failed.
    case system(SystemError)
    /// The bytes have another hash than was declared, twice.
    case wrongHash(file: String, expected: Digest, actual: Digest)
    /// The server states another length than was declared.
    case wrongSize(file: String, expected: ByteCount, actual: ByteCount)
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
        case .wrongHash(let file, let expected, let actual): "\(file): expected \(expected), got \(actual)"
        case .wrongSize(let file, let expected, let actual):
            "\(file): expected \(expected.bytes) bytes, the server has \(actual.bytes)"
        case .notTheFile(let file, let what): "\(file): \(what)"
        case .refused(let file, let status): "\(file): the server answers \(status)"
        case .gaveUp(let file, let reason): "\(file): \(reason)"
        }
    }
}
