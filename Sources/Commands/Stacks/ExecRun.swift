import ArgumentParser
import Console
import Operations
import Platform

struct ExecRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command in the stack's container",
        usage: "stackctl [STACK] exec [-i] [-t] [-u USER] [-w DIR] [-e K=V] -- COMMAND...",
        discussion: """
            Its exit status is the command's. 125: stackctl or the engine failed; 126 and 127: the engine could not run \
            the command, or there is no such command.
            """
    )

    /// What a failure of our own ends with: every smaller number may be the command's.
    private static let ownFailure: Int32 = 125

    @Flag(name: .shortAndLong, help: "Give the command what comes on stdin.")
    var interactive = false

    @Flag(name: .shortAndLong, help: "Give the command a terminal.")
    var tty = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("As whom: a name or number, with a group behind `:`.", valueName: "user")
    )
    var user: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("In which folder of the container.", valueName: "dir"))
    var workdir: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A variable; without `=V`, as it is here.", valueName: "k=v")
    )
    var env: [String] = []

    @OptionGroup var common: CommonOptions

    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
    var command: [String] = []

    private var words: [String] { command.first == "--" ? Array(command.dropFirst()) : command }

    func validate() throws {
        // What is passed through is passed by the parser's own help too.
        if let word = command.first, word == "--help" || word == "-h" { throw CleanExit.helpRequest(self) }
        if let word = command.first, word.hasPrefix("-"), word != "--" {
            throw ValidationError("Unknown option '\(word)'; what belongs to the command stands behind `--`")
        }
        if words.isEmpty { throw ValidationError("no command is named: `stackctl exec -- COMMAND...`") }
        for variable in env where variable.isEmpty || variable.hasPrefix("=") {
            throw ValidationError("`\(variable)` is no variable such as `NAME=VALUE`")
        }
    }

    func run() async throws {
        let status: Int32
        do { status = try await execute() } catch let failure as Failure where failure.kind != .cancelled {
            if let cause = failure.cause { Terminal.endIfUnread(cause) }
            Exit.report(failure, typed: CommandLine.arguments)
            throw ExitCode(Self.ownFailure)
        }
        if status != 0 { throw ExitCode(status) }
    }

    private func execute() async throws -> Int32 {
        let workspace = try common.workspace()
        let exec = Exec(words, user: user, directory: workdir, environment: variables)
        // What the command writes has the colours that it gives itself.
        let (output, errors) = (Terminal.standardOutput(color: .never), Terminal.standardError(color: .never))
        var console = ExecConsole { stream, bytes in
            try await blocking { try (stream == .errors ? errors : output).pass(bytes) }
        }
        if interactive {
            let reader = try InputReader()
            console.input = { await reader.next() }
        }
        guard tty else { return try await exec.run(in: workspace, console) }
        guard !interactive || Terminal.isBehind(0) else {
            throw Failure(
                .failed,
                "stdin is no terminal",
                hint: "leave out `-t`: `-i` alone gives the command what comes on stdin"
            )
        }
        let shown: Int32 = interactive ? 0 : 1
        console.size = {
            let size = Terminal.size(of: shown) ?? (80, 24)
            return WindowSize(columns: size.columns, rows: size.rows)
        }
        console.resizes = arrivals(of: windowChange)
        guard interactive else { return try await exec.run(in: workspace, console) }
        return try await RawTerminal.lent { [console] in try await exec.run(in: workspace, console) }
    }

    /// A variable without a value is handed on, if it is set here.
    private var variables: [String] {
        env.compactMap { text in
            text.contains("=") ? text : Environment.process[text].map { "\(text)=\($0)" }
        }
    }
}
