import ArgumentParser
import Console
import Operations

struct DoctorRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check the host and say what would not work",
        discussion: "Nothing is changed. The status is 1 if there is a problem."
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let checks = try await Doctor().run(in: common.workspace())
        try common.output.print(checks) { DoctorView.text(checks, common.output.terminal) }
        if checks.contains(where: { $0.state == .problem }) { throw ExitCode(1) }
    }
}
