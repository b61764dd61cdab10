/// What a setting has been set to.
public enum SettingValue: Sendable, Hashable {
    /// Text.
    case text(String)
    /// A whole number.
    case integer(Int)
    /// A number that may have a fraction.
    case number(Double)
    /// Yes or no.
    case boolean(Bool)
    /// Several values, in order.
    case list([SettingValue])
    /// Named values.
    case fields([String: SettingValue])
}

extension YAMLBlock {
    /// What is written of a setting.
    init(_ value: SettingValue) {
        switch value {
        case .text(let text): self = .text(text)
        case .integer(let number): self = .literal("\(number)")
        case .number(let number):
            let isWhole = number == number.rounded() && abs(number) < 1e15
            self = .literal(isWhole ? "\(Int(number))" : "\(number)")
        case .boolean(let answer): self = .literal("\(answer)")
        case .list(let items):
            let blocks = items.map(YAMLBlock.init)
            let isOfFields = if case .fields = items.first { true } else { false }
            self = isOfFields ? .items(blocks) : .sequence(blocks)
        case .fields(let fields):
            self = .mapping(fields.sorted { $0.key < $1.key }.map { ($0.key, YAMLBlock($0.value)) })
        }
    }
}

extension SettingValue {
    /// As a script wants it: text without the quotes that a file needs.
    public var plain: String { if case .text(let text) = self { text } else { description } }
}

extension SettingValue: CustomStringConvertible {
    /// As it is written in a file.
    public var description: String { YAMLBlock(self).flow }
}

extension SettingValue: Encodable {
    /// Writes it as the JSON value of its kind.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .integer(let number): try container.encode(number)
        case .number(let number): try container.encode(number)
        case .boolean(let value): try container.encode(value)
        case .list(let items): try container.encode(items)
        case .fields(let fields): try container.encode(fields)
        }
    }
}

/// A type that a setting can be read as.
public protocol SettingConvertible: Sendable {
    /// The value as this type, or `nil` where a rule let something else pass.
    init?(setting value: SettingValue)
}

extension String: SettingConvertible {
    /// Text, or a number as it is written.
    public init?(setting value: SettingValue) {
        switch value {
        case .text(let text): self = text
        case .integer(let number): self = "\(number)"
        default: return nil
        }
    }
}

extension Int: SettingConvertible {
    /// A whole number.
    public init?(setting value: SettingValue) {
        guard case .integer(let number) = value else { return nil }
        self = number
    }
}

extension Double: SettingConvertible {
    /// A number, whole or not.
    public init?(setting value: SettingValue) {
        switch value {
        case .number(let number): self = number
        case .integer(let number): self = Double(number)
        default: return nil
        }
    }
}

extension Bool: SettingConvertible {
    /// Yes or no.
    public init?(setting value: SettingValue) {
        guard case .boolean(let answer) = value else { return nil }
        self = answer
    }
}

extension Quantization: SettingConvertible {
    /// The name of a quantization.
    public init?(setting value: SettingValue) {
        guard case .text(let text) = value else { return nil }
        self.init(parsing: text)
    }
}

extension ModelFormat: SettingConvertible {
    /// The name of a format.
    public init?(setting value: SettingValue) {
        guard case .text(let text) = value else { return nil }
        self.init(rawValue: text)
    }
}

extension Array: SettingConvertible where Element: SettingConvertible {
    /// A list whose items are all of the type.
    public init?(setting value: SettingValue) {
        guard case .list(let items) = value else { return nil }
        self = items.compactMap(Element.init(setting:))
        if count != items.count { return nil }
    }
}
