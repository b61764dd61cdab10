import ArgumentParser
import Catalog
import Operations
import Platform
import SystemPackage

struct ModelInspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Read the header of a GGUF or of safetensors",
        discussion: """
            MODEL is a file or a folder of this machine, or the name of a stored model. With `--remote` it is what \
            `pull` takes, and only the header is read, by ranges: some megabytes of a file of gigabytes.

            The header is checked as `pull` checks it: one that contradicts itself or the file is an error with its \
            place, and status 4.
            """
    )

    @Argument(help: "A file, a folder, or a model.")
    var model: String

    @Flag(help: "Read it from the hub, without pulling it.")
    var remote = false

    @Flag(help: "List the tensors.")
    var tensors = false

    @Flag(help: "Print arrays and texts whole: vocabularies, templates.")
    var full = false

    @Option(
        help: ArgumentHelp("The quantization, if there are several.", valueName: "q"),
        transform: Quantization.typed
    )
    var quant: Quantization?

    @Option(help: ArgumentHelp("The format, if there are both.", valueName: "format"))
    var format: ModelFormat?

    @Option(help: ArgumentHelp("With `--remote`, the branch, tag or commit.", valueName: "r"))
    var revision: String?

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if remote, case .local = try reference.source {
            throw ValidationError(
                "`--remote` reads from the hub, and `\(model)` is of this machine: leave one of them out"
            )
        }
        _ = try reference
        guard revision == nil || remote else { throw ValidationError("`--revision` goes with `--remote`") }
    }

    /// What is meant; a file that is here goes before a repository with that name.
    private var reference: ModelReference {
        get throws {
            let path = FilePath(model)
            let isFile = [".gguf", ".safetensors"].contains(where: model.lowercased().hasSuffix)
            // No name of the catalog and no repository looks like a file without a folder.
            if !remote, isFile, FileSystem.exists(path) || !model.contains("/") {
                return ModelReference(.local(path))
            }
            return try ModelReference.typed(model)
        }
    }

    func run() async throws {
        var options = InspectOptions()
        (options.quant, options.format, options.revision) = (quant, format, revision)
        (options.isRemote, options.listsTensors, options.isFull) = (remote, tensors, full)
        let workspace = try common.workspace()
        let inspect = Inspect(try reference, options)
        let inspected: InspectedModel
        if remote {
            inspected = try await common.showingProgress(model) { report in
                try await inspect.run(in: workspace, report: report)
            }
        } else {
            inspected = try await inspect.run(in: workspace, report: common.reporter)
        }
        try common.output.print(inspected) {
            InspectedModelView(inspected, isFull: full).text(for: common.output.terminal)
        }
    }
}
