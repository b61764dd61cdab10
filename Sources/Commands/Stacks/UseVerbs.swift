import ArgumentParser
import Catalog
import Operations

struct UseRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "use",
        abstract: "Make the stack serve a model",
        discussion: """
            A model that is not stored is pulled first. Then its launch is put into the stack's folder `active`, the \
            container is restarted, and the server is waited for until it completes a token. If it does not come up in \
            time, its log is kept, the launch that answered before is put back, and the status is 9.

            Without MODEL, on a terminal, it is chosen as `select` does.

            A change that was interrupted or killed is taken up by the same command, or taken back by `rollback`.
            """
    )

    @Argument(
        help: "The model; without it the one of the settings, else, on a terminal, a menu of what fits.",
        transform: ModelReference.typed
    )
    var model: ModelReference?

    @Option(
        help: ArgumentHelp("The quantization, if several are stored.", valueName: "q"),
        transform: Quantization.typed
    )
    var quant: Quantization?

    @Option(
        help: ArgumentHelp("How long to wait until it answers; 10m without this.", valueName: "span"),
        transform: typedSpan
    )
    var timeout: Duration?

    @Flag(help: "Leave a model that does not come up as it is, for a closer look; its container is stopped.")
    var noRollback = false

    @OptionGroup var flags: SettingFlags
    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    private var menu: ModelMenu { ModelMenu(recommend: Recommend(), change: change, common: common) }

    func validate() throws {
        guard try common.workspace().model(model) == nil else { return }
        // An empty variable of a script must not choose for it.
        guard menu.isPossible else {
            throw ValidationError(
                "Missing expected argument '<model>'\n\nhint: name the model; \(ModelMenu.noTerminal)"
            )
        }
        if quant != nil { throw ValidationError("`--quant` goes with a model") }
    }

    func run() async throws {
        let workspace = try common.workspace()
        var wanted = try workspace.model(model)
        if wanted == nil { wanted = try await menu.choice(in: workspace)?.reference }
        guard let model = wanted else { return menu.tellNothing() }
        let use = Use(
            model,
            quant: quant,
            timeout: try workspace.patience(timeout),
            rollsBack: !noRollback,
            flags: try flags.settings()
        )
        if change.dryRun {
            switch try await use.plan(in: workspace, report: common.reporter) {
            case .serve(let plan):
                try common.output.tell(plan) { UsedModelView.text(plan, isDryRun: true) }
            case .pull(let plan):
                try common.output.tell(PullPlanView(plan)) {
                    PullPlanView.text([plan], common.output.terminal)
                }
            }
            return
        }
        let used = try await common.showingProgress("\(model)") { report in
            try await use.run(in: workspace, report: report)
        }
        try common.output.tell(used) { UsedModelView.text(used, isDryRun: false) }
    }
}

struct RollbackRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Go back to the model that was served before",
        discussion: """
            After a change that was interrupted or killed, it is the model that answered before that change. A second \
            rollback goes forth again.
            """
    )

    @Option(
        help: ArgumentHelp("How long to wait until it answers; 10m without this.", valueName: "span"),
        transform: typedSpan
    )
    var timeout: Duration?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let workspace = try common.workspace()
        let rollback = Rollback(timeout: try workspace.patience(timeout))
        if change.dryRun {
            let plan = try await rollback.plan(in: workspace)
            return try common.output.tell(plan) { UsedModelView.text(plan, isDryRun: true) }
        }
        let used = try await common.showingProgress("rollback") { report in
            try await rollback.run(in: workspace, report: report)
        }
        try common.output.tell(used) { UsedModelView.text(used, isDryRun: false) }
    }
}
