public import Catalog

/// A command as text that a POSIX shell takes apart again into the same words.
public enum ShellCommand {
    /// Writes the variables, the command and each of its options on a line of their own, joined by
    /// backslashes; secrets are fetched from where they are, and without them the command does not run.
    public static func render(
        _ argv: [String],
        environment: [String: String] = [:],
        secrets: [String: SecretReference] = [:]
    ) -> String {
        var lines = assignments(environment, secrets)
        var command: [String] = []
        for (index, word) in argv.enumerated() {
            if index > 0, startsLine(word) {
                lines.append(command.joined(separator: " "))
                command = ["  " + quoted(word)]
            } else {
                command.append(index == 0 ? quotedProgram(word) : quoted(word))
            }
        }
        lines.append(command.joined(separator: " "))
        return lines.joined(separator: " \\\n")
    }

    /// Writes all of it on one line.
    public static func line(
        _ argv: [String],
        environment: [String: String] = [:],
        secrets: [String: SecretReference] = [:]
    ) -> String {
        let words = argv.enumerated().map { $0 == 0 ? quotedProgram($1) : quoted($1) }
        return (assignments(environment, secrets) + words).joined(separator: " ")
    }

    private static func assignments(
        _ environment: [String: String],
        _ secrets: [String: SecretReference]
    ) -> [String] {
        let sorted = secrets.sorted { $0.key < $1.key }
        // A server without its key would be open to all: a file that cannot be read ends the line before it.
        let files = sorted.compactMap { variable, secret -> String? in
            guard case .file(let path) = secret else { return nil }
            return "\(variable)=\(content(of: path)) &&"
        }
        let values = sorted.map { variable, secret in "\(variable)=\(value(of: secret, in: variable))" }
        return files + environment.sorted { $0.key < $1.key }.map { "\($0.key)=\(quoted($0.value))" } + values
    }

    /// What a shell puts in the place of a file.
    static func content(of path: String) -> String { "\"$(cat \(quoted(path)))\"" }

    /// What a shell puts in the place of a secret, stopping where there is none; a file was read into `variable` before.
    static func value(of secret: SecretReference, in variable: String) -> String {
        switch secret {
        case .variable(let name): "\"${\(name):?}\""
        case .file: "\"${\(variable):?}\""
        }
    }

    /// A word in single quotes, if anything in it could mean something to a shell.
    public static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.first != "=" && word.utf8.allSatisfy(plain.contains)
        if isPlain { return word }
        // By scalars: a quote with a combining mark behind it is another character to us, and a quote to the shell.
        let safe = word.unicodeScalars.map { $0 == "'" ? #"'\''"# : String($0) }.joined()
        return "'\(safe)'"
    }

    private static let plain = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./-_".utf8
    )

    /// The first word could be an assignment, a keyword or an alias of the shell: only a path or a name is
    /// none.
    private static func quotedProgram(_ word: String) -> String {
        let keywords: Set = [
            "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while",
        ]
        let text = quoted(word)
        return text == word && (word.contains("=") || keywords.contains(word)) ? "'\(word)'" : text
    }

    private static func startsLine(_ word: String) -> Bool {
        guard word.first == "-", let next = word.dropFirst().first else { return false }
        return next == "-" || next.isLetter
    }
}
