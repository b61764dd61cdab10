import ArgumentParser
import Catalog
import Console
import Operations
import Platform

struct ConfigVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "How each model is served: its file in `config/models/`",
        discussion: """
            A configuration is found by its name or by the model that it is about. The shipped ones apply where the home \
            has none of its own; `set` and `new` write the home's.
            """,
        subcommands: [
            ConfigNewVerb.self, ConfigShowVerb.self, ConfigGet.self, ConfigSet.self, ConfigUnset.self,
            ConfigValidateVerb.self, ConfigList.self, ConfigEdit.self, ConfigWizard.self,
            ConfigRemoveVerb.self,
        ]
    )
}

struct ConfigList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the configurations, the home's own and the shipped ones"
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let configs = try common.workspace().configs(report: common.reporter).map(ListedConfig.init)
        try common.output.print(configs) {
            common.quiet
                ? configs.map { "\($0.name)\n" }.joined()
                : ListedConfig.table(configs, try common.homePlaces(), common.output.terminal)
        }
    }
}

struct ConfigShowVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what holds for a model, and which line of which file says so"
    )

    @Argument(help: "The configuration, or its model.")
    var config: String

    @Flag(help: "Show what nobody has set too.")
    var all = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let shown = try await ConfigShow(config, all: all).run(in: common.workspace())
        try common.output.print(shown) {
            ConfigView.text(shown, try common.homePlaces(), common.output.terminal)
        }
    }
}

struct ConfigGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print the value of one setting that holds for a model, and nothing if nobody set it"
    )

    @Argument(help: "The configuration, or its model.")
    var config: String

    @Argument(help: "The setting.")
    var setting: String

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let row = try await ConfigShow(config).one(setting, in: common.workspace())
        try common.output.print(row) { row.value.map { "\($0.plain)\n" } ?? "" }
    }
}

struct ConfigRemoveVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove the home's configuration of a model; a shipped one of its name holds again"
    )

    @Argument(help: "The configuration, or its model.")
    var config: String

    @Flag(help: "Also that of a model that a stack serves.")
    var force = false

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let workspace = try common.workspace()
        let removal = ConfigRemove(config, isForced: force)
        let plan = try await removal.plan(in: workspace)
        if !change.dryRun {
            try await change.confirm(sanitized("remove \(plan.path)?"), on: common.talk)
            try removal.run(plan, in: workspace)
        }
        try common.output.tell(plan) { ConfigView.text(plan, isDryRun: change.dryRun) }
    }
}

struct ConfigNewVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make the configuration of a model, from the catalog or from another one",
        discussion: """
            The file has every setting, those that are not set as comments. For a model with a shipped configuration it \
            begins as that one.
            """
    )

    @Argument(help: "The model; or a name, with `--model`.")
    var name: String

    @Option(help: ArgumentHelp("The model that it is about.", valueName: "model"))
    var model: String?

    @Option(name: .customLong("from"), help: ArgumentHelp("The configuration to copy.", valueName: "name"))
    var template: String?

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("The name of the file, without its ending.", valueName: "name")
    )
    var fileName: String?

    @Flag(help: "Replace a file that is there.")
    var force = false

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        // With a model of its own, what is named is the file.
        let file = fileName ?? (model == nil ? nil : name)
        let made = try await ConfigNew(name, model: model, template: template, name: file)
            .run(in: common.workspace(), isDryRun: change.dryRun, force: force)
        if change.dryRun { common.reporter(.note("would write \(made.path)")) }
        try common.output.tell(made) { change.dryRun ? made.text : "\(made.path)\n" }
    }
}

struct ConfigSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Set one value in the configuration of a model, and leave every other byte of it",
        discussion: "A path has dots: `generation.temperature`, `lora.0.scale`. Several values make a list."
    )

    @Argument(help: "The configuration, or its model.")
    var config: String

    @Argument(help: "The setting.")
    var setting: String

    @Argument(help: "What it becomes; behind `--` where it begins with a dash.")
    var value: [String]

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let outcome = try await ConfigChange(config, set: setting, to: value)
            .run(in: common.workspace(), isDryRun: change.dryRun, report: common.reporter)
        try common.output.tell(outcome) { ConfigView.text(outcome, isDryRun: change.dryRun) }
    }
}

struct ConfigUnset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset",
        abstract: "Take one value out of the configuration of a model"
    )

    @Argument(help: "The configuration, or its model.")
    var config: String

    @Argument(help: "The setting.")
    var setting: String

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let outcome = try await ConfigChange(config, unset: setting)
            .run(in: common.workspace(), isDryRun: change.dryRun, report: common.reporter)
        try common.output.tell(outcome) { ConfigView.text(outcome, isDryRun: change.dryRun) }
    }
}

struct ConfigValidateVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract:
            "Look for mistakes in configurations; with a stack named, also for what its engine does not take"
    )

    @Argument(help: "The configurations; all of the home's, if none is named.")
    var configs: [String] = []

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let (files, findings) = try await ConfigValidate(configs)
            .run(in: common.workspace(), report: common.reporter)
        try common.output.print(findings) {
            findings.map { ConfigView.line($0) }.joined()
        }
        let errors = findings.count { $0.severity == .error }
        if errors > 0 {
            throw Failure(
                .invalid,
                "\(errors) \(errors == 1 ? "mistake" : "mistakes") in \(files) \(files == 1 ? "file" : "files")"
            )
        }
        if !common.json, !common.quiet, findings.isEmpty {
            common.reporter(.note("\(files) \(files == 1 ? "file is" : "files are") right"))
        }
    }
}
