import Synchronization
import Transport

/// A version of the engine's interface.
public struct EngineVersion: Sendable, Hashable, Comparable, Decodable, CustomStringConvertible {
    /// The first number.
    public let major: Int
    /// The second number.
    public let minor: Int

    /// The oldest that has every function that is used here.
    public static let oldest = EngineVersion(major: 1, minor: 41)
    /// The newest whose description was read.
    public static let newest = EngineVersion(major: 1, minor: 51)

    /// States a version.
    public init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `1.41`; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count < 10,
            text.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) }),
            let major = Int(parts[0]), let minor = Int(parts[1])
        else { return nil }
        self.init(major: major, minor: minor)
    }

    /// Reads it from a document.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let version = EngineVersion(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "`\(text)` is no version")
            )
        }
        self = version
    }

    /// For example `1.41`.
    public var description: String { "\(major).\(minor)" }

    /// Whether one is older than another.
    public static func < (one: EngineVersion, other: EngineVersion) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }
}

extension EngineLine {
    /// The version that was agreed on; asked for once, unless an answer has said it already.
    func version() async throws(DockerError) -> EngineVersion {
        if let version = agreed.withLock({ $0 }) { return version }
        let answer = try await send(Question(.get, unversioned: "/_ping", subject: "ping"))
        guard let theirs = answer.head.engineVersion, theirs >= .oldest else {
            throw .tooOld(answer.head.engineVersion)
        }
        if theirs > .newest {
            // Only an engine that is newer than we are can have left our version behind.
            let oldest = try await oldestOfTheirs()
            guard oldest <= .newest else { throw .tooNew(oldest) }
        }
        let version = min(theirs, .newest)
        agreed.withLock { $0 = version }
        return version
    }

    private func oldestOfTheirs() async throws(DockerError) -> EngineVersion {
        struct Document: Decodable {
            let oldest: EngineVersion
            enum CodingKeys: String, CodingKey { case oldest = "MinAPIVersion" }
        }
        let answer = try await send(Question(.get, unversioned: "/version", subject: "version"))
        return try Self.decode(Document.self, answer).oldest
    }
}

extension HTTPHead {
    /// The version of its interface that an engine states in each answer.
    var engineVersion: EngineVersion? { self["api-version"].flatMap { EngineVersion($0) } }
}
