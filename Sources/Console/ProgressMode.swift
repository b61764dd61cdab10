/// How progress is shown.
public enum ProgressMode: String, Sendable, CaseIterable {
    /// Bars on a terminal that can draw a line again, else plain lines.
    case auto
    /// Lines that are drawn again and again, and are gone at the end.
    case bar
    /// A line now and then.
    case plain
    /// A JSON object a line.
    case json
    /// Nothing.
    case none

    /// What `auto` means on an output; bars where none can be drawn are plain lines too.
    public func resolved(for terminal: Terminal) -> ProgressMode {
        switch self {
        case .auto, .bar: terminal.canRedraw ? .bar : .plain
        case .plain, .json, .none: self
        }
    }
}
