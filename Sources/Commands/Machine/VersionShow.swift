import ArgumentParser
import Operations

struct VersionShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Say what this is")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try common.output.print(Version.current) { "\(Version.text)\n" }
    }
}
