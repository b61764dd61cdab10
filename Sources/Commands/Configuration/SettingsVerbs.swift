import ArgumentParser
import Catalog
import Operations

struct SettingsVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings",
        abstract: "The settings of this machine: `config/settings.yaml` and the variables over it",
        discussion: """
            A flag goes before a variable `STACKCTL_NAME`, that before the file of a model in `config/models/`, that before \
            the stack's own defaults, and those before `config/settings.yaml`.
            """,
        subcommands: [
            SettingsShowVerb.self, SettingsGet.self, SettingsSet.self, SettingsUnset.self,
            SettingsValidate.self,
        ]
    )
}

struct SettingsShowVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show every setting, what it is, and who set it"
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let rows = try SettingsShow(flags: common.settings).run(in: common.workspace())
        try common.output.print(rows) {
            ConfigView.text(rows, try common.homePlaces(), common.output.terminal)
        }
    }
}

struct SettingsGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print the value of one setting, and nothing if nobody set it"
    )

    @Argument(help: "The setting.")
    var name: String

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let row = try SettingsShow(flags: common.settings).one(name, in: common.workspace())
        try common.output.print(row) { row.value.map { "\($0.plain)\n" } ?? "" }
    }
}

struct SettingsSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Set one setting in `config/settings.yaml`, and leave every other byte of it"
    )

    @Argument(help: "The setting.")
    var name: String

    @Argument(help: "What it becomes; behind `--` where it begins with a dash.")
    var value: [String]

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let outcome = try SettingsChange(name, to: value)
            .run(in: common.workspace(), isDryRun: change.dryRun, report: common.reporter)
        try common.output.tell(outcome) { ConfigView.text(outcome, isDryRun: change.dryRun) }
    }
}

struct SettingsUnset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset",
        abstract: "Take one setting out of `config/settings.yaml`"
    )

    @Argument(help: "The setting.")
    var name: String

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let outcome = try SettingsChange(name, to: nil)
            .run(in: common.workspace(), isDryRun: change.dryRun, report: common.reporter)
        try common.output.tell(outcome) { ConfigView.text(outcome, isDryRun: change.dryRun) }
    }
}

struct SettingsValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Look for mistakes in `config/settings.yaml` and in the variables"
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let problems = try SettingsCheck().run(in: common.workspace())
        try common.output.print(problems) { problems.map { "\(ConfigView.line($0))" }.joined() }
        let errors = problems.count { $0.severity == .error }
        if errors > 0 { throw Failure(.invalid, "\(errors) \(errors == 1 ? "mistake" : "mistakes")") }
    }
}
