/// The text of a new file in `config/models/`: what is set, and all else as comments to choose from.
public struct ModelConfigDraft: Sendable {
    /// The model, as `pull` takes it.
    public var model: String
    /// What it is, in a line.
    public var title: String
    /// What is set from the start, by the settings' names.
    public var values: [String: SettingValue]

    /// Describes a file.
    public init(model: String, title: String, values: [String: SettingValue] = [:]) {
        self.model = model
        self.title = title
        self.values = values
    }

    /// The text.
    public var text: String {
        var lines = [
            "# \(Self.line(title))",
            "#",
            "# What is commented out is an example. Without it the engine decides, or the stack's own defaults hold. Each",
            "# engine takes what it knows: `stackctl config validate` names what one does not.",
            "# yaml-language-server: $schema=../../schemas/model.json",
            "",
        ]
        var groups: [String] = []
        for setting in ModelConfig.table {
            let path = setting.path.split(separator: ".").map(String.init)
            guard path.count > 1 else {
                lines += entry(setting, name: path[0], indent: 0)
                continue
            }
            // A mapping stands where the first of its settings does.
            if groups.contains(path[0]) { continue }
            groups.append(path[0])
            lines += group(path[0])
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func group(_ name: String) -> [String] {
        let members = ModelConfig.table.filter { $0.path.hasPrefix("\(name).") }
        let lines = members.flatMap { setting in
            entry(setting, name: String(setting.path.dropFirst(name.count + 1)), indent: 2)
        }
        return ["", "\(name):"] + lines
    }

    private func entry(_ setting: Setting, name: String, indent: Int) -> [String] {
        let start = String(repeating: " ", count: indent)
        let value = setting.name == SettingKey.model.setting.name ? .text(model) : values[setting.name]
        var lines = value.map { YAMLBlock($0).lines(named: name, indent: indent, step: 2) } ?? []
        if lines.isEmpty { lines = ["\(start)# \(name): \(setting.example ?? "")"] }
        lines[0] = Self.padded(lines[0]) + "# \(setting.summary)\(Self.scope(setting))"
        return lines
    }

    private static func padded(_ text: String) -> String {
        text + String(repeating: " ", count: max(2, 34 - text.count))
    }

    private static func scope(_ setting: Setting) -> String {
        guard setting.engines.count < EngineName.allCases.count, !setting.path.hasPrefix("extra.") else {
            return ""
        }
        return
            " (\(EngineName.allCases.filter(setting.engines.contains).map(\.rawValue).joined(separator: ", ")))"
    }

    /// Whatever a title holds, it must not leave its line.
    private static func line(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}
