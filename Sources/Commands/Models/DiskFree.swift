import ArgumentParser
import Operations

struct DiskFree: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "df",
        abstract: "Show how full the stacks' volumes are, and what still fits"
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let uses = try await DiskUse.all(in: common.workspace(), report: common.reporter)
        try common.output.print(uses) { DiskUseView.table(uses, for: common.output.terminal) }
    }
}
