import Catalog

/// A command while it is put together.
struct LaunchCommand {
    /// An option and its value.
    struct Option {
        /// The name that is written, then its other names.
        let names: [String]
        let value: String?
        /// Whether other parts of this tool rely on it, so that the stack's `extra` must not set it.
        let isReserved: Bool

        init(_ names: String..., value: String? = nil, reserved: Bool = false) {
            self.names = names
            self.value = value
            isReserved = reserved
        }

        var words: [String] { [names[0]] + (value.map { [$0] } ?? []) }
    }

    /// The program and what comes before its options.
    var program: [String]
    var options: [Option]
    var environment: [String: String] = [:]
    /// The name that the engine gives the model.
    var model: String
    /// Arguments that the engine had once and now stops at.
    var removed: Set<String> = []
    /// Whether it takes `--option=value` for an option and its value.
    var joinsValues = true

    /// The words of the command; an option that `extra` has too is left to it, since some engines stop at a
    /// second one.
    func argv(_ engine: EngineName, extra: [String]) throws(LaunchRefusal) -> [String] {
        let given = Set(extra.filter { $0.hasPrefix("-") }.map { name(of: $0) })
        if let word = removed.intersection(given).min() { throw .argumentNotAccepted(engine, word) }
        // A command is for everybody to read; the engines take keys from their environment too.
        if let word = given.intersection(["--api-key", "--hf-token", "-hft"]).min() {
            throw .secretInCommand(word)
        }
        if !joinsValues, let word = extra.first(where: { $0.hasPrefix("--") && $0.contains("=") }) {
            throw .argumentNotAccepted(engine, word)
        }
        var kept = options
        for option in options where !given.isDisjoint(with: option.names) {
            if option.isReserved, let word = given.intersection(option.names).min() {
                throw .argumentReserved(engine, word)
            }
            kept.removeAll { $0.names == option.names }
        }
        return program + kept.flatMap(\.words) + extra
    }

    /// The option's name as the engines compare it: without a value behind `=`, with `-` for `_`.
    private func name(of argument: String) -> String {
        let name = argument.prefix { $0 != "=" }
        return name.hasPrefix("--") ? String(name.map { $0 == "_" ? "-" : $0 }) : String(name)
    }
}
