import Catalog

/// What of a command can be said by variables, and what is left.
public struct LaunchVariables: Sendable, Equatable {
    /// The variables by name.
    public let values: [String: String]
    /// The options that no variable says, each with its values: arguments of the command.
    public let arguments: [[String]]

    /// A file as `docker run --env-file` reads it, a variable a line and every line up to its end as it is; the arguments
    /// that are left are comments of it.
    public var text: String {
        let lines = values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        guard !arguments.isEmpty else { return lines }
        let comments = arguments.map {
            "#   \($0.map(ShellCommand.quoted).joined(separator: " ").onOneLine)\n"
        }.joined()
        return lines + "# No variable says these; they are arguments of the command:\n" + comments
    }
}

extension String {
    /// The same with blanks for the ends of lines: whatever a comment holds, it must not leave its line.
    var onOneLine: String { String(map { $0.isNewline ? " " : $0 }) }
}

extension LaunchPlan {
    /// The command as variables, as far as the engine takes its options from such; llama.cpp takes most.
    ///
    /// What a file of variables cannot demand or say for one machine alone is refused.
    public var variables: LaunchVariables {
        get throws(LaunchRefusal) {
            guard nodes.isEmpty else { throw .severalMachines }
            // A name without a value is handed on where there is one, and the server open to all where there is none.
            for case .variable(let name) in secrets.values { throw .keyNotInVariables(.variable(name)) }
            var values = environment
            var arguments: [[String]] = []
            let options = options
            for option in options {
                // Of an option that adds to those before it, a variable holds the last one alone.
                let isOneOfSeveral = option.repeats && options.count { $0.names == option.names } > 1
                if let variable = option.variable, !isOneOfSeveral, !option.value.contains(where: \.isNewline)
                {
                    values[variable] = option.value
                } else {
                    arguments.append(option.words)
                }
            }
            return LaunchVariables(values: values, arguments: arguments)
        }
    }

    /// An option of the command as a variable says it.
    private struct Assigned {
        /// The words of the command.
        let words: [String]
        let names: [String]
        let variable: String?
        let value: String
        let repeats: Bool
    }

    private var options: [Assigned] {
        let flags = EngineFlags.of(engine)
        var options: [Assigned] = []
        var rest = containerCommand[...]
        while let word = rest.popFirst() {
            let option = flags[word]
            // What follows an option that nobody knows may be its value, or not.
            let values = rest.prefix { option != nil && engine == .llamacpp || !$0.hasPrefix("-") }
                .prefix(option?.values.upperBound ?? .max)
            rest = rest.dropFirst(values.count)
            options.append(
                Assigned(
                    words: [word] + values,
                    names: option?.names ?? [],
                    variable: values.count < 2 ? option?.variable : nil,
                    value: values.first ?? (option?.isTurnedOff(by: word) == true ? "0" : "1"),
                    repeats: option?.repeats ?? false
                )
            )
        }
        return options
    }
}
