/// Where a secret is: files that people share name it, and none of them has it.
public enum SecretReference: Sendable, Hashable {
    /// A variable of the environment.
    case variable(String)
    /// A file of this machine that has nothing else; a relative path starts from the home.
    case file(String)

    /// Reads `env:NAME` or `file:PATH`.
    public init?(parsing text: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "env":
            let isName = parts[1].utf8.enumerated().allSatisfy { index, byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "_"):
                    true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
                default: false
                }
            }
            guard isName else { return nil }
            self = .variable(parts[1])
        case "file":
            // A home may have been written by somebody else, and must not lead out of itself unseen.
            let steps = parts[1].split(separator: "/")
            guard !steps.isEmpty, !steps.contains(".."),
                parts[1].unicodeScalars.allSatisfy({ $0.properties.generalCategory.isShown })
            else { return nil }
            self = .file(parts[1])
        default: return nil
        }
    }
}

extension SecretReference: CustomStringConvertible {
    /// As it is declared: `env:NAME` or `file:PATH`.
    public var description: String {
        switch self {
        case .variable(let name): "env:\(name)"
        case .file(let path): "file:\(path)"
        }
    }
}

extension SecretReference: SettingConvertible {
    /// The reference that a setting holds.
    public init?(setting value: SettingValue) {
        guard case .text(let text) = value else { return nil }
        self.init(parsing: text)
    }
}

extension Unicode.GeneralCategory {
    /// Whether a character of it stays in its line.
    fileprivate var isShown: Bool {
        switch self {
        case .control, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
