/// Environment variables of a container.
///
/// Their values may be secret, and are in no description of them.
public struct Variables: Sendable, Hashable, Codable, ExpressibleByArrayLiteral, CustomStringConvertible,
    CustomDebugStringConvertible, CustomReflectable
{
    /// Each as `NAME=VALUE`.
    public let assignments: [String]

    /// Wraps assignments.
    public init(_ assignments: [String]) { self.assignments = assignments }
    /// Wraps assignments written in place.
    public init(arrayLiteral elements: String...) { self.init(elements) }

    /// Reads a list; none where there is none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.init(container.decodeNil() ? [] : try container.decode([String].self))
    }

    /// Writes the list.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(assignments)
    }

    /// Their names.
    public var names: [String] { assignments.map { String($0.prefix { $0 != "=" }) } }

    /// The value of a variable.
    public subscript(_ name: String) -> String? {
        assignments.last { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    /// Their names.
    public var description: String { names.joined(separator: " ") }
    /// Their names.
    public var debugDescription: String { description }
    /// Their names.
    public var customMirror: Mirror { Mirror(self, children: ["names": names]) }
}
