import ArgumentParser
import Catalog
import Operations

struct ModelVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare what is stored with its manifest, byte for byte",
        discussion:
            "Asks no hub but for `--repair`. Ends with status 4 if a file differs or is missing, and is not repaired."
    )

    @Argument(
        help: "The models; all of the stack, or of all stacks, without this.",
        transform: ModelReference.typed
    )
    var models: [ModelReference] = []

    @Flag(help: "Fetch again what differs, and only that.")
    var repair = false

    @Flag(name: [.customShort("n"), .long], help: "With --repair: only say what differs.")
    var dryRun = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let workspace = try common.workspace()
        let files = try await common.showingProgress("verifying") { report in
            try await Verify(models, repairs: repair && !dryRun).run(in: workspace, report: report)
        }
        try common.output.print(files) {
            VerifiedFileView.table(files, for: common.output.terminal, quiet: common.quiet)
        }
        let wrong = files.filter { $0.state != .ok && $0.repaired != true }
        guard let first = wrong.first else { return }
        let more = wrong.count > 1 ? " and \(wrong.count - 1) more" : ""
        let what =
            switch first.state {
            case .missing: "is missing"
            case .damaged: "cannot be read"
            case .ok, .differs: "differs from its manifest"
            }
        let reason = first.reason.map { ": \($0)" } ?? ""
        throw Failure(
            .invalid,
            "`\(first.path)` of `\(first.model)` \(what)\(more)\(reason)",
            hint: first.fix
        )
    }
}
