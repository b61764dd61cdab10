import ArgumentParser
import Catalog
import Operations

struct ModelFit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit",
        abstract: "Say whether a model has room on this host, in each quantization",
        discussion: """
            What a model needs is its weights, what it keeps of the text (KV cache), what a pass takes, and the program \
            itself. It follows from the header of a stored model or of a file; of what is not stored, from the header \
            on the hub, which is some megabytes; without a hub it is estimated from the catalog. `-v` shows the arithmetic.

            It is advice: nothing is refused for it.
            """
    )

    @Argument(help: "The model: a name, a repository, a file or a folder.", transform: ModelReference.typed)
    var model: ModelReference

    @Option(
        help: ArgumentHelp("The tokens to keep; else what the stack's launch would ask for.", valueName: "n")
    )
    var context: Int?

    @Option(help: ArgumentHelp("The requests served at once.", valueName: "n"))
    var parallel: Int?

    @Option(
        help: ArgumentHelp("How keys and values are stored: f16, q8_0, q4_0, fp8 and so on.", valueName: "t")
    )
    var kvType: String?

    @Option(
        help: ArgumentHelp("The only quantization to ask about.", valueName: "q"),
        transform: Quantization.typed
    )
    var quant: Quantization?

    @Option(help: ArgumentHelp("The branch, tag or commit.", valueName: "r"))
    var revision: String?

    @Flag(help: "Ask no hub: go by what is stored and the catalog.")
    var offline = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        let most = 1 << 30
        for (name, value) in [("--context", context), ("--parallel", parallel)] {
            guard let value, !(1...most).contains(value) else { continue }
            throw ValidationError("`\(name)` must be between 1 and \(most)")
        }
        guard let kvType, !FitOptions.cacheTypes.contains(kvType.lowercased()) else { return }
        throw ValidationError("`\(kvType)` is none of \(FitOptions.cacheTypes.joined(separator: ", "))")
    }

    func run() async throws {
        var options = FitOptions()
        (options.context, options.slots, options.cacheType) = (context, parallel, kvType)
        (options.quant, options.revision, options.isOffline) = (quant, revision, offline)
        let fit = Fit(model, options)
        let workspace = try common.workspace()
        let fitted = try await common.showingProgress("\(model)") { report in
            try await fit.run(in: workspace, report: report)
        }
        try common.output.print(fitted) {
            FittedModelView(fitted, isDetailed: common.verbose).text(for: common.output.terminal)
        }
    }
}
