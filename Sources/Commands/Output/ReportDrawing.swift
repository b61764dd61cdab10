import Console
import Operations
import Platform

/// Draws what an operation reports.
struct ReportDrawing: Sendable {
    private let display: ProgressDisplay
    private let isQuiet: Bool
    private let isJSON: Bool
    private let style: Style

    init(_ display: ProgressDisplay, isQuiet: Bool, isJSON: Bool, style: Style) {
        self.display = display
        self.isQuiet = isQuiet
        self.isJSON = isJSON
        self.style = style
    }

    func draw(_ report: Report) {
        switch report {
        case .files(let files): for file in files { display.add(file.name, total: file.size) }
        case .resumed(let file, let bytes, let size): display.add(file, total: size, done: bytes)
        case .progress(let file, let bytes, _): display.update(file, done: bytes)
        case .done(let file): display.finish(file)
        case .stage(let text): say("stage", text, style.dim(sanitized(text)))
        case .note(let text): say("note", text, sanitized(text))
        case .warning(let text):
            say("warning", text, "\(style.yellow("warning")): \(sanitized(text))", always: true)
        }
    }

    private func say(_ kind: String, _ text: String, _ line: String, always: Bool = false) {
        if isJSON {
            display.event(["event": kind, "message": text])
        } else if always || !isQuiet {
            display.line(line)
        }
    }
}
