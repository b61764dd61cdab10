import ArgumentParser
import Catalog
import Operations

struct LaunchPrint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch",
        abstract: "Print the engine's command that serves a stored model",
        discussion: "The paths are those that the stack's container sees. Nothing is started."
    )

    /// How the command is written.
    enum Format: String, CaseIterable, ExpressibleByArgument { case shell, json }

    @Argument(help: "The model.", transform: ModelReference.typed)
    var model: ModelReference

    @Option(help: ArgumentHelp("The quantization, if several are stored.", valueName: "q"))
    var quant: Quantization?

    @Option(help: ArgumentHelp("How to write it: shell or json.", valueName: "format"))
    var format = Format.shell

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let workspace = try common.workspace()
        let launch = try await Launch(model, quant: quant).run(in: workspace, report: common.reporter)
        let output = Output(
            isJSON: common.json || format == .json,
            isQuiet: false,
            terminal: common.output.terminal
        )
        try output.print(launch) { launch.shell + "\n" }
    }
}
