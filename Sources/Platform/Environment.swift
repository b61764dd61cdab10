import Glibc

/// The process's environment variables, as a value that a test can write.
public struct Environment: Sendable, ExpressibleByDictionaryLiteral {
    private let variables: [String: String]

    /// Wraps given variables.
    public init(_ variables: [String: String]) { self.variables = variables }
    /// Wraps variables written in place.
    public init(dictionaryLiteral elements: (String, String)...) {
        variables = Dictionary(elements) { _, last in last }
    }

    /// A variable's value; an empty one counts as not set.
    public subscript(_ name: String) -> String? {
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    /// Whether a variable is set to something that means yes.
    public func isTrue(_ name: String) -> Bool {
        ["1", "true", "yes", "on"].contains(self[name]?.lowercased() ?? "")
    }

    /// The names of those that are set to something, sorted.
    public var names: [String] { variables.filter { !$0.value.isEmpty }.keys.sorted() }

    /// All variables as `NAME=VALUE`, sorted.
    public var assignments: [String] { variables.map { "\($0.key)=\($0.value)" }.sorted() }

    /// The same variables, with another value for one of them.
    public func setting(_ name: String, to value: String) -> Environment {
        Environment(variables.merging([name: value]) { $1 })
    }

    /// The variables of this process.
    public static let process: Environment = {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return Environment(variables)
    }()
}
