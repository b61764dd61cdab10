/// Why an exchange brought no whole answer.
public enum TransportError: Error, Sendable, CustomStringConvertible {
    /// The URL is not one that can be asked.
    case invalidURL(String)
    /// The host's name is not known.
    case unknownHost(String)
    /// Nothing answers there.
    case cannotConnect(String)
    /// The other side's certificate is not trusted, or TLS failed otherwise.
    case untrusted(String)
    /// No byte came for too long.
    case timedOut
    /// The line broke in the middle.
    case broken(String)
    /// The body is larger than the caller wants to keep.
    case tooLarge
    /// The receiver of the bytes refused them.
    case refused(any Error)
    /// The task was cancelled.
    case cancelled

    /// Whether the same exchange may work a moment later.
    public var isPassing: Bool {
        switch self {
        case .unknownHost, .cannotConnect, .timedOut, .broken: true
        case .invalidURL, .untrusted, .tooLarge, .refused, .cancelled: false
        }
    }

    /// The fact, worded neutrally.
    public var description: String {
        switch self {
        case .invalidURL(let reason): "not a usable URL: \(reason)"
        case .unknownHost(let reason): reason
        case .cannotConnect(let reason): reason
        case .untrusted(let reason): "TLS: \(reason)"
        case .timedOut: "no answer in time"
        case .broken(let reason): "the connection broke: \(reason)"
        case .tooLarge: "the answer is too large"
        case .refused(let error): "\(error)"
        case .cancelled: "cancelled"
        }
    }
}
