/// Text that is shown again and again: on a terminal in the same place, elsewhere whenever it is another.
public struct LiveScreen {
    private let terminal: Terminal
    private var shown: String?

    /// Shows text on an output.
    public init(on terminal: Terminal) { self.terminal = terminal }

    /// Shows lines, each of which must fit the width.
    public mutating func show(_ text: String) throws(WriteError) {
        guard terminal.canRedraw else {
            if text != shown { try terminal.write(text) }
            shown = text
            return
        }
        try terminal.write((shown.map(start) ?? "") + text)
        shown = text
    }

    /// Moves to where the text before began, and takes it away; a terminal made narrower has wrapped its lines.
    private func start(_ text: String) -> String {
        let width = max(1, terminal.width)
        let rows = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().reduce(0) {
            $0 + max(1, (columns(of: withoutTones(String($1))) + width - 1) / width)
        }
        // What has left the screen cannot be drawn over.
        if let height = terminal.height, rows >= height { return "\u{1B}[H\u{1B}[J" }
        return (rows > 0 ? "\u{1B}[\(rows)A" : "") + "\r\u{1B}[J"
    }
}
