public import Platform
public import SystemPackage
public import Transport

/// A fact that the Docker Engine stated, or why it could not be asked.
public enum DockerError: Error, Sendable, CustomStringConvertible {
    /// There is no socket: no engine runs here.
    case noEngine(EngineAddress)
    /// This user may not use the engine's socket.
    case noPermission(FilePath, FileAccess?)
    /// The engine's address is of a kind that is not spoken.
    case unsupportedAddress(String)
    /// A context of the docker command cannot be used.
    case badContext(String, String)
    /// The engine is reached over ssh, and ssh did not get there, in its own words.
    case sshFailed(SSHDestination, String)
    /// The engine does not answer.
    case unreachable(TransportError)
    /// The engine began to answer and was gone in the middle of it.
    case brokenOff(TransportError)
    /// The engine's interface is older than any that is spoken.
    case tooOld(EngineVersion?)
    /// The engine's interface has left behind all that are spoken; the oldest that it still has.
    case tooNew(EngineVersion)
    /// No such container, image, volume or exec.
    case notFound(String)
    /// The engine cannot do that with things as they are, in its own words.
    case conflict(String)
    /// This engine has no such function.
    case unsupported(String)
    /// The engine refused, in its own words.
    case engine(status: Int, String)
    /// A stream of the engine is not what the engine's interface says.
    case malformedStream(StreamFault)
    /// The answer is not what the engine's interface says.
    case unexpected(String)
    /// The task was cancelled.
    case cancelled

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .noEngine(let address): "no Docker Engine at \(address)"
        case .noPermission(let path, _): "no permission to use \(path)"
        case .unsupportedAddress(let address): "cannot speak to \(address)"
        case .badContext(let name, let reason): "the docker context \(name) cannot be used: \(reason)"
        case .sshFailed(let destination, let words): "ssh to \(destination) failed: \(words)"
        case .unreachable(let error): "the Docker Engine does not answer: \(error)"
        case .brokenOff(let error): "the Docker Engine broke off in the middle of its answer: \(error)"
        case .tooOld(let version?):
            "the Docker Engine speaks version \(version) of its interface, which is too old"
        case .tooOld(nil): "the Docker Engine does not say which version of its interface it speaks"
        case .tooNew(let version):
            "the Docker Engine speaks only version \(version) of its interface and newer"
        case .notFound(let what): "the Docker Engine knows no \(what)"
        case .conflict(let message): "the Docker Engine answers: \(message)"
        case .unsupported(let what): "the engine has no such function: \(what)"
        case .engine(let status, let message): "the Docker Engine answers \(status): \(message)"
        case .malformedStream(let fault): "the Docker Engine's stream makes no sense: \(fault)"
        case .unexpected(let what): "the Docker Engine's answer makes no sense: \(what)"
        case .cancelled: "cancelled"
        }
    }
}

extension DockerError {
    /// Whether TLS failed: one side does not believe the other's certificate.
    public var isUntrusted: Bool {
        guard case .unreachable(.untrusted) = self else { return false }
        return true
    }
}

/// What is wrong with a stream.
public enum StreamFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// A frame is of no kind that there is.
    case unknownKind(UInt8)
    /// The part of a frame's header that means nothing is not empty.
    case dirtyHeader
    /// A frame claims more bytes than any engine sends at once.
    case frameTooLong(UInt32)
    /// The stream ends in the middle of a frame.
    case cutShort
    /// A line does not end.
    case lineTooLong
    /// A line is no document of the kind that was asked for.
    case notADocument(String)

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .unknownKind(let kind): "a frame is of the unknown kind \(kind)"
        case .dirtyHeader: "a frame's header is malformed"
        case .frameTooLong(let length): "a frame claims to have \(length) bytes"
        case .cutShort: "it ends in the middle of a frame"
        case .lineTooLong: "a line does not end"
        case .notADocument(let reason): "a line cannot be read: \(reason)"
        }
    }
}
