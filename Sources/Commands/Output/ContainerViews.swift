import Console
import FoundationEssentials
import Operations
import Platform

/// How `status` looks to a person.
enum StackStatusView {
    static func table(_ all: [StackStatus], for terminal: Terminal) -> String {
        var table = Table([
            .init("stack", weight: .high), .init("container", isFlexible: true),
            .init("state", weight: .high),
            .init("health"), .init("ready", weight: .high), .init("model", isFlexible: true, weight: .high),
            .init("up", .trailing), .init("restarts", .trailing, weight: .low), .init("gpu", weight: .low),
            .init("memory", .trailing, weight: .low),
        ])
        for status in all {
            table.add([
                .init(status.stack), .init(status.container), state(status), health(status), ready(status),
                .init(status.reference ?? status.model ?? "-"),
                .init(status.startedAt.map(span(since:)) ?? "-"),
                .init(status.state == "absent" ? "-" : "\(status.restarts)"), .init(status.gpu ?? "-"),
                .init(status.memoryBytes.map { "\($0)" } ?? "-"),
            ])
        }
        return table.rendered(for: terminal)
    }

    private static func state(_ status: StackStatus) -> Table.Cell {
        if status.state == "running" { return .init("running", .green) }
        if status.outOfMemory == true { return .init("\(status.state), out of memory", .red) }
        guard let code = status.exitCode, code != 0 else { return .init(status.state) }
        return .init("\(status.state) (\(code))", .red)
    }

    private static func health(_ status: StackStatus) -> Table.Cell {
        let tones: [String: Style.Tone] = ["healthy": .green, "unhealthy": .red, "starting": .yellow]
        return .init(status.health ?? "-", status.health.flatMap { tones[$0] })
    }

    private static func ready(_ status: StackStatus) -> Table.Cell {
        status.ready ? .init("yes", .green) : .init("no", status.state == "running" ? .yellow : nil)
    }

    private static func span(since date: Date) -> String {
        let seconds = -date.timeIntervalSinceNow
        if seconds < 1 { return "0 s" }
        // Minutes are enough for what runs for hours.
        return Duration.seconds(Int64(seconds < 3600 ? seconds : (seconds / 60).rounded(.down) * 60)).inWords
    }
}

/// How `stats` looks to a person.
enum ContainerUseView {
    static func table(_ uses: [ContainerUse], for terminal: Terminal) -> String {
        var table = Table([
            .init("stack", weight: .high), .init("container", isFlexible: true, weight: .low),
            .init("cpu", .trailing, weight: .high), .init("memory", .trailing, weight: .high),
            .init("limit", .trailing), .init("received", .trailing), .init("sent", .trailing),
            .init("read", .trailing, weight: .low), .init("written", .trailing, weight: .low),
            .init("processes", .trailing, weight: .low),
        ])
        for use in uses {
            table.add([
                .init(use.stack), .init(use.container), .init(use.cpuPercent.map { "\($0)%" } ?? "-"),
                .init("\(use.memoryBytes)"), .init("\(use.memoryLimitBytes)"), .init("\(use.receivedBytes)"),
                .init("\(use.sentBytes)"), .init("\(use.readBytes)"), .init("\(use.writtenBytes)"),
                .init("\(use.processes)"),
            ])
        }
        return table.rendered(for: terminal)
    }
}

/// How `start`, `stop` and `restart` look to a person.
enum ContainerChangeView {
    static func text(_ change: ContainerChange, isDryRun: Bool) -> String {
        let name = sanitized(change.container)
        guard change.changed else {
            return "`\(name)` \(change.action == .stop ? "does not run" : "runs already")\n"
        }
        if isDryRun { return "would \(change.action.rawValue) `\(name)`\n" }
        let words: [ContainerChange.Action: String] = [
            .start: "started", .stop: "stopped", .restart: "restarted",
        ]
        let answer =
            change.readyAfterMilliseconds.map { ", answers after \(Duration.milliseconds($0).inWords)" } ?? ""
        return "`\(name)` \(words[change.action] ?? change.action.rawValue)\(answer)\n"
    }
}

/// How a command of Compose looks to a person.
enum ComposeRunView {
    static func text(_ run: ComposeRun) -> String {
        "would run `\(sanitized(run.command.joined(separator: " ")))`\n"
    }
}
