import ArgumentParser
import Catalog
import Console
import Operations
import Platform

/// The options of every verb.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder that holds `stacks/` and `config/`.", valueName: "dir"))
    var home: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The stack to act on.", valueName: "name"))
    var stack: String?

    @Flag(help: "Print one JSON document.")
    var json = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors; `ls` prints names only.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say more: the facts behind an error.")
    var verbose = false

    @Option(help: ArgumentHelp("When to use colour: auto, always, never.", valueName: "when"))
    var color: ColorChoice?

    @Option(help: ArgumentHelp("How to show progress: auto, bar, plain, json, none.", valueName: "how"))
    var progress: ProgressMode?

    /// What the verb works in.
    func workspace() throws -> Workspace {
        let environment = Environment.process
        let home = Home.locate(flag: home, environment: environment, workingDirectory: try workingDirectory())
        return Workspace(home: home, environment: environment, stackName: stack)
    }

    /// The places of the home's files as a person reads them, who knows which home it is.
    func homePlaces() throws -> HomePlaces { HomePlaces(home: "\(try workspace().home.path)") }

    /// What these flags set.
    var settings: EffectiveSettings {
        var settings = EffectiveSettings()
        func set(_ setting: Setting, _ text: String?) {
            guard let text else { return }
            settings[setting] = EffectiveSettings.Entry(.text(text), .flag(setting.flag))
        }
        set(Settings.stack, stack)
        set(Settings.color, color?.rawValue)
        set(Settings.progress, progress?.rawValue)
        return settings
    }

    /// What is set for the look of the output; a mistake in the settings is told by the verbs that need them.
    private func look<Choice: RawRepresentable<String>>(_ flag: Choice?, _ setting: Setting) -> Choice? {
        if let flag { return flag }
        let declared = try? workspace().settings().value(of: setting, as: String.self)
        return declared.flatMap { Choice(rawValue: $0) }
    }

    private var chosenColor: ColorChoice { look(color, Settings.color) ?? .auto }
    private var chosenProgress: ProgressMode { look(progress, Settings.progress) ?? .auto }

    var output: Output { Output(isJSON: json, isQuiet: quiet, terminal: .standardOutput(color: chosenColor)) }
    var talk: Terminal { .standardError(color: chosenColor) }

    /// Runs an operation and shows what it reports on stderr.
    func showingProgress<Result>(_ title: String, _ body: (@escaping Reporter) async throws -> Result)
        async throws -> Result
    {
        let progress = chosenProgress
        let mode: ProgressMode = quiet && progress == .auto ? .none : progress
        let drawing = drawing(title, mode)
        return try await drawing.display.shown {
            try await body { drawing.draw($0) }
        } ending: { error in
            ReportDrawing.ending(error).rawValue
        }
    }

    private func drawing(_ title: String, _ mode: ProgressMode) -> ReportDrawing {
        let display = ProgressDisplay(title: title, phase: Phase.resolving.rawValue, mode: mode, on: talk)
        return ReportDrawing(display, isQuiet: quiet && mode != .json, style: talk.style)
    }

    /// Says warnings and notes of an operation that has no progress to show.
    var reporter: Reporter {
        let drawing = drawing("", chosenProgress == .json ? .json : .none)
        return { report in
            switch report {
            case .warning, .note: drawing.draw(report)
            default: break
            }
        }
    }
}

/// The options of every verb that changes something.
struct ChangeOptions: ParsableArguments {
    @Flag(name: [.customShort("n"), .long], help: "Only say what would be done.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    /// Asks the person, unless they said yes beforehand; a refusal ends the process with status 1.
    func confirm(_ question: String, on terminal: Terminal) async throws {
        if yes { return }
        do throws(PromptError) {
            if try await Prompt(output: terminal).confirm(question) { return }
        } catch {
            guard case .notATerminal = error else { throw Failure(.cancelled, "nothing was changed") }
            throw Failure(
                .failed,
                "there is no terminal to ask on: \(question)",
                hint: "add `--yes` to do it without being asked"
            )
        }
        throw Failure(.failed, "nothing was changed")
    }
}
