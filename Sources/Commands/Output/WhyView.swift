import Console
import FoundationEssentials
import Operations
import Platform

/// How `why` looks to a person: the state in a line, the reason, what shows it, and what to type.
enum WhyView {
    /// How many lines are shown of a log that nobody understands.
    private static let shownTail = 10

    static func text(_ diagnosis: StackDiagnosis, for terminal: Terminal) -> String {
        let style = terminal.style
        var parts = [style.bold(sanitized(diagnosis.stack)) + ": \(state(of: diagnosis))\n"]
        if let finding = diagnosis.findings.first {
            parts.append(reason(finding, style))
        } else if !diagnosis.ready {
            parts.append(unknown(diagnosis, style))
        }
        if let next = diagnosis.next { parts.append(fix(next, style) + smaller(diagnosis, style)) }
        if let kept = diagnosis.keptLogs.first { parts.append(self.kept(kept, diagnosis, style)) }
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    // MARK: The state

    private static func state(of diagnosis: StackDiagnosis) -> String {
        let name = "`\(sanitized(diagnosis.container))`"
        if diagnosis.state == "absent" { return "it has no container \(name)" }
        if diagnosis.ready {
            let model = (diagnosis.reference ?? diagnosis.model).map { ", `\(sanitized($0))`" } ?? ""
            return "\(name) serves\(model)\(span(" for ", since: diagnosis.startedAt))"
        }
        if diagnosis.state == "running" {
            let health = diagnosis.health.map { ", \(sanitized($0))" } ?? ""
            let answer = diagnosis.answer.map { ": \(sanitized($0))" } ?? ""
            return
                "\(name) runs\(span(" for ", since: diagnosis.startedAt)) and is not ready\(health)\(answer)"
        }
        let often =
            diagnosis.restarts > 0
            ? ", after \(diagnosis.restarts) \(diagnosis.restarts == 1 ? "restart" : "restarts")" : ""
        if diagnosis.refusal != nil { return "\(name) cannot be started\(often)" }
        guard let ending = diagnosis.ending else { return "\(name) is \(sanitized(diagnosis.state))" }
        let how = diagnosis.outOfMemory ? "was killed for the memory it took" : ending
        return "\(name) \(how)\(span(", ", since: diagnosis.finishedAt, " ago"))\(often)"
    }

    private static func span(_ before: String, since date: Date?, _ after: String = "") -> String {
        guard let date else { return "" }
        let seconds = Int(Date().timeIntervalSince(date))
        // Of the engine's time only the seconds are known.
        return before + (seconds < 1 ? "less than a second" : Duration.seconds(seconds).inWords) + after
    }

    // MARK: The reason

    private static func reason(_ finding: Reason, _ style: Style) -> String {
        var text = "\(finding.certain ? "" : "it may be that ")\(sanitized(finding.cause))\n"
        guard let first = finding.evidence.first else { return text }
        text += "\n" + style.dim("  \(title(first))") + "\n"
        for line in finding.evidence { text += "  \(sanitized(line.text))\n" }
        return text
    }

    private static func title(_ evidence: Reason.Evidence) -> String {
        switch evidence.source {
        case .docker: "Docker says:"
        case .health: "the health check says:"
        case .log:
            "in its log, \(evidence.lineFromEnd) \(evidence.lineFromEnd == 1 ? "line" : "lines") from the end:"
        }
    }

    /// What there is to see where no reason is known.
    private static func unknown(_ diagnosis: StackDiagnosis, _ style: Style) -> String {
        if let refusal = diagnosis.refusal { return "Docker says: \(sanitized(refusal))\n" }
        let tail = diagnosis.tail.suffix(shownTail)
        guard !tail.isEmpty else { return diagnosis.state == "absent" ? "" : "it has written nothing\n" }
        return style.dim("  the end of its log:") + "\n" + tail.map { "  \(sanitized($0))\n" }.joined()
    }

    private static func fix(_ text: String, _ style: Style) -> String {
        "\(style.cyan("fix")): \(sanitized(text))\n"
    }

    /// The next smaller model, where one would help.
    private static func smaller(_ diagnosis: StackDiagnosis, _ style: Style) -> String {
        guard let smaller = diagnosis.smaller else { return "" }
        return "\(style.cyan(" or")): `\(sanitized(smaller.command))` \(sanitized(smaller.words))\n"
    }

    // MARK: The kept logs

    private static func kept(_ log: GivenUpRun, _ diagnosis: StackDiagnosis, _ style: Style) -> String {
        let model = (log.reference ?? log.model).map { " of `\(sanitized($0))`" } ?? ""
        var text = "the last run that was given up\(model)\(span(", ", since: log.at, " ago")): "
        if !diagnosis.ready, let finding = log.findings.first,
            finding.cause == diagnosis.findings.first?.cause
        {
            text += "for the reason above\n"
        } else if let finding = log.findings.first {
            text += "\(sanitized(finding.cause))\n"
            if diagnosis.ready { text += fix(finding.fix, style) + smaller(diagnosis, style) }
        } else {
            text += "\(sanitized(log.reason ?? log.tail.last ?? "for a reason that is not known"))\n"
        }
        return text + style.dim("its log: \(sanitized(log.path))") + "\n"
    }
}
