import ArgumentParser
import Console
import Operations

struct ModelRecommend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recommend",
        abstract: "Name the models of the catalog that are best for this host",
        discussion: """
            The best first, with the reason: by the host's memory, its GPUs and the free disk, for what the stack's launch \
            would ask for. 2 GB of RAM are left to the system. Without a profile, each one's best is named; the profiles \
            are in `config/profiles.yaml`.

            The numbers follow from the catalog; `fit MODEL` reads the model's own header. That nothing fits is an answer \
            too: an empty list, why on stderr, and status 0.
            """
    )

    @OptionGroup var wish: RecommendedWish
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let found = try await wish.recommend.run(in: common.workspace(), report: common.reporter)
        let output = common.output
        if common.quiet, !common.json {
            return try output.terminal.write(RecommendationsView.names(found.models))
        }
        try output.print(found.models) { RecommendationsView.table(found.models, for: output.terminal) }
        for note in found.notes + [found.nothing].compactMap(\.self) { common.reporter(.note(note)) }
        if !common.json, let first = found.models.first {
            common.talk.say(RecommendationsView.hint(first, common.talk.style))
        }
    }
}

/// What a recommendation is wanted for.
struct RecommendedWish: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What it is for: code, general, reasoning, or one of your own.",
            valueName: "name"
        )
    )
    var profile: String?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "Where the model is to lie: ram or vram; in VRAM if there is a GPU.",
            valueName: "memory"
        )
    )
    var place: RecommendedPlace?

    var recommend: Recommend { Recommend(profile: profile, place: place) }
}
