import Console
import Platform

/// Where data goes: stdout, as JSON or as a person reads it.
struct Output {
    let isJSON: Bool
    let isQuiet: Bool
    let terminal: Terminal

    /// Prints a document as JSON, or what `text` makes of it.
    func print(_ document: some Encodable, text: () throws -> String) throws {
        if isJSON {
            try terminal.write(JSON.encode(document))
        } else {
            try terminal.write(try text())
        }
    }

    /// Prints what a verb has done: the same, but that a person who asked for quiet is told nothing.
    func tell(_ document: some Encodable, text: () throws -> String) throws {
        if isJSON || !isQuiet { try print(document, text: text) }
    }
}
