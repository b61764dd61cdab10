public import ArgumentParser
import Glibc
import Operations
import Platform

/// The root of the command line.
public struct Stackctl: AsyncParsableCommand {
    /// Its name, its words and its verbs.
    public static let configuration = CommandConfiguration(
        commandName: "stackctl",
        abstract: "Run the model side of an inference stack: mistral.rs, llama.cpp, vLLM",
        usage: """
            stackctl [STACK] VERB [options]
            stackctl mistral pull qwen2.5-coder:32b
            """,
        discussion: """
            STACK is the name of a folder under `stacks/`: `mistral`, `llamacpp` and `vllm` are shipped. Without one, \
            `ls`, `df`, `verify`, `status` and `stats` act on all stacks, the other verbs on the default one \
            (`STACKCTL_STACK`, else the only stack of the home, else `llamacpp`).
            """,
        version: Version.text,
        groupedSubcommands: [
            CommandGroup(
                name: "Models",
                subcommands: [
                    ModelPull.self, ModelList.self, ModelShow.self, ModelInspect.self, ModelFit.self,
                    LimitsShow.self, ModelRecommend.self, ModelSelect.self, RouteShow.self, LoRAVerbs.self,
                    ModelConvert.self, ModelVerify.self,
                    ModelRemove.self, DiskFree.self,
                ]
            ),
            CommandGroup(
                name: "Stacks",
                subcommands: [
                    ConfigVerbs.self, LaunchPrint.self, UseRun.self, RollbackRun.self, LoadRun.self,
                    UnloadRun.self,
                    ComposeUp.self, ComposeDown.self,
                    StatusShow.self,
                    ContainerRestart.self,
                    ContainerStop.self, ContainerStart.self, LogsShow.self, StatsShow.self, ExecRun.self,
                    WhyShow.self,
                ]
            ),
            CommandGroup(name: "Host", subcommands: groupOfHost),
        ]
    )

    private static var groupOfHost: [any ParsableCommand.Type] {
        var commands: [any ParsableCommand.Type] = [CatalogVerbs.self, SettingsVerbs.self]
        #if Mirror
        commands.append(MirrorVerbs.self)
        #endif
        return commands + [HomeInit.self, DoctorRun.self, VersionShow.self]
    }

    /// The word before the messages of the parser itself, so that they look like ours.
    public static var _errorLabel: String { "error" }

    /// Makes a root; the parser does.
    public init() {}

    /// Parses the process's arguments, runs the verb and ends the process with its status.
    public static func main() async {
        do {
            let arguments = try Invocation(Array(CommandLine.arguments.dropFirst()), environment: .process)
                .arguments
            try await cancellingOnSignals {
                var command = try parseAsRoot(arguments)
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
            }
        } catch let failure as Failure {
            Exit.report(failure, typed: CommandLine.arguments)
            Glibc.exit(failure.kind.exitStatus)
        } catch is CancellationError {
            let failure = Failure(.cancelled, "interrupted")
            Exit.report(failure, typed: CommandLine.arguments)
            Glibc.exit(failure.kind.exitStatus)
        } catch {
            exit(withError: error)
        }
    }
}
