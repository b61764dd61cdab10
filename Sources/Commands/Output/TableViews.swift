import Console
import Operations
import Platform

/// How `verify` looks to a person.
enum VerifiedFileView {
    /// All files, or with `quiet` only those that are wrong.
    static func table(_ files: [VerifiedFile], for terminal: Terminal, quiet: Bool) -> String {
        let shown = quiet ? files.filter { $0.state != .ok } : files
        guard !shown.isEmpty else { return "" }
        let hasReasons = shown.contains { $0.reason != nil }
        var table = Table(
            [
                .init("stack"), .init("model", isFlexible: true), .init("quant"),
                .init("file", isFlexible: true, weight: .high), .init("state", weight: .high),
                .init("expected", isFlexible: true, weight: .low),
                .init("actual", isFlexible: true, weight: .low),
            ] + (hasReasons ? [.init("reason", isFlexible: true, weight: .high)] : [])
        )
        for file in shown {
            let isWrong = file.state != .ok
            let state = file.repaired == true ? "\(file.state.rawValue), repaired" : file.state.rawValue
            table.add(
                [
                    .init(file.stack), .init(file.model), .init(file.quant), .init(file.path.string),
                    .init(state, isWrong ? (file.repaired == true ? .yellow : .red) : .green),
                    .init(Self.shown(file.expected, whole: isWrong)),
                    .init(Self.shown(file.actual, whole: isWrong)),
                ] + (hasReasons ? [.init(file.reason ?? "-")] : [])
            )
        }
        return table.rendered(for: terminal)
    }

    private static func shown(_ hash: String?, whole: Bool) -> String {
        hash.map { whole ? $0 : String($0.prefix(12)) } ?? "-"
    }
}

/// How `df` looks to a person.
enum DiskUseView {
    static func table(_ uses: [DiskUse], for terminal: Terminal) -> String {
        var table = Table([
            .init("stack", weight: .high), .init("models", .trailing, weight: .high),
            .init("partial", .trailing), .init("shared", .trailing), .init("quota", .trailing),
            .init("free", .trailing), .init("size", .trailing), .init("still fits", .trailing, weight: .high),
            .init("volume", isFlexible: true, weight: .low),
        ])
        for use in uses {
            table.add([
                .init(use.stack), .init("\(use.modelsBytes)"), .init("\(use.partialBytes)"),
                .init("\(use.sharedBytes)"),
                .init(use.quotaBytes.map { "\($0)" } ?? "-"), .init("\(use.freeBytes)"),
                .init("\(use.filesystemBytes)"),
                .init("\(use.fitsBytes)"), .init(use.path),
            ])
        }
        return table.rendered(for: terminal)
    }
}

/// How `rm` looks to a person.
enum RemovalView {
    static func summary(_ plan: RemovalPlan) -> String {
        let names = plan.items.map(line).joined(separator: ", ")
        return "\(names) (\(plan.items.lazy.map(\.sizeBytes).total()))"
    }

    static func text(_ plan: RemovalPlan, isDryRun: Bool) -> String {
        plan.items.map { "\(isDryRun ? "would remove" : "removed") \(line($0)): \($0.sizeBytes)\n" }.joined()
    }

    private static func line(_ item: RemovalPlan.Item) -> String {
        let parts = [item.model, item.format, item.quant, item.state == .partial ? "(partial)" : nil]
        return sanitized(parts.compactMap(\.self).joined(separator: " "))
    }
}

/// How `init` looks to a person.
enum InitializedHomeView {
    static func text(_ outcome: Initialize.Outcome, isDryRun: Bool) -> String {
        let written = outcome.written.map { "\(isDryRun ? "would write" : "wrote") \(outcome.home)/\($0)\n" }
        let kept = outcome.kept.map { "kept \(outcome.home)/\($0)\n" }
        return sanitizedLines(written + kept)
    }

    private static func sanitizedLines(_ lines: [String]) -> String {
        lines.map { sanitized(String($0.dropLast())) + "\n" }.joined()
    }
}
