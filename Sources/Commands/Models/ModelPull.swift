import ArgumentParser
import Catalog
import Operations
import Platform

struct ModelPull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Download models into a stack's volume",
        discussion: """
            MODEL is a name of the catalog (`qwen2.5-coder:7b`, `llama3:8b-q5_k_m`), a repository of the hub \
            (`ORG/REPO[:QUANT][@REVISION]`), one file of it (`ORG/REPO/FILE.gguf`), a name of Ollama's \
            (`ollama://qwen2.5-coder:7b`), or a local file or folder.

            What has arrived is kept when a pull is stopped: the same command goes on from there.
            """
    )

    @Argument(help: "The models to pull.", transform: ModelReference.typed)
    var models: [ModelReference]

    @Option(
        help: ArgumentHelp("The quantization, for example q4_k_m.", valueName: "q"),
        transform: Quantization.typed
    )
    var quant: Quantization?

    @Option(
        help: ArgumentHelp(
            "The format: gguf or safetensors; the engine's own without this.",
            valueName: "format"
        )
    )
    var format: ModelFormat?

    @Option(help: ArgumentHelp("The branch, tag or commit; `main` without this.", valueName: "r"))
    var revision: String?

    @Option(help: ArgumentHelp("Take these files too, for example '*mmproj*'.", valueName: "glob"))
    var include: [String] = []

    @Option(help: ArgumentHelp("Leave these files out.", valueName: "glob"))
    var exclude: [String] = []

    @Flag(help: "Fetch it again, even if it is stored.")
    var force = false

    @Option(
        help: ArgumentHelp(
            "The most connections to a server; a large file is fetched over several.",
            valueName: "n"
        )
    )
    var connections: Int?

    @Option(help: ArgumentHelp("The most bytes a second, for example 40M.", valueName: "rate"))
    var limitRate: ByteCount?

    @Flag(help: "Do not ask the hub: only tell whether it is stored.")
    var offline = false

    @Option(name: .customLong("as"), help: ArgumentHelp("The name to store it under.", valueName: "name"))
    var name: String?

    @Flag(help: "They are LoRA adapters, and go into the stack's folder of adapters.")
    var lora = false

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...64).contains(connections ?? 1) else {
            throw ValidationError("`--connections` takes a number from 1 to 64")
        }
        if let limitRate, limitRate < 1000 {
            throw ValidationError("`--limit-rate` takes at least 1k a second")
        }
        if lora, name != nil || format != nil || !include.isEmpty || !exclude.isEmpty {
            throw ValidationError(
                "an adapter is stored whole and under its own name: only `--quant` and `--revision` choose it"
            )
        }
        guard name == nil || models.count == 1 else { throw ValidationError("`--as` names one model") }
    }

    private func options(in workspace: Workspace) throws(Failure) -> PullOptions {
        var options = try PullOptions(in: workspace)
        (options.quant, options.format, options.revision, options.name) = (quant, format, revision, name)
        (options.include, options.exclude, options.force) = (include, exclude, force)
        options.isOffline = offline
        if let limitRate { options.rateLimit = limitRate }
        if let connections { options.connections = connections }
        return options
    }

    func run() async throws {
        let workspace = try common.workspace()
        let options = try options(in: workspace)
        if change.dryRun {
            var plans: [PullPlan] = []
            for model in models {
                plans.append(
                    lora
                        ? try await AdapterPull(model, options).plan(in: workspace, report: common.reporter)
                        : try await Pull(model, options).plan(in: workspace, report: common.reporter)
                )
            }
            try common.output.print(plans.map(PullPlanView.init)) {
                PullPlanView.text(plans, common.output.terminal)
            }
            for plan in plans { try plan.checkSpace() }
            return
        }
        var pulled: [Pull.Outcome] = []
        do {
            for model in models {
                let outcome = try await common.showingProgress("\(model)") { report in
                    lora
                        ? try await AdapterPull(model, options).run(in: workspace, report: report)
                        : try await Pull(model, options).run(in: workspace, report: report)
                }
                pulled.append(outcome)
            }
        } catch {
            // What came before the failure is there, and is told.
            if !pulled.isEmpty { try common.output.tell(pulled) { PulledModelView.text(pulled) } }
            throw error
        }
        try common.output.tell(pulled) { PulledModelView.text(pulled) }
    }
}
