import ArgumentParser
import Console
import Operations
import Platform

struct LogsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show what the stack's container writes",
        discussion: """
            What it writes to stdout is on stdout, what it writes to stderr on stderr; llama.cpp and vLLM write most to \
            stderr. With --json, each line is an object on stdout.
            """
    )

    @Flag(name: .shortAndLong, help: "Wait for more, until the container ends or it is interrupted.")
    var follow = false

    @Option(help: ArgumentHelp("Only so many of the last lines.", valueName: "n"))
    var tail: Int?

    @Option(
        help: ArgumentHelp(
            "Only from then on: 10m for so long ago, or 2026-11-21T12:00:00Z.",
            valueName: "t"
        ),
        transform: typedLogStart
    )
    var since: LogStart?

    @Flag(name: .shortAndLong, help: "Show when each line was written.")
    var timestamps = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let tail, tail < 0 { throw ValidationError("`--tail` is a number of lines") }
    }

    func run() async throws {
        let logs = Logs(follows: follow, tail: tail, since: since, hasTimestamps: timestamps)
        let (output, errors) = (common.output.terminal, common.talk)
        let lines = LogLines(on: output)
        let isJSON = common.json
        try await untilInterrupted {
            try await logs.run(in: common.workspace()) { stream, bytes in
                try await blocking {
                    if isJSON { return try lines.show(stream, bytes) }
                    try (stream == .errors ? errors : output).write(bytes)
                }
            }
        }
        if isJSON { try lines.finish() }
    }
}
