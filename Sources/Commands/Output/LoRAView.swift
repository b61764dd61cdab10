import Console
import Operations
import Platform

/// How adapters look to a person.
enum LoRAView {
    static func text(_ added: LoRAAdd.Outcome, isDryRun: Bool) -> String {
        let origin = added.madeFrom.map { ", made from \($0.uppercased())" } ?? ""
        let facts = "\(added.format), rank \(added.rank), \(added.sizeBytes)\(origin)"
        let files: String
        if added.wasThere {
            files = "`\(added.name)` is stored already: \(facts)"
        } else {
            files = "\(isDryRun ? "would fetch" : "fetched") `\(added.name)`: \(facts)"
        }
        let place = "\(added.path)"
        let entry =
            added.changed
            ? "\(isDryRun ? "would declare" : "declared") it in \(place)"
            : "it is declared in \(place) already"
        return sanitized(files) + "\n" + sanitized(entry) + "\n"
    }

    static func summary(_ removal: LoRARemove.Outcome) -> String {
        sanitized("`\(removal.name)` from `\(removal.config)`, and its files")
    }

    static func text(_ removed: LoRARemove.Outcome, isDryRun: Bool) -> String {
        let verb = isDryRun ? "would remove" : "removed"
        var lines = ["\(verb) `\(removed.name)` from \(removed.path)"]
        lines += removed.removed.map { "\(verb) \($0)" }
        if !removed.usedBy.isEmpty {
            let users = removed.usedBy.map { "`\($0)`" }.joined(separator: ", ")
            lines.append("its files stay: \(users) \(removed.usedBy.count == 1 ? "names" : "name") them too")
        }
        return lines.map { sanitized($0) + "\n" }.joined()
    }

    static func line(_ adapter: ListedAdapter) -> String {
        sanitized(adapter.name ?? adapter.source) + "\n"
    }

    static func table(_ adapters: [ListedAdapter], _ terminal: Terminal) -> String {
        guard !adapters.isEmpty else { return "" }
        var table = Table([
            .init("model", weight: .high), .init("adapter", weight: .high),
            .init("source", isFlexible: true), .init("format"), .init("rank", .trailing),
            .init("alpha", .trailing, weight: .low), .init("size", .trailing),
            .init("scale", .trailing, weight: .low),
            .init("state", isFlexible: true, weight: .high),
        ])
        for adapter in adapters {
            table.add([
                .init(adapter.config ?? "-"), .init(adapter.name ?? "-"), .init(adapter.source),
                .init(adapter.format ?? "-"), .init(adapter.rank.map(String.init) ?? "-"),
                .init(number(adapter.alpha)), .init(adapter.sizeBytes.map { "\($0)" } ?? "-"),
                .init(number(adapter.scale)), state(adapter),
            ])
        }
        return table.rendered(for: terminal)
    }

    private static func state(_ adapter: ListedAdapter) -> Table.Cell {
        guard adapter.stored else { return .init("not stored", .yellow) }
        guard adapter.servable == false else { return .init("ready", .green) }
        return .init(adapter.reason ?? "cannot be served", .red)
    }

    private static func number(_ number: Double?) -> String {
        guard let number else { return "-" }
        return number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
    }
}
