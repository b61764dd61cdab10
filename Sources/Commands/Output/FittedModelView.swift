import Console
import Operations
import Platform

/// How `fit` looks to a person.
struct FittedModelView {
    private let fitted: FittedModel
    /// Whether the arithmetic is shown.
    private let isDetailed: Bool

    init(_ fitted: FittedModel, isDetailed: Bool) { (self.fitted, self.isDetailed) = (fitted, isDetailed) }

    func text(for terminal: Terminal) -> String {
        var parts = [DefinitionList(lines: head).rendered(for: terminal), table.rendered(for: terminal)]
        if isDetailed { parts.append(arithmetic(for: terminal)) }
        let remarks = fitted.rows.filter { !$0.remarks.isEmpty }
            .map { "\($0.quant): \($0.remarks.joined(separator: "; "))\n" }
        parts.append(sanitizedLines(remarks))
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private var head: [(String, String?)] {
        let limit = fitted.contextLength.map { " of \($0)" } ?? ""
        let source =
            switch fitted.source {
            case .stored: "the stored file's header"
            case .local: "the file's header"
            case .remote: "the header on the hub"
            case .catalog: "the catalog: an estimate"
            }
        return [
            ("model", fitted.model), ("engine", "\(fitted.engine) (stack \(fitted.stack))"),
            (
                "context",
                "\(fitted.context) tokens\(limit), \(fitted.parallel) requests at once, KV \(fitted.kvType)"
            ),
            ("by", source), ("unknown", fitted.unknown), ("RAM", fitted.host.memory),
            ("GPU", fitted.host.gpus.isEmpty ? fitted.host.trouble ?? "none" : nil),
        ] + fitted.host.gpus.map { ("GPU", $0) }
    }

    private var table: Table {
        var table = Table([
            .init("quant", weight: .high), .init("weights", .trailing), .init("kv", .trailing, weight: .low),
            .init("compute", .trailing, weight: .low), .init("need", .trailing, weight: .high),
            .init("fits", weight: .high), .init("from", weight: .low),
        ])
        for row in fitted.rows {
            func size(_ bytes: ByteCount?) -> Table.Cell { "\(bytes.map(\.description) ?? "?")" }
            table.add([
                "\(row.quant)", size(row.weightsBytes), size(row.kvBytes), size(row.computeBytes),
                size(row.totalBytes),
                Table.Cell(row.answer, tone(row.verdict)), "\(row.source.rawValue)",
            ])
        }
        return table
    }

    private func tone(_ verdict: String) -> Style.Tone? {
        switch verdict {
        case "gpu", "cpu": .green
        case "partial": .yellow
        case "no": .red
        default: nil
        }
    }

    /// How the numbers of each row come about.
    private func arithmetic(for terminal: Terminal) -> String {
        let kept = fitted.kvLayers.filter { $0.sizeBytes > 0 }.map { group in
            let tokens = "(\(group.keys) + \(group.values)) x \(fitted.kvType) x \(group.tokens) tokens"
            let state = group.state > 0 ? "\(group.state) x f32 x \(fitted.parallel) requests" : nil
            let parts = [group.tokens > 0 ? tokens : nil, state].compactMap(\.self).joined(separator: " + ")
            return "KV: \(group.layers) layers x \(parts) = \(group.sizeBytes)\n"
        }
        let rows = fitted.rows.compactMap { row -> String? in
            guard let weights = row.weightsBytes, let cache = row.kvBytes, let compute = row.computeBytes,
                let overhead = row.overheadBytes, let total = row.totalBytes
            else { return nil }
            let places = [row.gpuBytes.map { "GPU \($0)" }, row.hostBytes.map { "RAM \($0)" }].compactMap(
                \.self
            )
            return
                "\(row.quant): weights \(weights) + KV \(cache) + compute \(compute) + overhead \(overhead) "
                + "= \(total) (\(places.joined(separator: ", ")))\n"
        }
        return sanitizedLines(kept + rows)
    }

    private func sanitizedLines(_ lines: [String]) -> String {
        lines.map { sanitized(String($0.dropLast())) + "\n" }.joined()
    }
}
