public import Catalog

/// The further words of a command that somebody declared, held against what the engine has.
///
/// A word that the engine's table does not have is refused, since the engine itself would only say so when it starts, after
/// the model before it was stopped. But a table is of one version, and an image may be newer: what comes behind `--` is handed
/// on unseen.
public struct ExtraArguments {
    /// Refuses words that the engine would stop at.
    public static func check(_ words: [String], of engine: EngineName) throws(LaunchRefusal) {
        _ = try ExtraArguments(words, EngineFlags.of(engine))
    }

    /// The words to hand on.
    private(set) var words: [String] = []
    /// The names of the options among them.
    private(set) var names: Set<String> = []

    private let flags: EngineFlags
    private static let secrets: Set = ["--api-key", "--hf-token", "-hft"]

    init(_ given: [String], _ flags: EngineFlags) throws(LaunchRefusal) {
        self.flags = flags
        var rest = given[...]
        while let word = rest.popFirst() {
            if word == "--" {
                words += rest
                names.formUnion(rest.filter { $0.hasPrefix("-") }.flatMap(meanings))
                break
            }
            try take(word, &rest)
        }
        // A command is for everybody to read; the engines take keys from their environment too.
        if let word = names.intersection(Self.secrets).min() { throw .secretInCommand(word) }
        if words.contains(where: { $0.contains("literal:") }), names.contains("--token-source") {
            throw .secretInCommand("--token-source")
        }
    }

    /// What an engine may take a word for: vLLM takes the beginning of a name for the name.
    private func meanings(of word: String) -> [String] {
        let name = EngineFlags.spelling(of: word)
        guard flags.engine == .vllm, name.hasPrefix("--"), flags[name] == nil else { return [name] }
        return [name] + flags.options.flatMap(\.names).filter { $0.hasPrefix(name) }
    }

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(LaunchRefusal) {
        let name = EngineFlags.spelling(of: word)
        if Self.secrets.contains(name) { throw .secretInCommand(name) }
        guard word.hasPrefix("-") else { throw .argumentNotAccepted(flags.engine, word) }
        if word.contains("="), !flags.joinsValues { throw .argumentNotAccepted(flags.engine, word) }
        guard let (known, option, isWhole) = option(of: word) else {
            throw .argumentUnknown(
                flags.engine,
                name,
                version: flags.version,
                near: flags.names(near: name).first
            )
        }
        if option.isRemoved { throw .argumentRemoved(flags.engine, name, successor: option.successor) }
        var values: [String] = []
        if !isWhole {
            while values.count < option.values.upperBound, let next = rest.first, isValue(next) {
                values.append(next)
                rest.removeFirst()
            }
            guard option.values.contains(values.count) else { throw .valueMissing(flags.engine, name) }
        }
        // llama.cpp has more words for these than it tells: `true` for `on`.
        if flags.engine != .llamacpp, known == name, let choices = option.choices,
            let wrong = values.first(where: { !choices.contains($0) })
        {
            throw .valueNotAccepted(flags.engine, name, wrong, choices: choices)
        }
        names.insert(known)
        words += [word] + values
    }

    /// llama.cpp takes whatever comes behind an option for its value; the others take only a number if it begins with `-`.
    private func isValue(_ word: String) -> Bool {
        flags.engine == .llamacpp || !word.hasPrefix("-") || Double(word) != nil
    }

    /// The option that a word means, and whether its value is in the word already.
    private func option(of word: String) -> (name: String, option: EngineFlags.Option, isWhole: Bool)? {
        let name = EngineFlags.spelling(of: word)
        if let option = flags[name] { return (name, option, word.contains("=")) }
        switch flags.engine {
        case .llamacpp: return nil
        case .vllm:
            // `-O3`, and parts of a structure: `--compilation-config.mode 3`.
            let level = "--optimization-level"
            if word.hasPrefix("-O"), let option = flags[level] { return (level, option, word.count > 2) }
            // What it does not tell of: each switch can be turned off by two names.
            let positive = "--" + name.dropFirst("--no-".count)
            if name.hasPrefix("--no-enable-"), let option = flags[positive] {
                return (positive, option, true)
            }
            let whole = String(name.prefix { $0 != "." })
            guard whole != name, let option = flags[whole] else { return nil }
            return (whole, option, word.contains("="))
        case .mistralrs:
            // `-p1234`, `-vv`.
            guard !word.hasPrefix("--"), let option = flags[word.prefix(2)] else { return nil }
            return (String(word.prefix(2)), option, true)
        }
    }
}
