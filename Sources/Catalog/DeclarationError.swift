public import Platform

/// Something wrong in a file that the user wrote, with the place of it.
public struct DeclarationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file as it was named to the reader.
    public let file: String
    /// The line, from 1; 0 if the whole file is meant.
    public let line: Int
    /// The column in characters, from 1; 0 if the whole file is meant.
    public let column: Int
    /// What is wrong, in one neutral sentence.
    public let message: String
    /// The kernel's answer, if the file could not be read at all.
    public let cause: SystemError?

    /// Describes a mistake at a place of a file.
    public init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        cause = nil
    }

    /// Describes a file that could not be read.
    public init(file: String, cause: SystemError) {
        self.file = file
        line = 0
        column = 0
        message = cause.description
        self.cause = cause
    }

    /// For example `config/models.yaml:7:5: unknown key`.
    public var description: String {
        line > 0 ? "\(file):\(line):\(column): \(message)" : "\(file): \(message)"
    }
}
