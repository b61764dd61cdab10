import Catalog

/// A command while it is put together.
struct LaunchCommand {
    /// An option and its values.
    struct Option {
        let name: String
        let values: [String]
        /// Whether other parts of this tool rely on it, so that `extra` must not set it.
        let isReserved: Bool
        /// Options that cannot stand beside it.
        let rivals: [String]

        var words: [String] { [name] + values }
    }

    /// The program and what comes before its options.
    var program: [String]
    var options: [Option] = []
    var environment: [String: String] = [:]
    /// The name that the engine gives the model.
    var model: String
    /// Settings that the engine has no word for.
    var unused: [Setting] = []

    init(_ program: [String], model: String) {
        self.program = program
        self.model = model
    }

    /// Adds an option.
    mutating func add(_ name: String, _ values: String..., reserved: Bool = false, rivals: [String] = []) {
        options.append(Option(name: name, values: values, isReserved: reserved, rivals: rivals))
    }

    /// Adds an option that takes any number of words.
    mutating func add(_ name: String, all values: [String], reserved: Bool = false) {
        options.append(Option(name: name, values: values, isReserved: reserved, rivals: []))
    }

    /// Adds an option with what somebody set, if anybody did.
    mutating func add<Value: LaunchValue>(_ name: String, _ value: Value?) {
        if let value { add(name, value.word) }
    }

    /// Notes that a setting comes to nothing, if anybody set it.
    mutating func leave<Value>(_ key: SettingKey<Value>, of request: LaunchRequest) {
        if request.settings[key.setting] != nil { unused.append(key.setting) }
    }

    /// The words of the command; an option that `extra` has too is left to it, since some engines stop at a
    /// second one.
    func argv(_ engine: EngineName, extra: [String]) throws(LaunchRefusal) -> [String] {
        let flags = EngineFlags.of(engine)
        let extra = try ExtraArguments(extra, flags)
        func synonyms(_ name: String) -> [String] { flags[name]?.names ?? [name] }
        var kept: [Option] = []
        for option in options {
            let names = ([option.name] + option.rivals).flatMap(synonyms)
            let given = extra.names.filter(names.contains)
            if option.isReserved, let word = given.min() { throw .argumentReserved(engine, word) }
            if given.isEmpty { kept.append(option) }
        }
        return program + kept.flatMap(\.words) + extra.words
    }
}

/// What an option's value is written from.
protocol LaunchValue {
    /// As the engines read it.
    var word: String { get }
}

extension String: LaunchValue {
    var word: String { self }
}

extension Int: LaunchValue {
    var word: String { "\(self)" }
}

extension Double: LaunchValue {
    /// A whole number without its fraction.
    var word: String { self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)" }
}
