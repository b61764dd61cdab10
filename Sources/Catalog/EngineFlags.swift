import Platform

/// The options of an engine's command, as one version of the engine has them.
public struct EngineFlags: Sendable {
    /// One option.
    public struct Option: Sendable, Hashable {
        /// All that it is called; what turns it off is among them, as `--no-jinja`.
        public let names: [String]
        /// How many words it takes.
        public let values: ClosedRange<Int>
        /// The words that it takes, if these are few.
        public let choices: [String]?
        /// The variable of the environment that says the same.
        public let variable: String?
        /// Whether each further one adds to those before it; else the last one alone counts, or none does.
        public let repeats: Bool
        /// Whether the engine had it once and now stops at it.
        public let isRemoved: Bool
        /// What took its place.
        public let successor: String?

        /// Whether one of its names turns it off: such names stand behind the others and begin with `-n` or `--no-`.
        public func isTurnedOff(by name: some StringProtocol) -> Bool {
            let name = EngineFlags.spelling(of: name)
            guard values.upperBound == 0, let place = names.firstIndex(of: name),
                names.contains(where: { $0.hasPrefix("--no-") })
            else { return false }
            let first = names.firstIndex { $0.hasPrefix("--no-") || $0.hasPrefix("-n") } ?? 0
            return first > 0 && place >= first
        }
    }

    /// The engine.
    public let engine: EngineName
    /// The version that was read, as the engine's makers write it.
    public let version: String
    /// Whether it takes `--option=value` for an option and its value.
    public let joinsValues: Bool
    /// The templates of chats that the engine knows by name.
    public let templates: Set<String>
    /// The options.
    public let options: [Option]
    private let places: [String: Int]

    /// What was read of an engine.
    public static func of(_ engine: EngineName) -> EngineFlags {
        switch engine {
        case .llamacpp: llamaCpp
        case .vllm: vLLM
        case .mistralrs: mistralRs
        }
    }

    private static let llamaCpp = builtIn(.llamacpp)
    private static let vLLM = builtIn(.vllm)
    private static let mistralRs = builtIn(.mistralrs)

    /// The option of a name; `_` counts as `-`, as the engines have it.
    public subscript(_ name: some StringProtocol) -> Option? {
        places[Self.spelling(of: name)].map { options[$0] }
    }

    /// The names that somebody may have meant by one that the engine does not have, the nearest first.
    public func names(near name: String) -> [String] {
        nearestNames(to: name, in: options.filter { !$0.isRemoved }.flatMap(\.names), most: 1)
    }

    /// The name of an option as the engines compare it: without a value behind `=`, with `-` for `_`.
    public static func spelling(of word: some StringProtocol) -> String {
        let name = word.prefix { $0 != "=" }
        return name.hasPrefix("--") ? String(name.map { $0 == "_" ? "-" : $0 }) : String(name)
    }
}

// MARK: Reading

extension EngineFlags {
    /// The tables with their paths: facts about the engines, which no home has a copy of.
    static let folder = "config/engines/"

    private static func builtIn(_ engine: EngineName) -> EngineFlags {
        do { return try EngineFlags(Embedded.bytes("\(folder)\(engine.rawValue).json") ?? [], engine) } catch
        {
            preconditionFailure("the built-in table of \(engine.rawValue) is broken: \(error)")
        }
    }

    /// Reads a table.
    init(_ bytes: [UInt8], _ engine: EngineName) throws {
        let table = try JSON.decode(Table.self, from: bytes)
        self.engine = engine
        version = table.version
        joinsValues = table.joins
        templates = Set(table.templates ?? [])
        options = table.options.map(Option.init)
        var places: [String: Int] = [:]
        for (place, option) in options.enumerated() {
            for name in option.names { places[name] = place }
        }
        self.places = places
    }
}

/// A table as its file has it; what is usual is left out there.
private struct Table: Decodable {
    struct Row: Decodable {
        let names: [String]
        let values: Int?
        let more: Bool?
        let optional: Bool?
        let choices: [String]?
        let variable: String?
        let repeats: Bool?
        let removed: Bool?
        let instead: String?
    }

    let version: String
    let joins: Bool
    let templates: [String]?
    let options: [Row]
}

extension EngineFlags.Option {
    fileprivate init(_ row: Table.Row) {
        let least = row.values ?? 0
        names = row.names
        values = least...(row.more == true ? .max : row.optional == true ? least + 1 : least)
        choices = row.choices
        variable = row.variable
        repeats = row.repeats ?? false
        isRemoved = row.removed ?? false
        successor = row.instead
    }
}
