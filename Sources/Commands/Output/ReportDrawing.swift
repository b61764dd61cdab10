import Console
import Operations

/// Draws what an operation reports.
struct ReportDrawing: Sendable {
    let display: ProgressDisplay
    private let isQuiet: Bool
    private let style: Style

    /// Draws on a display; to somebody who wants quiet, nothing is said in words.
    init(_ display: ProgressDisplay, isQuiet: Bool, style: Style) {
        self.display = display
        self.isQuiet = isQuiet
        self.style = style
    }

    /// The last phase of an operation that ended with an error, or well.
    static func ending(_ error: (any Error)?) -> Phase {
        switch error {
        case nil: .done
        case is CancellationError: .interrupted
        case let failure as Failure where failure.kind == .cancelled: .interrupted
        default: .failed
        }
    }

    func draw(_ report: Report) {
        switch report {
        case .phase(let phase, let text):
            display.enter(phase.rawValue, saying: isQuiet ? nil : text, isUrgent: phase == .waiting)
        case .handover(let phase, let text):
            display.yield(phase.rawValue, saying: isQuiet ? nil : text)
        case .files(let files):
            for file in files { display.add(file.name, total: file.size, phase: Phase.queued.rawValue) }
        case .resumed(let file, let bytes, let size): display.resume(file, at: bytes, of: size)
        case .progress(let file, let bytes, let size): display.update(file, done: bytes, of: size)
        case .verifying(let file): display.enter(Phase.verifying.rawValue, of: file)
        case .waiting(let host, let seconds):
            let text = "the quota of requests of \(host) is used up: waiting \(seconds) s"
            display.wait(
                Phase.waiting.rawValue,
                for: host,
                seconds: seconds,
                saying: isQuiet ? nil : text
            )
        case .done(let file): display.finish(file, as: Phase.done.rawValue)
        case .note(let text): display.say("note", text, line: isQuiet ? nil : sanitized(text))
        case .warning(let text):
            let line = "\(style.yellow("warning")): \(sanitized(text))"
            display.say("warning", text, line: isQuiet ? nil : line)
        }
    }
}
