import ArgumentParser
import Console
import Operations

struct WhyShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Show why the stack does not serve, and the one command that fixes it",
        discussion: """
            It looks at how the container ended, at Docker's words, the health check, the log of the last run and the \
            kept logs of runs that `use` gave up, and compares them with the known reasons in `config/signatures.yaml`. \
            An answer is status 0, also if the reason is not known.
            """
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let diagnosis = try await Why().run(in: common.workspace(), report: common.reporter)
        let output = common.output
        try output.print(diagnosis) { WhyView.text(diagnosis, for: output.terminal) }
    }
}
