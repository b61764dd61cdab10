public import Catalog

/// How a run of an engine went, as far as it is known.
public struct EngineRun: Sendable {
    /// The engine.
    public var engine: EngineName
    /// Whether its process runs.
    public var isRunning: Bool
    /// The status that it ended with, if it has.
    public var exitCode: Int?
    /// Whether the kernel killed it for the memory it took.
    public var wasOutOfMemory: Bool
    /// Why its process was not started, in Docker's words; then nothing that is in the log is about this run.
    public var refusal: String?
    /// What its health check wrote in its last runs.
    public var health: RunLog
    /// What it wrote itself.
    public var log: RunLog

    /// States what is known.
    public init(
        _ engine: EngineName,
        isRunning: Bool = false,
        exitCode: Int? = nil,
        wasOutOfMemory: Bool = false,
        refusal: String? = nil,
        health: RunLog = RunLog(),
        log: RunLog = RunLog()
    ) {
        self.engine = engine
        self.isRunning = isRunning
        self.exitCode = exitCode
        self.wasOutOfMemory = wasOutOfMemory
        self.refusal = refusal
        self.health = health
        self.log = log
    }

    /// Whether it ended and was not meant to.
    var hasFailed: Bool {
        !isRunning && (wasOutOfMemory || refusal != nil || !Self.isQuiet(exitCode))
    }

    /// Whether a status is that of a program that was asked to end.
    public static func isQuiet(_ status: Int?) -> Bool { [nil, 0, 130, 143].contains(status) }
}

/// Why a run does not serve, as far as signatures tell it.
public struct Diagnosis: Sendable {
    /// Where something is written.
    public enum Source: Sendable {
        /// In Docker's words on why it was not started.
        case refusal
        /// By the health check.
        case health
        /// By the engine.
        case log
    }

    /// A line that shows a reason.
    public struct Evidence: Sendable, Equatable {
        /// Where it is written.
        public let source: Source
        /// Its number from the end, the last line being 1.
        public let lineFromEnd: Int
        /// The line, cut where it is very long.
        public let text: String
    }

    /// A reason.
    public struct Finding: Sendable {
        /// The signature's name.
        public let signature: String
        /// What was too little, where that is known.
        public var subject: Signature.Subject?
        /// What it is, in a sentence.
        public let cause: String
        /// What to type or change next.
        public let fix: String
        /// Whether the run has failed and has said this, or waits with this as its last words; otherwise it may be
        /// something else.
        public let isCertain: Bool
        /// The last lines that show it.
        public let evidence: [Evidence]
    }

    /// All reasons that were found, the most telling first.
    public let findings: [Finding]
    /// The end of the log.
    public let tail: [String]

    /// How many lines are shown of what supports a reason.
    private static let mostEvidence = 3
    /// How many lines are shown of a log that nobody understands.
    private static let longestTail = 20
    /// How many characters are shown of a line.
    private static let longestText = 400

    /// Compares what is known of a run with what is known of all runs.
    public init(of run: EngineRun, by signatures: [Signature], stack: String, model: String?) {
        let sources: [(Source, [[UInt8]])] =
            if let refusal = run.refusal, !run.isRunning {
                [(.refusal, RunLog(Array(refusal.utf8)).lines.map { Array($0.utf8) })]
            } else {
                [
                    (.log, run.log.lines.map { Array($0.utf8) }),
                    (.health, run.isRunning ? run.health.lines.map { Array($0.utf8) } : []),
                ]
            }
        findings = signatures.filter { $0.concerns(run.engine) }.compactMap { signature in
            Self.finding(signature, in: sources, of: run, ["stack": stack, "model": model ?? "MODEL"])
        }
        tail =
            run.refusal == nil
            ? run.log.lines.filter { !$0.isEmpty }.suffix(Self.longestTail).map(Self.cut) : []
    }

    private static func finding(
        _ signature: Signature,
        in sources: [(Source, [[UInt8]])],
        of run: EngineRun,
        _ values: [String: String]
    ) -> Finding? {
        var evidence: [Evidence] = []
        var values = values
        var seen: Set<[String]> = []
        for (source, lines) in sources where !signature.patterns.isEmpty {
            // The end of a log is about the end of the run.
            for (index, line) in lines.enumerated().reversed() where evidence.count < mostEvidence {
                guard let captures = signature.captures(in: line) else { continue }
                let text = String(decoding: line, as: UTF8.self)
                // The same words at another time add nothing.
                guard seen.insert(captures + [text.filter { !$0.isNumber }]).inserted else { continue }
                if evidence.isEmpty {
                    for (number, capture) in captures.enumerated() { values["\(number + 1)"] = cut(capture) }
                }
                evidence.append(Evidence(source: source, lineFromEnd: lines.count - index, text: cut(text)))
            }
        }
        let byMemory = signature.endings.contains(.outOfMemory) && run.wasOutOfMemory
        let byEnding = !run.isRunning && run.exitCode.map { signature.endings.contains(.status($0)) } ?? false
        guard !evidence.isEmpty || byMemory || byEnding else { return nil }
        return Finding(
            signature: signature.id,
            subject: signature.subject,
            cause: SignatureTemplate.filled(signature.cause, values),
            fix: SignatureTemplate.filled(signature.fix, values),
            isCertain: byMemory || (run.hasFailed && !evidence.isEmpty)
                || (run.isRunning && evidence.first?.lineFromEnd == 1),
            evidence: evidence.reversed()
        )
    }

    private static func cut(_ text: String) -> String {
        text.count > longestText ? text.prefix(longestText - 1) + "…" : text
    }
}
