import ArgumentParser
import Operations

struct ContainerRestart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Restart the stack's container",
        discussion: """
            With --wait, it is done when the server answers at the `health` path of stack.yaml; a container that ends \
            before, or is too late, is status 9.
            """
    )

    @Flag(help: "Wait until the server answers.")
    var wait = false

    @Option(
        help: ArgumentHelp("How long to wait; 10m without this.", valueName: "span"),
        transform: typedSpan
    )
    var timeout: Duration?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if timeout != nil, !wait { throw ValidationError("`--timeout` says how long to `--wait`") }
    }

    func run() async throws {
        let patience = wait ? try common.workspace().patience(timeout) : nil
        try await common.change(Restart(.restart, waiting: patience), isDryRun: change.dryRun)
    }
}

struct ContainerStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Start the stack's container, if it does not run"
    )

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws { try await common.change(Restart(.start), isDryRun: change.dryRun) }
}

struct ContainerStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop the stack's container, if it runs",
        discussion: "It has the time to end by itself that its container declares. `start` starts it again."
    )

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws { try await common.change(Restart(.stop), isDryRun: change.dryRun) }
}

extension CommonOptions {
    /// Does something to the stack's container, or says what would be done.
    fileprivate func change(_ restart: Restart, isDryRun: Bool) async throws {
        let workspace = try workspace()
        let done: ContainerChange
        if isDryRun {
            done = try await restart.plan(in: workspace)
        } else {
            done = try await showingProgress("") { report in
                try await restart.run(in: workspace, report: report)
            }
        }
        try output.tell(done) { ContainerChangeView.text(done, isDryRun: isDryRun) }
    }
}

struct ComposeUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Create and start the stack's containers",
        discussion: """
            `docker compose`, `docker-compose`, `podman compose` or `podman-compose`, whichever is there, does it on the \
            stack's compose.yaml. What it says is on stderr.
            """
    )

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws { try await common.compose(.up, isDryRun: change.dryRun) }
}

struct ComposeDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Stop and remove the stack's containers",
        discussion: """
            `docker compose`, `docker-compose`, `podman compose` or `podman-compose`, whichever is there, does it on the \
            stack's compose.yaml. Models, adapters and volumes stay.
            """
    )

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws { try await common.compose(.down, isDryRun: change.dryRun) }
}

extension CommonOptions {
    /// Has Compose do something, or says what would be run.
    fileprivate func compose(_ action: Compose.Action, isDryRun: Bool) async throws {
        let workspace = try workspace()
        let run =
            isDryRun
            ? try await Compose(action).plan(in: workspace) : try await Compose(action).run(in: workspace)
        if isDryRun || json { try output.tell(run) { ComposeRunView.text(run) } }
    }
}
