public import Platform
public import SystemPackage

/// An address from which bytes can be had now, with what must be sent to it; printing it shows neither.
public struct RemoteAddress: Sendable, CustomStringConvertible, CustomReflectable {
    /// An `http` or `https` URL, perhaps signed: never shown or stored.
    public let url: String
    /// Header fields to send.
    public let headers: [(name: String, value: String)]
    /// Where its redirect to a `Location` leads, and with what; `nil` refuses it.
    let redirected: (@Sendable (_ location: String) -> RemoteAddress?)?

    /// Describes an address; unless `redirected` says where, redirects are not followed.
    public init(
        url: String,
        headers: [(name: String, value: String)],
        redirected: (@Sendable (_ location: String) -> RemoteAddress?)? = nil
    ) {
        self.url = url
        self.headers = headers
        self.redirected = redirected
    }

    /// Says that there is an address, not which.
    public var description: String { "(address)" }
    /// Shows nothing in a dump.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// An address could not be found out now; it may be a moment later.
public struct AddressUnavailable: Error, Sendable {
    /// Why, worded neutrally.
    public let reason: String
    /// What is thrown if it cannot be found out later either.
    public let cause: any Error

    /// States why an address could not be found out.
    public init(reason: String, cause: any Error) {
        self.reason = reason
        self.cause = cause
    }
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
    /// Where it can be had as far as is known; `nil` asks `locate` first.
    public let address: RemoteAddress?
    /// Finds out where it can be had; asked again when an address has expired.
    ///
    /// It throws `AddressUnavailable` where that
    /// may be found out later.
    public let locate: @Sendable () async throws -> RemoteAddress

    /// Describes a part.
    public init(
        size: ByteCount,
        content: Content,
        address: RemoteAddress? = nil,
        locate: @escaping @Sendable () async throws -> RemoteAddress
    ) {
        self.size = size
        self.content = content
        self.address = address
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
