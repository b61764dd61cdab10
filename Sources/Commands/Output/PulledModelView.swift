import Console
import Operations
import Platform

/// How `pull` looks to a person.
enum PulledModelView {
    static func text(_ outcomes: [Pull.Outcome]) -> String {
        outcomes.map { pulled in
            let commit = pulled.revision.map { " at \($0.prefix(8))" } ?? ""
            let size =
                pulled.files == 1 ? "\(pulled.sizeBytes)" : "\(pulled.sizeBytes) in \(pulled.files) files"
            let verb = pulled.wasThere ? "is there" : "pulled"
            return sanitized("\(pulled.model) \(pulled.format) \(pulled.quant) \(verb): \(size)\(commit)")
                + "\n"
        }.joined()
    }
}

/// What `pull --dry-run` prints.
struct PullPlanView: Encodable {
    let stack: String
    let model: String
    let format: String
    let quant: String?
    let repository: String
    let revision: String?
    let files: [PullPlan.File]
    let missingBytes: ByteCount
    let freeBytes: ByteCount
    let fits: Bool

    init(_ plan: PullPlan) {
        (stack, model, format, quant) = (plan.stack, plan.model, plan.format, plan.quant)
        (repository, revision, files) = (plan.repository, plan.revision, plan.files)
        (missingBytes, freeBytes, fits) = (plan.missing, plan.freeBytes, plan.missing <= plan.freeBytes)
    }

    static func text(_ plans: [PullPlan], _ terminal: Terminal) -> String {
        plans.map { plan in
            var table = Table([
                .init("file", isFlexible: true, weight: .high), .init("size", .trailing),
                .init("to fetch", .trailing, weight: .high),
            ])
            for file in plan.files {
                table.add([
                    .init(file.path.string), .init("\(file.sizeBytes)"), .init("\(file.missingBytes)"),
                ])
            }
            let verdict = plan.missing <= plan.freeBytes ? "" : terminal.style.red(", which is not enough")
            let parts = [plan.model, plan.format, plan.quant, "from \(plan.repository)"].compactMap(\.self)
            let commit = plan.revision.map { " at \($0.prefix(8))" } ?? ""
            return """
                \(sanitized(parts.joined(separator: " ") + commit))
                \(table.rendered(for: terminal))\(plan.missing) to fetch, \(plan.freeBytes) free\(verdict)

                """
        }.joined()
    }
}
