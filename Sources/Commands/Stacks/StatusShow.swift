import ArgumentParser
import Console
import Operations
import Platform

struct StatusShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the stacks' containers and servers are doing",
        discussion: """
            READY says whether the server answers at the `health` path of stack.yaml at this moment. MODEL is the stored \
            model whose path is in the container's command or environment.
            """
    )

    @Flag(help: "Look again every second, until it is interrupted.")
    var watch = false

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let workspace = try common.workspace()
        let output = common.output
        guard watch else {
            let all = try await Status().run(in: workspace, report: common.reporter)
            return try output.print(all) { StackStatusView.table(all, for: output.terminal) }
        }
        try await untilInterrupted {
            var screen = LiveScreen(on: output.terminal)
            while true {
                let all = try await Status().run(in: workspace) { _ in }
                try screen.show(
                    common.json
                        ? String(decoding: JSON.encodeLine(all), as: UTF8.self) + "\n"
                        : StackStatusView.table(all, for: output.terminal)
                )
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}

/// Runs what a person ends by interrupting it: that is no failure.
func untilInterrupted(_ body: () async throws -> Void) async throws {
    do { try await body() } catch is CancellationError {
        return
    } catch let failure as Failure where failure.kind == .cancelled {
        return
    }
}
