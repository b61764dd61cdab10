import ArgumentParser
import Catalog
import Operations

struct LaunchPrint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch",
        abstract: "Print the engine's command that serves a stored model",
        discussion: "The paths are those that the stack's container sees. Nothing is started."
    )

    @Argument(help: "The model; without it the one of the settings.", transform: ModelReference.typed)
    var model: ModelReference?

    @Option(
        help: ArgumentHelp("The quantization, if several are stored.", valueName: "q"),
        transform: Quantization.typed
    )
    var quant: Quantization?

    @Option(help: ArgumentHelp("How to write it: shell, compose, json, env or k8s.", valueName: "format"))
    var format = Launch.Format.shell

    @OptionGroup var flags: SettingFlags

    @OptionGroup var common: CommonOptions

    /// What is missing is told before the run, with this verb's own usage.
    func validate() throws {
        if try common.workspace().model(model) == nil {
            throw ValidationError(
                """
                Missing expected argument '<model>'

                hint: name a stored model, as `stackctl ls` lists them, or set the usual one with `stackctl settings set \
                model MODEL`
                """
            )
        }
    }

    func run() async throws {
        let workspace = try common.workspace()
        guard let model = try workspace.model(model) else { preconditionFailure("it was validated") }
        let launch = try await Launch(model, quant: quant, flags: try flags.settings())
            .run(in: workspace, as: common.json ? .json : format, report: common.reporter)
        let output = Output(
            isJSON: common.json || format == .json,
            isQuiet: false,
            terminal: common.output.terminal
        )
        try output.print(launch) { launch.written }
    }
}
