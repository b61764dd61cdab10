import ArgumentParser
import Console
import Operations

struct ModelSelect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "select",
        abstract: "Choose a model from what fits this host, pull it and offer to serve it",
        discussion: """
            The menu is what `recommend` names. Enter takes the recommended model, a number another one, `q` none. The \
            model is pulled, if it is not stored; then `use` is offered.

            `--yes` pulls the recommended model without asking, and changes nothing of what is served. Without a terminal \
            there is nobody to choose: `recommend --json` and `pull` do the same in a script.
            """
    )

    @OptionGroup var wish: RecommendedWish
    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    private var menu: ModelMenu { ModelMenu(recommend: wish.recommend, change: change, common: common) }

    func validate() throws {
        guard change.yes || menu.isPossible else {
            throw ValidationError(
                ModelMenu.noTerminal
                    + "\n\nhint: `stackctl recommend --json` names the models, `stackctl pull MODEL` pulls one; "
                    + "`--yes` takes the recommended one"
            )
        }
    }

    func run() async throws {
        let workspace = try common.workspace()
        guard let model = try await menu.choice(in: workspace) else { return menu.tellNothing() }
        if change.dryRun, !model.stored {
            let plan = try await Pull(model.reference).plan(in: workspace, report: common.reporter)
            try common.output.print([PullPlanView(plan)]) {
                PullPlanView.text([plan], common.output.terminal)
            }
            return try plan.checkSpace()
        }
        let pulled = try await pull(model, in: workspace)
        var used: UsedModel?
        if !change.dryRun, try await menu.wantsUse(of: model) {
            used = try await common.showingProgress("\(model.reference)") { report in
                try await Use(model.reference).run(in: workspace, report: report)
            }
        }
        let outcome = SelectedModelView(pulled: pulled, used: used)
        try common.output.tell(outcome) { used.map { UsedModelView.text($0, isDryRun: false) } ?? "" }
    }

    /// Pulls what is not stored; what is stored needs no hub.
    private func pull(_ model: RecommendedModel, in workspace: Workspace) async throws -> Pull.Outcome? {
        guard !model.stored else {
            common.reporter(.note("`\(model.reference)` is stored already"))
            return nil
        }
        let pulled = try await common.showingProgress("\(model.reference)") { report in
            try await Pull(model.reference).run(in: workspace, report: report)
        }
        if !common.json { try common.output.tell(pulled) { PulledModelView.text([pulled]) } }
        return pulled
    }
}

/// What `select` has done.
struct SelectedModelView: Encodable {
    let pulled: Pull.Outcome?
    let used: UsedModel?
}

/// Lets the person at the terminal choose from what fits.
struct ModelMenu {
    let recommend: Recommend
    let change: ChangeOptions
    let common: CommonOptions

    /// That nobody is there to choose.
    static let noTerminal = "the menu needs a terminal to choose on"

    private var prompt: Prompt { Prompt(output: common.talk) }

    /// Whether there is somebody who could choose.
    var isPossible: Bool { prompt.isPossible }

    /// The model that was chosen; `nil` if none was wanted.
    func choice(in workspace: Workspace) async throws -> RecommendedModel? {
        let found = try await recommend.run(in: workspace, report: common.reporter)
        guard let first = found.models.first else {
            throw Failure(
                .notFound,
                found.nothing ?? "nothing fits",
                hint: "see `stackctl catalog ls` for all models, and `stackctl fit MODEL` for what one needs"
            )
        }
        if !change.yes || !common.quiet { common.talk.say(MenuView.text(found, for: common.talk)) }
        for note in found.notes { common.reporter(.note(note)) }
        if change.yes { return first }
        do throws(PromptError) {
            let number = try await prompt.number("Which one?", upTo: found.models.count, usually: 1)
            return number.map { found.models[$0 - 1] }
        } catch { throw Failure(.cancelled, "nothing was changed") }
    }

    /// Says that nothing was wanted.
    func tellNothing() { common.reporter(.note("nothing was changed")) }

    /// Whether the model is to be served at once.
    func wantsUse(of model: RecommendedModel) async throws -> Bool {
        guard !change.yes, isPossible else { return false }
        do throws(PromptError) {
            return try await prompt.confirm("use \(model.reference) now, in \(model.stack)?")
        } catch {
            guard case .cancelled = error else { return false }
            throw Failure(
                .cancelled,
                "`\(model.reference)` is pulled, and what is served is as it was",
                hint: "`stackctl \(model.stack) use \(model.reference)` serves it"
            )
        }
    }
}
