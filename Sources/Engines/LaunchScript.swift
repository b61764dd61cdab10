public import Catalog

/// What a container's process begins as: a shell script that ends in the engine itself, so that process 1 and all
/// signals are the engine's, and a restart is enough to serve something else.
public enum LaunchScript {
    /// Its name in the folder that the container sees.
    public static let name = "launch.sh"

    /// Writes the script of a command; secrets are fetched when it runs, and without them it stops.
    public static func render(
        _ argv: [String],
        environment: [String: String],
        secrets: [String: SecretReference] = [:],
        key: SecretReference? = nil,
        title: String
    ) -> String {
        var lines = environment.sorted { $0.key < $1.key }.map {
            "export \($0.key)=\(ShellCommand.quoted($0.value))\n"
        }
        for (variable, secret) in secrets.sorted(by: { $0.key < $1.key }) {
            if case .file(let path) = secret {
                lines.append("\(variable)=\(ShellCommand.content(of: path))\n")
            }
            lines.append("export \(variable)=\(ShellCommand.value(of: secret, in: variable))\n")
        }
        // For whoever asks the server later: where the key is that it wants.
        let note = key.map { "\(keyMark)\($0)\n" } ?? ""
        return head(title) + note + lines.joined() + "exec " + ShellCommand.render(argv) + "\n"
    }

    private static let keyMark = "# key: "

    /// Where the key is that the server of a script wants; `nil` if it wants none.
    public static func key(in script: String) -> SecretReference? {
        // A word of the command may have lines of its own; comments end where the commands begin.
        let comments = script.split(separator: "\n").prefix { $0.hasPrefix("#") }
        return comments.first { $0.hasPrefix(keyMark) }.flatMap {
            SecretReference(parsing: String($0.dropFirst(keyMark.count)))
        }
    }

    /// The script of a container that nobody has told yet what to serve: it says so and waits to be told.
    public static func idle(stack: String) -> String {
        let words = "no model is in use; choose one with: stackctl \(stack) use MODEL"
        return head("nothing yet")
            + """
            trap 'kill $! 2>/dev/null; exit 0' TERM INT
            echo \(ShellCommand.quoted(words)) >&2
            while :; do sleep 3600 & wait $!; done

            """
    }

    private static func head(_ title: String) -> String {
        // A line of its own, whatever a name holds.
        let line = String(
            title.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : Character($0) }
        )
        return """
            #!/bin/sh
            # Serves \(line). Written by `stackctl use`, which writes it anew.

            """
    }
}

extension LaunchPlan {
    /// The command as a container runs it.
    ///
    /// The program is what the image's entry point has, if that is the engine; else it is where the engine's own images
    /// have it.
    public func containerArgv(entrypoint: [String]) -> [String] {
        let program = Array(argv.prefix(argv.count - containerCommand.count))
        let isOwn = entrypoint.indices.contains { start in
            let words = entrypoint[start...].prefix(program.count)
            return words.count == program.count
                && zip(words, program).allSatisfy { $0 == $1 || $0.hasSuffix("/\($1)") }
        }
        let usual = engine == .llamacpp ? ["/app/llama-server"] : program
        return (isOwn ? entrypoint : usual) + containerCommand
    }
}
