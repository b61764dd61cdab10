import Console
import Operations
import Platform

/// How `convert` looks to a person.
enum ConvertedModelView {
    static func text(_ models: [ConvertedModel]) -> String {
        models.map { model in
            let place = model.stack == nil ? model.path : "\(model.model) \(model.format) \(model.quant)"
            return sanitized("\(place) \(model.wasThere ? "is there" : "converted"): \(facts(of: model))")
                + "\n"
        }.joined()
    }

    private static func facts(of model: ConvertedModel) -> String {
        guard let bits = model.bitsPerWeight, let seconds = model.seconds, let rate = model.bytesPerSecond,
            let format = model.sourceFormat, let sourceSize = model.sourceBytes
        else {
            return "\(model.sizeBytes)"
        }
        let source = [format, model.sourceQuant].compactMap(\.self).joined(separator: " ")
        let time = seconds < 10 ? decimal(seconds, 1) + " s" : clockTime(Int64(seconds))
        return
            "\(model.sizeBytes) of \(sourceSize) (\(source)), \(decimal(bits, 2)) bits per weight, in \(time) "
            + "(\(rate)/s)"
    }

    private static func decimal(_ number: Double, _ digits: Int) -> String {
        let scale = digits == 1 ? 10.0 : 100
        let hundredfold = Int((number * scale).rounded())
        let rest = "\(hundredfold % Int(scale))"
        return "\(hundredfold / Int(scale)).\(String(repeating: "0", count: digits - rest.count))\(rest)"
    }
}

/// What `convert --dry-run` prints.
struct ConvertPlanView: Encodable {
    let stack: String?
    let model: String
    let source: ConvertPlan.Source
    let targets: [ConvertPlan.Target]
    let neededBytes: ByteCount
    let freeBytes: ByteCount
    let fits: Bool

    init(_ plan: ConvertPlan) {
        (stack, model, source, targets) = (plan.stack, plan.model, plan.source, plan.targets)
        (neededBytes, freeBytes, fits) = (plan.neededBytes, plan.freeBytes, plan.fits)
    }

    static func text(_ plan: ConvertPlan, _ terminal: Terminal) -> String {
        var table = Table([
            .init("quant", weight: .high), .init("size", .trailing, weight: .high), .init("state"),
            .init("file", isFlexible: true),
        ])
        let about = plan.source.missingBytes > 0 ? "~" : ""
        for target in plan.targets {
            table.add([
                .init(target.quant), .init("\(about)\(target.sizeBytes)"),
                .init(target.wasThere ? "is there" : ""), .init(target.path),
            ])
        }
        let source = [plan.source.format, plan.source.quant].compactMap(\.self).joined(separator: " ")
        let commit = plan.source.revision.map { " at \($0.prefix(8))" } ?? ""
        let fetched = plan.source.missingBytes > 0 ? ", \(plan.source.missingBytes) to fetch" : ""
        let verdict = plan.fits ? "" : terminal.style.red(", which is not enough")
        return """
            \(sanitized("\(plan.model) from \(plan.source.repository)\(commit): \(source), \(plan.source.sizeBytes)\(fetched)"))
            \(table.rendered(for: terminal))\(plan.neededBytes) needed, \(plan.freeBytes) free\(verdict)

            """
    }
}
