import Catalog

extension LaunchPlan {
    /// A file of variables as `docker run --env-file` reads it, every line up to its end as it is: the engine's own
    /// variables for all that it has such for, and as comments the arguments that are left.
    public var variables: String {
        var lines = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var rest: [[String]] = []
        if engine == .llamacpp {
            for words in optionsWithValues {
                if let line = variable(words) { lines.append(line) } else { rest.append(words) }
            }
        } else {
            rest = optionsWithValues
        }
        let text = lines.map { "\($0)\n" }.joined() + secrets.sorted { $0.key < $1.key }.map(secret).joined()
        guard !rest.isEmpty else { return text }
        let arguments = rest.map { "#   \(ShellCommand.oneLine($0))\n" }
        return text + "# No variable says these; they are arguments of the command:\n" + arguments.joined()
    }

    /// The words of the command, each option with its values.
    private var optionsWithValues: [[String]] {
        let flags = EngineFlags.of(engine)
        var groups: [[String]] = []
        var rest = keylessArguments[...]
        while let word = rest.popFirst() {
            let count = flags[word].map(\.values.upperBound) ?? (engine == .llamacpp ? 0 : .max)
            let isKnown = flags[word] != nil
            let values = rest.prefix { isKnown && engine == .llamacpp || !$0.hasPrefix("-") }.prefix(count)
            rest = rest.dropFirst(values.count)
            groups.append([word] + values)
        }
        return groups
    }

    /// The line that says the same as an option.
    private func variable(_ words: [String]) -> String? {
        guard let option = EngineFlags.of(.llamacpp)[words[0]], let variable = option.variable,
            words.count < 3,
            !words.dropFirst().contains(where: { $0.contains { $0.isNewline } })
        else { return nil }
        if words.count == 2 { return "\(variable)=\(words[1])" }
        // What turns something off is a name among others that turn it on.
        let isOff = words[0].hasPrefix("--no-") || words[0].hasPrefix("-no")
        let hasOther = option.names.contains { $0.hasPrefix("--") && !$0.hasPrefix("--no-") }
        return "\(variable)=\(isOff && hasOther ? 0 : 1)"
    }

    private func secret(_ variable: String, _ secret: SecretReference) -> String {
        switch secret {
        // Without a value it is handed on from the environment of whoever reads the file.
        case .variable(variable): "\(variable)\n"
        case .variable(let name): "# \(variable) is to have the value of $\(name)\n"
        case .file(let path):
            keyFile.isEmpty
                ? "# \(variable) is to have the content of \(ShellCommand.oneLine([path]))\n"
                : "LLAMA_ARG_API_KEY_FILE=\(path)\n"
        }
    }
}

extension ShellCommand {
    /// Words on one line of a comment, even if one has several lines.
    fileprivate static func oneLine(_ words: [String]) -> String {
        String(words.map(quoted).joined(separator: " ").map { $0.isNewline ? " " : $0 })
    }
}
