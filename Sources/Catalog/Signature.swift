/// A known reason why an engine does not come up, and how it shows.
public struct Signature: Sendable {
    /// How a run ended, as far as that alone says something.
    public enum Ending: Sendable, Hashable {
        /// With this status; one above 128 is a signal.
        case status(Int)
        /// The kernel killed it for the memory it took.
        case outOfMemory
    }

    /// What was missing or too little, where that is known.
    public enum Subject: String, Sendable, Hashable, CaseIterable {
        /// The host's memory or a GPU's, for the model with its context.
        case memory
        /// A GPU that the container asks for: the host may have none.
        case gpu
    }

    /// Its name, which scripts may rely on.
    public let id: String
    /// The engines that it is known of; none means all.
    public let engines: [EngineName]
    /// What an engine, or the Docker Engine, writes then: one of these.
    public let patterns: [SignaturePattern]
    /// How the run ends then; without patterns it is told from that alone.
    public let endings: [Ending]
    /// What was missing or too little; a smaller model may help then, or a container that asks for no GPU.
    public let subject: Subject?
    /// The reason in a sentence; `{1}` is what the first `*` of the pattern stands for.
    public let cause: String
    /// What to type or change next; `{stack}` and `{model}` are those of the run.
    public let fix: String
    /// A line that shows it.
    public let example: String?
    /// Where it was declared.
    public let origin: DeclarationOrigin

    /// Whether it can be about a run of that engine.
    public func concerns(_ engine: EngineName) -> Bool { engines.isEmpty || engines.contains(engine) }

    /// What the first of its patterns that is in a line leaves open there; `nil` if none is.
    public func captures(in line: [UInt8]) -> [String]? {
        for pattern in patterns {
            if let captures = pattern.captures(in: line) { return captures }
        }
        return nil
    }
}

extension Signature.Ending {
    /// The signals that a run may end with, by the names that people know them by.
    private static let signals = [
        "SIGHUP": 1, "SIGINT": 2, "SIGQUIT": 3, "SIGILL": 4, "SIGTRAP": 5, "SIGABRT": 6, "SIGBUS": 7,
        "SIGFPE": 8,
        "SIGKILL": 9, "SIGUSR1": 10, "SIGSEGV": 11, "SIGUSR2": 12, "SIGPIPE": 13, "SIGALRM": 14,
        "SIGTERM": 15,
        "SIGXCPU": 24, "SIGXFSZ": 25, "SIGSYS": 31,
    ]

    /// Reads a status from 1 to 255, the name of a signal, or `oom`.
    init?(parsing text: String) {
        if text == "oom" {
            self = .outOfMemory
        } else if let signal = Self.signals[text] {
            self = .status(128 + signal)
        } else if let status = Int(text), (1...255).contains(status) {
            self = .status(status)
        } else {
            return nil
        }
    }

    /// The name of the signal that a status stands for, if it stands for one.
    public static func signalName(ofStatus status: Int) -> String? {
        signals.first { 128 + $0.value == status }?.key
    }
}
