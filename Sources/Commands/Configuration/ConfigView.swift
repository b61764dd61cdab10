import Catalog
import Console
import Operations

/// A configuration in a list.
struct ListedConfig: Encodable {
    let name: String
    let model: String
    let format: String?
    let quant: String?
    let contextLength: Int?
    let adapters: [String]
    let origin: String

    init(_ config: ModelConfig) {
        name = config.name
        model = config.settings[.model] ?? ""
        format = config.settings[.format]?.rawValue
        quant = config.settings[.quant]?.name
        contextLength = config.settings[.context]
        adapters = (config.settings[.adapters] ?? []).map(\.name)
        origin = "\(config.origin)"
    }

    static func table(_ configs: [ListedConfig], _ terminal: Terminal) -> String {
        var table = Table([
            .init("name", weight: .high), .init("model", isFlexible: true, weight: .high), .init("quant"),
            .init("context", .trailing), .init("adapters", weight: .low),
            .init("from", isFlexible: true, weight: .low),
        ])
        for config in configs {
            table.add([
                Table.Cell(config.name), Table.Cell(config.model), Table.Cell(config.quant ?? ""),
                Table.Cell(config.contextLength.map(String.init) ?? ""),
                Table.Cell(config.adapters.joined(separator: ", ")), Table.Cell(config.origin),
            ])
        }
        return table.rendered(for: terminal)
    }
}

/// How a configuration looks to a person.
enum ConfigView {
    static func text(_ shown: ConfigShow.Shown, _ terminal: Terminal) -> String {
        var table = Table([
            .init("setting", weight: .high), .init("value", isFlexible: true, weight: .high),
            .init("from", isFlexible: true),
        ])
        for row in shown.settings {
            let value = row.value?.plain ?? ""
            table.add([
                Table.Cell(row.name),
                Table.Cell(row.known ? value : "\(value) (not taken by \(shown.stack))"),
                Table.Cell(row.origin),
            ])
        }
        return table.rendered(for: terminal)
    }

    static func text(_ outcome: ConfigChange.Outcome) -> String {
        guard let value = outcome.value else {
            return outcome.changed ? "\(outcome.setting) is removed\n" : "\(outcome.setting) was not set\n"
        }
        return "\(outcome.setting): \(value)\n"
    }

    static func line(_ finding: ConfigValidate.Finding) -> String {
        let place = finding.line > 0 ? "\(finding.file):\(finding.line):\(finding.column)" : finding.file
        return sanitized("\(place): \(finding.severity == .warning ? "warning: " : "")\(finding.message)")
            + "\n"
    }

    static func text(_ rows: [SettingsShow.Row], _ terminal: Terminal) -> String {
        var table = Table([
            .init("setting", weight: .high), .init("value", weight: .high), .init("from", isFlexible: true),
            .init("what it does", isFlexible: true, weight: .low),
        ])
        for row in rows {
            table.add([
                Table.Cell(row.name), Table.Cell(row.value?.plain ?? row.default ?? ""),
                Table.Cell(row.origin), Table.Cell(row.description),
            ])
        }
        return table.rendered(for: terminal)
    }
}
