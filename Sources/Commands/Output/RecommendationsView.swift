import Console
import Operations

/// How `recommend` looks to a person.
enum RecommendationsView {
    /// A name that is longer takes the room of what is more worth knowing.
    fileprivate static let longestName = 32

    /// The names alone, as `pull` takes them.
    static func names(_ models: [RecommendedModel]) -> String {
        models.map { "\(sanitized("\($0.reference)"))\n" }.joined()
    }

    static func table(_ models: [RecommendedModel], for terminal: Terminal) -> String {
        guard !models.isEmpty else { return "" }
        var table = Table([
            .init("model", isFlexible: true, least: longestName, weight: .high), .init("quant"),
            .init("size", .trailing, weight: .low), .init("need", .trailing, weight: .low),
            .init("fits", isFlexible: true, weight: .high),
            .init("why", isFlexible: true, weight: .low),
        ])
        for model in models { table.add(cells(of: model)) }
        return table.rendered(for: terminal)
    }

    /// What the first of them should be pulled or served with.
    static func hint(_ model: RecommendedModel, _ style: Style) -> String {
        "\n\(style.cyan("hint")): `\(sanitized(model.command))` (\(sanitized(model.reason)))\n"
    }

    fileprivate static func cells(of model: RecommendedModel) -> [Table.Cell] {
        let tone: Style.Tone? = model.recommended ? .green : nil
        return [
            .init(truncated(model.model, to: longestName), tone), .init(model.quant, tone),
            .init("\(model.sizeBytes)"), .init("\(model.needBytes)"), .init(model.place),
            .init(model.stored ? "\(model.reason); pulled" : model.reason),
        ]
    }
}

/// How the menu of `select` looks to a person.
enum MenuView {
    static func text(_ found: Recommendations, for terminal: Terminal) -> String {
        var table = Table([
            .init("#", weight: .high),
            .init("model", isFlexible: true, least: RecommendationsView.longestName, weight: .high),
            .init("quant"), .init("size", .trailing, weight: .low), .init("need", .trailing, weight: .low),
            .init("fits", isFlexible: true, weight: .high),
            .init("why", isFlexible: true, weight: .low),
        ])
        for (index, model) in found.models.enumerated() {
            let mark = (model.recommended ? "*" : "") + (model.stored ? "+" : "")
            table.add(
                [.init("\(index + 1)\(mark)", model.recommended ? .green : nil)]
                    + RecommendationsView.cells(of: model)
            )
        }
        let legend = [
            found.models.contains(where: \.recommended) ? "* recommended" : nil,
            found.models.contains(where: \.stored) ? "+ pulled" : nil,
        ].compactMap(\.self).joined(separator: ", ")
        return machine(found, terminal) + "\n" + table.rendered(for: terminal) + "\(legend)\n\n"
    }

    /// What the host has, a line each.
    private static func machine(_ found: Recommendations, _ terminal: Terminal) -> String {
        let machine = found.machine
        let memory = machine.availableMemory.map { "\($0) of \(machine.memory) free" } ?? "\(machine.memory)"
        var lines = [("RAM", memory)]
        lines += machine.gpus.map { gpu in
            ("GPU", "\(gpu.free.map { "\($0) of \(gpu.total) free" } ?? "\(gpu.total)"), \(gpu.name)")
        }
        if machine.gpus.isEmpty { lines.append(("GPU", "no GPU")) }
        lines.append(("disk", "\(machine.freeDisk) free in \(found.stack)"))
        return lines.map { name, value in
            let gap = String(repeating: " ", count: 6 - name.count)
            let room = terminal.isTerminal ? max(8, terminal.width - 6) : .max
            return terminal.style.dim(name) + gap + truncated(value, to: room) + "\n"
        }.joined()
    }
}
