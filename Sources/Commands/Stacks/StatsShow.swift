import ArgumentParser
import Console
import Operations
import Platform
import Synchronization

struct StatsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show what the stacks' containers take of this host",
        discussion: "On a terminal it is shown again every second, until it is interrupted."
    )

    @Flag(help: "Show it once.")
    var noStream = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let isOnce = noStream || common.json || !output.terminal.canRedraw
        var screen = LiveScreen(on: output.terminal)
        try await untilInterrupted {
            try await Stats().run(in: common.workspace(), report: common.reporter) { uses in
                guard !isOnce else {
                    try output.print(uses) { ContainerUseView.table(uses, for: output.terminal) }
                    return false
                }
                try screen.show(ContainerUseView.table(uses, for: output.terminal))
                return true
            }
        }
    }
}
