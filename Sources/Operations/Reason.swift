import Catalog
import Engines

/// A reason why a run does not serve.
public struct Reason: Sendable, Encodable {
    /// Where something is written.
    public enum Source: String, Sendable, Encodable {
        /// In the Docker Engine's words.
        case docker
        /// By the health check.
        case health
        /// By the engine, in its log.
        case log
    }

    /// A line that shows it.
    public struct Evidence: Sendable, Encodable {
        /// Where it is written.
        public let source: Source
        /// Its number from the end, the last line being 1.
        public let lineFromEnd: Int
        /// The line, cut where it is very long.
        public let text: String
    }

    /// The signature's name.
    public let id: String
    /// `memory`, if there was too little of that: a smaller model may help; `gpu`, if one was asked for and is not there.
    public let about: String?
    /// What it is, in a sentence.
    public let cause: String
    /// What to type or change next.
    public internal(set) var fix: String
    /// Whether the run has failed and has said this, or waits with this as its last words; otherwise it may be
    /// something else.
    public let certain: Bool
    /// The last lines that show it.
    public let evidence: [Evidence]

    /// Whether there was too little memory.
    var isAboutMemory: Bool { about == Signature.Subject.memory.rawValue }

    /// Whether a GPU was asked for that is not there.
    var isAboutGPU: Bool { about == Signature.Subject.gpu.rawValue }

    init(_ finding: Diagnosis.Finding) {
        id = finding.signature
        about = finding.subject?.rawValue
        cause = finding.cause
        fix = finding.fix
        certain = finding.isCertain
        evidence = finding.evidence.map {
            Evidence(source: Source($0.source), lineFromEnd: $0.lineFromEnd, text: $0.text)
        }
    }
}

extension Reason.Source {
    fileprivate init(_ source: Diagnosis.Source) {
        self =
            switch source {
            case .refusal: .docker
            case .health: .health
            case .log: .log
            }
    }
}
