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
        let above = shown.map { $0.count { $0 == "\n" } } ?? 0
        try terminal.write((above > 0 ? "\u{1B}[\(above)A\r\u{1B}[J" : "") + text)
        shown = text
    }
}
