import ArgumentParser
import Catalog
import Operations

struct ModelShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything that is known of a stored model"
    )

    @Argument(help: "The model.", transform: ModelReference.typed)
    var model: ModelReference

    @Option(
        help: ArgumentHelp("The quantization, if several are stored.", valueName: "q"),
        transform: Quantization.typed
    )
    var quant: Quantization?

    @Option(help: ArgumentHelp("The format, if both are stored.", valueName: "format"))
    var format: ModelFormat?

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let shown = try await Show(model, format: format, quant: quant).run(in: common.workspace())
        try common.output.print(shown) { ShownModelView.text(shown, for: common.output.terminal) }
    }
}
