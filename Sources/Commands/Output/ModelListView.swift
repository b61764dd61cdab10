import Console
import FoundationEssentials
import Operations
import Platform

/// How `ls` looks to a person.
enum ModelListView {
    /// The names alone, each once.
    static func names(_ models: [ListedModel]) -> String {
        var seen: Set<String> = []
        return models.map(\.model).filter { seen.insert($0).inserted }.map { "\(sanitized($0))\n" }.joined()
    }

    static func table(_ models: [ListedModel], long: Bool, for terminal: Terminal) -> String {
        guard !models.isEmpty else { return "" }
        var table = Table(long ? shortColumns + longColumns : shortColumns)
        for model in models {
            let cells = short(model) + (long ? self.long(model) : [])
            table.add(cells)
        }
        return table.rendered(for: terminal)
    }

    private static let shortColumns: [Table.Column] = [
        .init("stack"), .init("model", isFlexible: true, weight: .high), .init("format"),
        .init("quant", weight: .high), .init("size", .trailing, weight: .high), .init("state", weight: .high),
        .init("params", .trailing, weight: .low), .init("context", .trailing, weight: .low),
    ]
    private static let longColumns: [Table.Column] = [
        .init("files", .trailing, weight: .low), .init("source", isFlexible: true, weight: .low),
        .init("revision", weight: .low), .init("pulled", weight: .low), .init("used", weight: .low),
    ]

    private static func short(_ model: ListedModel) -> [Table.Cell] {
        let tone: Style.Tone? =
            switch model.state {
            case .ready: .green
            case .partial: .yellow
            case .damaged: .red
            case .available: .dim
            }
        return [
            .init(model.stack), .init(model.model), .init(model.format ?? "-"), .init(model.quant ?? "-"),
            .init(model.sizeBytes.map { "\($0)" } ?? "-"), .init(model.state.rawValue, tone),
            .init(model.parameters.map(count) ?? "-"), .init(model.contextLength.map { "\($0)" } ?? "-"),
        ]
    }

    private static func long(_ model: ListedModel) -> [Table.Cell] {
        [
            .init(model.files.map { "\($0)" } ?? "-"), .init(model.source ?? "-"),
            .init(model.revision.map { String($0.prefix(8)) } ?? "-"), .init(model.pulledAt.map(day) ?? "-"),
            .init(model.lastUsedAt.map(day) ?? "-"),
        ]
    }

    /// A number of weights as people say it: `7.6B`, `494M`.
    static func count(_ parameters: Int64) -> String {
        let (unit, name): (Double, String) =
            parameters >= 999_500_000 ? (1e9, "B") : parameters >= 999_500 ? (1e6, "M") : (1e3, "K")
        let tenths = Int((Double(parameters) / unit * 10).rounded())
        return tenths < 1000 && tenths % 10 != 0
            ? "\(tenths / 10).\(tenths % 10)\(name)" : "\((tenths + 5) / 10)\(name)"
    }

    static func day(_ date: Date) -> String { String(date.formatted(.iso8601).prefix(10)) }
}
