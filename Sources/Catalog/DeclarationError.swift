public import Platform
public import SystemPackage

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
    /// What keeps the file from being changed, if it is that.
    public let obstacle: Obstacle?

    /// What keeps a file from being changed.
    public enum Obstacle: Sendable, Equatable {
        /// It is a link to a file outside of the home.
        case link(to: FilePath)
        /// Another process changes it, for longer than that takes.
        case busy(process: Int32?)
        /// It is there already.
        case exists
    }

    /// Describes a mistake at a place of a file.
    public init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        cause = nil
        obstacle = nil
    }

    /// Describes a file that cannot be changed.
    public init(file: String, obstacle: Obstacle) {
        self.file = file
        line = 0
        column = 0
        message = "\(obstacle)"
        cause = nil
        self.obstacle = obstacle
    }

    /// Describes a file that could not be read.
    public init(file: String, cause: SystemError) {
        self.file = file
        line = 0
        column = 0
        message = cause.description
        self.cause = cause
        obstacle = nil
    }

    /// For example `config/models.yaml:7:5: unknown key`.
    public var description: String {
        line > 0 ? "\(file):\(line):\(column): \(message)" : "\(file): \(message)"
    }
}

extension DeclarationError.Obstacle: CustomStringConvertible {
    /// The fact in neutral words.
    public var description: String {
        switch self {
        case .link(let target): "it is a link to \(target), which is not in the home"
        case .busy(let process?): "the process \(process) is changing it"
        case .busy(nil): "another process is changing it"
        case .exists: "it is there already"
        }
    }
}
