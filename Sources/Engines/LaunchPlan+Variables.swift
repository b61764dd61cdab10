import Catalog

extension LaunchPlan {
    /// A file of variables as `docker run --env-file` reads it, a variable a line and every line up to its end as it is,
    /// for an image that is started without arguments; refused where it would say less than the command.
    public var variables: String {
        get throws(LaunchRefusal) {
            guard nodes.isEmpty else { throw .severalMachines }
            guard engine == .llamacpp else { throw .variablesNotRead(engine) }
            // A name without a value is handed on where there is one, and the server open to all where there is none.
            for case .variable(let name) in secrets.values { throw .keyNotInVariables(.variable(name)) }
            var values = environment
            var lacking: [String] = []
            var given: Set<String> = []
            for option in options {
                let isSecond = !given.insert(option.names.first ?? option.word).inserted
                // Of an option that adds to those before it, a variable holds the last one alone.
                if isSecond && option.repeats || option.variable == nil || option.value.hasLines {
                    lacking.append(option.word)
                } else if let variable = option.variable {
                    values[variable] = option.value
                }
            }
            guard lacking.isEmpty else { throw .variablesLacking(engine, lacking) }
            return values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
        }
    }

    /// An option of the command as a variable says it.
    private struct Assigned {
        /// The word of the command.
        let word: String
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
            guard let option = flags[word] else {
                options.append(Assigned(word: word, names: [], variable: nil, value: "", repeats: false))
                // What follows an option that nobody knows may be its value, or not.
                while rest.first?.hasPrefix("-") == false { rest.removeFirst() }
                continue
            }
            let values = rest.prefix(option.values.upperBound)
            rest = rest.dropFirst(values.count)
            options.append(
                Assigned(
                    word: word,
                    names: option.names,
                    variable: values.count < 2 ? option.variable : nil,
                    value: values.first ?? (option.isTurnedOff(by: word) ? "0" : "1"),
                    repeats: option.repeats
                )
            )
        }
        return options
    }
}

extension String {
    /// Whether it takes more than a line.
    fileprivate var hasLines: Bool { contains { $0.isNewline } }
}
