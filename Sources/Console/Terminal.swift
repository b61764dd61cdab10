import Glibc
public import Platform

/// When colour is wanted.
public enum ColorChoice: String, Sendable, CaseIterable {
    /// On a terminal that knows it, unless `NO_COLOR` is set.
    case auto
    /// Whatever the output is.
    case always
    /// Not at all.
    case never
}

/// An output of the process: a terminal, or the file or pipe that stands in its place.
public struct Terminal: Sendable {
    /// Whether colour is shown.
    public let supportsColor: Bool
    /// Whether it is a terminal.
    public let isTerminal: Bool
    /// Whether it is a terminal on which a line can be drawn again.
    public let canRedraw: Bool

    let descriptor: Descriptor
    private let columns: Int?

    /// Describes an output by its descriptor.
    public init(descriptor: Int32, color: ColorChoice = .auto, environment: Environment = .process) {
        self.descriptor = Descriptor(number: descriptor)
        columns = environment["COLUMNS"].flatMap { Int($0) }.flatMap { (1...10_000).contains($0) ? $0 : nil }
        isTerminal = self.descriptor.isTerminal
        canRedraw = isTerminal && environment["TERM"] != "dumb"
        supportsColor =
            switch color {
            case .always: true
            case .never: false
            case .auto: canRedraw && environment["NO_COLOR"] == nil
            }
    }

    /// The standard output, which is for data.
    public static func standardOutput(color: ColorChoice = .auto, environment: Environment = .process)
        -> Terminal
    {
        Terminal(descriptor: STDOUT_FILENO, color: color, environment: environment)
    }

    /// The standard error, which is for talk.
    public static func standardError(color: ColorChoice = .auto, environment: Environment = .process)
        -> Terminal
    {
        Terminal(descriptor: STDERR_FILENO, color: color, environment: environment)
    }

    /// The columns of this very output at this moment, else what `COLUMNS` says, else 80.
    public var width: Int { descriptor.size?.columns ?? columns ?? 80 }
    /// The rows of this output, where it says.
    public var height: Int? { descriptor.size.flatMap { $0.rows > 0 ? $0.rows : nil } }
    /// How to mark text on this output.
    public var style: Style { Style(isOn: supportsColor) }

    /// Writes data, whole; where the reader of the standard output is gone, `SIGPIPE` ends the process.
    public func write(_ text: String) throws(WriteError) { try write(Array(text.utf8)) }

    /// Writes bytes as `write(_:)` writes text.
    public func write(_ bytes: [UInt8]) throws(WriteError) {
        do throws(WriteError) {
            try descriptor.write(bytes)
        } catch {
            if error.code == EPIPE, descriptor.number == STDOUT_FILENO { endOfBrokenPipe() }
            throw error
        }
    }

    /// Writes talk; an output that does not take it is not worth a failure.
    public func say(_ text: String) { try? write(text) }

    /// The signal may be ignored by now, since a server's sockets ask for that.
    func endOfBrokenPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        exit(128 + SIGPIPE)
    }
}
