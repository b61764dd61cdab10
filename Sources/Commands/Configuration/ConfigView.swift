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

    static func table(_ configs: [ListedConfig], _ places: HomePlaces, _ terminal: Terminal) -> String {
        var table = Table([
            .init("name", weight: .high), .init("model", isFlexible: true, weight: .high), .init("quant"),
            .init("context", .trailing), .init("adapters", isFlexible: true, weight: .low),
            .init("from", wraps: true, weight: .high),
        ])
        for config in configs {
            table.add([
                Table.Cell(config.name), Table.Cell(config.model), Table.Cell(config.quant ?? ""),
                Table.Cell(config.contextLength.map(String.init) ?? ""),
                Table.Cell(config.adapters.joined(separator: ", ")), Table.Cell(places.short(config.origin)),
            ])
        }
        return table.rendered(for: terminal)
    }
}

/// The places of files in a home, from the home on.
struct HomePlaces {
    let home: String

    /// A place in the home without the home's own path; any other as it is.
    func short(_ place: String) -> String {
        place.hasPrefix("\(home)/") ? String(place.dropFirst(home.count + 1)) : place
    }
}

/// How a configuration looks to a person.
enum ConfigView {
    static func text(_ shown: ConfigShow.Shown, _ places: HomePlaces, _ terminal: Terminal) -> String {
        var table = Table([
            .init("setting", weight: .high), .init("value", isFlexible: true, weight: .high),
            .init("from", wraps: true, weight: .high),
        ])
        for row in shown.settings {
            let value = row.value?.plain ?? ""
            table.add([
                Table.Cell(row.name),
                Table.Cell(row.known ? value : "\(value) (not taken by \(shown.stack))"),
                Table.Cell(places.short(row.origin)),
            ])
        }
        return table.rendered(for: terminal)
    }

    static func text(_ outcome: ConfigChange.Outcome, isDryRun: Bool) -> String {
        guard let value = outcome.value else {
            guard outcome.changed else { return "\(outcome.setting) was not set\n" }
            return isDryRun ? "would remove \(outcome.setting)\n" : "\(outcome.setting) is removed\n"
        }
        return "\(isDryRun ? "would set " : "")\(outcome.setting): \(value)\n"
    }

    static func text(_ outcome: ConfigRemove.Outcome, isDryRun: Bool) -> String {
        let shipped = outcome.hasShipped ? "; the shipped one holds" : ""
        return sanitized("\(isDryRun ? "would remove" : "removed") \(outcome.path)\(shipped)") + "\n"
    }

    static func text(_ outcome: SettingsChange.Outcome, isDryRun: Bool) -> String {
        guard let value = outcome.value else {
            return isDryRun ? "would remove \(outcome.setting)\n" : "\(outcome.setting) is not set\n"
        }
        return "\(isDryRun ? "would set " : "")\(outcome.setting): \(value)\n"
    }

    static func line(_ finding: ConfigValidate.Finding) -> String {
        let place = finding.line > 0 ? "\(finding.file):\(finding.line):\(finding.column)" : finding.file
        return sanitized("\(place): \(finding.severity == .warning ? "warning: " : "")\(finding.message)")
            + "\n"
    }

    static func text(_ rows: [SettingsShow.Row], _ places: HomePlaces, _ terminal: Terminal) -> String {
        var table = Table([
            .init("setting", weight: .high), .init("value", isFlexible: true, least: 12, weight: .high),
            .init("from", isFlexible: true, least: 24, weight: .high),
            .init("what it does", isFlexible: true, weight: .low),
        ])
        for row in rows {
            table.add([
                Table.Cell(row.name), Table.Cell(row.value?.plain ?? row.default ?? ""),
                Table.Cell(places.short(row.origin)), Table.Cell(row.description),
            ])
        }
        return table.rendered(for: terminal)
    }
}
