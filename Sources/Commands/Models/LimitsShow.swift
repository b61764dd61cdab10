import ArgumentParser
import Catalog
import Operations

struct LimitsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Show what a model can take and what it is capable of",
        discussion: """
            Its context window, the longest answer and its capabilities: by the model's own header where it is \
            stored, else by the patterns of `config/limits.yaml`, which names of models and of repositories are \
            compared with. Nobody is asked. Of a model that is not known it is said what is safe to assume.
            """
    )

    @Argument(help: "The model.", transform: ModelReference.typed)
    var model: ModelReference

    @Option(
        help: ArgumentHelp("The quantization, if several are stored.", valueName: "q"),
        transform: Quantization.typed
    )
    var quant: Quantization?

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let lookup = LimitLookup(model, quant: quant)
        let limits = try await lookup.run(in: common.workspace(), report: common.reporter)
        try common.output.print(limits) { ModelLimitsView.text(limits, for: common.output.terminal) }
    }
}
