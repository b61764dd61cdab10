import ArgumentParser
import Catalog
import Operations
import Platform
import SystemPackage

struct HomeInit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write the shipped stacks and catalog into a home, for editing",
        discussion: "What is there already is left as it is."
    )

    @Argument(help: "The home; the one in use without this.")
    var directory: String?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let home =
            try directory.map { try workingDirectory().pushing(FilePath($0)) } ?? common.workspace().home.path
        let outcome = try Initialize(home).run(isDryRun: change.dryRun)
        try common.output.tell(outcome) { InitializedHomeView.text(outcome, isDryRun: change.dryRun) }
    }
}
