import ArgumentParser
import Operations

struct LoadRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load a model or an adapter into the running server",
        discussion: """
            Without a restart: a model that llama.cpp's router or mistral.rs knows, or an adapter in the stack's folder of \
            adapters for vLLM and mistral.rs. It is done when the server lists it as loaded. A server that has one model \
            for as long as it runs is status 8: `use` serves another one there.
            """
    )

    @Argument(help: "A model that the server knows, or the name of an adapter's folder.")
    var name: String

    @Option(
        help: ArgumentHelp("How long to wait until it is loaded; 10m without this.", valueName: "span"),
        transform: typedSpan
    )
    var timeout: Duration?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws { try await common.change(name, .load, timeout, isDryRun: change.dryRun) }
}

struct UnloadRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unload",
        abstract: "Have the running server let go of a model or an adapter",
        discussion: "Without a restart; what it has on the disk stays. `load` loads it again."
    )

    @Argument(help: "A model or an adapter that the server has loaded.")
    var name: String

    @Option(
        help: ArgumentHelp("How long to wait until it is unloaded; 10m without this.", valueName: "span"),
        transform: typedSpan
    )
    var timeout: Duration?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws { try await common.change(name, .unload, timeout, isDryRun: change.dryRun) }
}

extension CommonOptions {
    /// Changes what the running server has loaded, or says what would be changed.
    fileprivate func change(
        _ name: String,
        _ action: LoadChange.Action,
        _ timeout: Duration?,
        isDryRun: Bool
    ) async throws {
        let workspace = try workspace()
        let load = Load(name, action, timeout: timeout ?? Use.patience)
        let done: LoadChange
        if isDryRun {
            done = try await load.plan(in: workspace)
        } else {
            done = try await showingProgress(name) { report in
                try await load.run(in: workspace, report: report)
            }
        }
        try output.tell(done) { LoadChangeView.text(done, isDryRun: isDryRun) }
    }
}
