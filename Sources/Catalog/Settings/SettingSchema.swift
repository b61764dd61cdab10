/// The JSON Schema of a file of settings, for editors.
public struct SettingSchema: Sendable, Encodable {
    /// A part of a schema.
    private indirect enum Node: Encodable {
        case text(String)
        case number(Double)
        case integer(Int)
        case boolean(Bool)
        case list([Node])
        case object([String: Node])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            case .boolean(let value): try container.encode(value)
            case .list(let items): try container.encode(items)
            case .object(let fields): try container.encode(fields)
            }
        }
    }

    private let root: Node

    /// The schema of the files in `config/models/`.
    public static var model: SettingSchema {
        SettingSchema(
            "A model and how it is served, as stackctl reads it",
            ModelConfig.table.map { ($0.path.split(separator: ".").map(String.init), $0) },
            required: ["model"]
        )
    }

    /// The schema of `config/settings.yaml`.
    public static var settings: SettingSchema {
        SettingSchema(
            "The settings of a machine, as stackctl reads them",
            Settings.table.map { ([$0.name], $0) },
            required: []
        )
    }

    private init(_ title: String, _ table: [(path: [String], setting: Setting)], required: [String]) {
        guard case .object(var fields) = Self.object(table, required: required) else {
            preconditionFailure("an object is what it makes")
        }
        fields["$schema"] = .text("https://json-schema.org/draft/2020-12/schema")
        fields["title"] = .text(title)
        root = .object(fields)
    }

    /// Writes the schema.
    public func encode(to encoder: any Encoder) throws { try root.encode(to: encoder) }

    private static func object(_ table: [(path: [String], setting: Setting)], required: [String]) -> Node {
        var properties: [String: Node] = [:]
        for (path, setting) in table where path.count == 1 { properties[path[0]] = schema(of: setting) }
        let groups = Dictionary(grouping: table.filter { $0.path.count > 1 }) { $0.path[0] }
        for (name, members) in groups {
            properties[name] = object(members.map { (Array($0.path.dropFirst()), $0.setting) }, required: [])
        }
        var fields: [String: Node] = [
            "type": .list([.text("object"), .text("null")]), "properties": .object(properties),
            "additionalProperties": .boolean(false),
        ]
        if !required.isEmpty { fields["required"] = .list(required.map(Node.text)) }
        return .object(fields)
    }

    private static func schema(of setting: Setting) -> Node {
        guard case .object(var fields) = schema(of: setting.rule) else { return .object([:]) }
        let usual = setting.usual.map { " (otherwise: \($0))" } ?? ""
        fields["description"] = .text(setting.summary + usual)
        return .object(fields)
    }

    private static func schema(of rule: SettingRule) -> Node {
        switch rule {
        case .word, .host, .model, .rate, .span, .quantization:
            .object(["type": .text("string"), "minLength": .integer(1)])
        case .secret:
            .object(["type": .text("string"), "pattern": .text("^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")])
        case .choice(let words): .object(["enum": .list(words.map(Node.text))])
        case .boolean: .object(["type": .text("boolean")])
        case .integer(let range, let words):
            words.isEmpty
                ? integer(range)
                : .object(["anyOf": .list([.object(["enum": .list(words.map(Node.text))]), integer(range)])])
        case .number(let range, let excludesLowest):
            .object([
                "type": .text("number"),
                excludesLowest ? "exclusiveMinimum" : "minimum": .number(range.lowerBound),
                "maximum": .number(range.upperBound),
            ])
        case .list(let item):
            // One value alone stands for a list of it.
            .object([
                "anyOf": .list([
                    .object(["type": .text("array"), "items": schema(of: item)]), schema(of: item),
                ])
            ])
        case .fields(let settings):
            object(settings.map { ([$0.name], $0) }, required: settings.filter(\.isRequired).map(\.name))
        }
    }

    private static func integer(_ range: ClosedRange<Int>) -> Node {
        .object([
            "type": .text("integer"), "minimum": .integer(range.lowerBound),
            "maximum": .integer(range.upperBound),
        ])
    }
}
