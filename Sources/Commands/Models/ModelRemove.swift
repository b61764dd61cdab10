import ArgumentParser
import Catalog
import Operations
import Platform

struct ModelRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove models from a stack's volume",
        discussion:
            "Without a format or a quantization, all that is stored of a model goes, stopped downloads included."
    )

    @Argument(help: "The models.", transform: ModelReference.typed)
    var models: [ModelReference]

    @Option(help: ArgumentHelp("Only this format.", valueName: "format"))
    var format: ModelFormat?

    @Option(help: ArgumentHelp("Only this quantization.", valueName: "q"), transform: Quantization.typed)
    var quant: Quantization?

    @Flag(help: "Also if a running container serves it.")
    var force = false

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let workspace = try common.workspace()
        let removal = Remove(models, format: format, quant: quant, isForced: force)
        let plan = try await removal.plan(in: workspace, report: common.reporter)
        if !change.dryRun {
            try await change.confirm("remove \(RemovalView.summary(plan))?", on: common.talk)
            try removal.run(plan)
        }
        try common.output.tell(plan.items) { RemovalView.text(plan, isDryRun: change.dryRun) }
    }
}
