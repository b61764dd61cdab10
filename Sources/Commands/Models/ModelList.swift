import ArgumentParser
import Catalog
import Console
import Operations

struct ModelList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the models in the stacks' volumes",
        discussion: "Downloads that were stopped are listed with the state `partial`."
    )

    @Option(help: ArgumentHelp("Only this format: gguf or safetensors.", valueName: "format"))
    var format: ModelFormat?

    @Flag(help: "Also the catalog's models that are not pulled.")
    var all = false

    @Flag(name: .shortAndLong, help: "Everything that is known.")
    var long = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let models = try await Listing(format: format, includesCatalog: all).run(
            in: common.workspace(),
            report: common.reporter
        )
        // On stdout an empty list is empty, for scripts; a person is told what to do about it.
        if models.isEmpty, !common.quiet, !common.json, common.talk.isTerminal {
            common.talk.say(
                "nothing is stored; pull a model with `stackctl pull MODEL`, see `stackctl catalog ls`\n"
            )
        }
        try common.output.print(models) {
            common.quiet
                ? ModelListView.names(models)
                : ModelListView.table(models, long: long, for: common.output.terminal)
        }
    }
}
