import ArgumentParser
import Catalog
import Console
import Operations
import Platform

struct RouteShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route",
        abstract: "Name the installed model for a task, and where a client finds it",
        discussion: """
            The profiles are fast, general, code, creative, reasoning and your own, in `config/profiles.yaml`: which \
            models are for a task, which of them are preferred, and which profile is asked next where none is there. Of \
            models that are equally preferred, one that a stack serves at this moment goes first. MODEL is what a client \
            sends as the model's name, `--json` has all of it for gateways and scripts.

            A model's own header says what it can take and do, else `config/limits.yaml`. The hub is not asked, and \
            nothing is started. Status 2 if no model answers, with the pull that would help.
            """
    )

    @Argument(help: "The profile.")
    var profile: String

    @Option(
        help: ArgumentHelp(
            "What the model must be capable of: \(Capability.names), several with commas.",
            valueName: "capability,…"
        ),
        transform: Capability.listed
    )
    var need: [[Capability]] = []

    @Option(help: ArgumentHelp("The tokens that its window must at least have.", valueName: "n"))
    var minContext: Int?

    @Flag(help: "Take any model of the catalog that fits this host, stored or not.")
    var all = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let minContext, minContext < 1 { throw ValidationError("--min-context must be at least 1") }
    }

    func run() async throws {
        let route = Route(profile, needs: Set(need.joined()), leastContext: minContext, all: all)
        let model = try await route.run(in: common.workspace(), report: common.reporter)
        let output = common.output
        if common.quiet, !common.json {
            return try output.terminal.write(RoutedModelView.name(model))
        }
        try output.print(model) { RoutedModelView.text(model, for: output.terminal) }
        if !common.json { common.talk.say(RoutedModelView.hint(model, common.talk.style)) }
    }
}

extension Capability {
    fileprivate static let names = allCases.map(\.rawValue).joined(separator: ", ")

    /// Reads several with commas between them; a mistake is told with what may have been meant.
    fileprivate static func listed(_ text: String) throws -> [Capability] {
        try text.split(separator: ",").map { word in
            let word = String(word.trimmed)
            if let capability = Capability(rawValue: word) { return capability }
            let near = nearestNames(to: word, in: allCases.map(\.rawValue), most: 1).first
            let guess = near.map { "did you mean `\($0)`?" } ?? "there are \(names)"
            throw ValidationError("`\(word)` is no capability: \(guess)")
        }
    }
}
