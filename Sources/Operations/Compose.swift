import Catalog
import Docker
import Glibc
import Platform
import SystemPackage

/// What Compose was told to do.
public struct ComposeRun: Sendable, Encodable {
    /// The stack.
    public let stack: String
    /// The words of the command.
    public let command: [String]
}

/// Creates or removes a stack's containers: Compose does it, on the stack's own file.
public struct Compose: Sendable {
    /// What is done.
    public enum Action: String, Sendable, CaseIterable { case up, down }

    private let action: Action
    /// Whether the file's other services are left alone, where the stack says which one is its own.
    private let isOwnOnly: Bool

    /// Describes it.
    public init(_ action: Action) { self.init(action, isOwnOnly: false) }

    init(_ action: Action, isOwnOnly: Bool) {
        self.action = action
        self.isOwnOnly = isOwnOnly
    }

    /// What would be run.
    public func plan(in workspace: Workspace) async throws(Failure) -> ComposeRun {
        let (run, _, _) = try await prepare(in: workspace)
        return run
    }

    /// Runs it; what Compose says goes to stderr.
    public func run(in workspace: Workspace) async throws(Failure) -> ComposeRun {
        let lock = try await ServingStage(workspace).lock()
        defer { withExtendedLifetime(lock) {} }
        return try await runLocked(in: workspace)
    }

    /// The same for whoever has the right to change what the stack serves.
    func runLocked(in workspace: Workspace) async throws(Failure) -> ComposeRun {
        if action == .up { try prepare(workspace.stack(), in: workspace.home) }
        let (run, program, environment) = try await prepare(in: workspace)
        let status = try await Self.run(program, run.command, environment, output: .descriptor(STDERR_FILENO))
        guard status == 0 else {
            let failure = Failure(
                .failed,
                "`\(run.command.joined(separator: " "))` ended with status \(status)",
                hint: "what it says above is the reason"
                    + (action == .up ? "; `stackctl \(run.stack) why` tells more" : "")
            )
            throw failure
        }
        return run
    }

    /// Writes what the containers begin with: the shipped Compose file of a shipped stack where there is none yet, and a
    /// script for whoever has not been told what to serve.
    private func prepare(_ stack: Stack, in home: Home) throws(Failure) {
        if !FileSystem.exists(stack.composeFile), let bytes = Self.shippedFile(of: stack, in: home) {
            do throws(SystemError) {
                try FileSystem.createDirectory(stack.composeFile.removingLastComponent())
                try FileSystem.write(bytes, to: stack.composeFile)
            } catch { throw Failure(system: error) }
        }
        try ActiveLaunch(stack: stack).prepare()
    }

    private static func shippedFile(of stack: Stack, in home: Home) -> [UInt8]? {
        Home.shipped.first { home.path.pushing(FilePath($0.path)) == stack.composeFile }?.bytes
    }

    private func prepare(in workspace: Workspace) async throws(Failure) -> (ComposeRun, FilePath, Environment)
    {
        let stack = try workspace.stack()
        guard FileSystem.exists(stack.composeFile) || Self.shippedFile(of: stack, in: workspace.home) != nil
        else {
            throw Failure(
                .notFound,
                "the stack `\(stack.name)` has no Compose file `\(stack.composeFile)`",
                hint: "write the shipped one with `stackctl init`, or set `compose` in its stack.yaml"
            )
        }
        let environment = try engineEnvironment(workspace)
        let (program, words) = try await Self.find(environment)
        var project: [String] = []
        if case .service(let name, _) = stack.container { project = ["-p", name] }
        let own = isOwnOnly ? Self.ownService(of: stack).map { ["--no-deps", $0] } ?? [] : []
        let rest =
            project + ["-f", stack.composeFile.string, action.rawValue] + (action == .up ? ["--detach"] : [])
            + own
        return (ComposeRun(stack: stack.name, command: words + rest), program, environment)
    }

    /// The service that the stack's container is of; `nil` where only Compose could tell.
    private static func ownService(of stack: Stack) -> String? {
        if case .service(_, let service) = stack.container { return service }
        return ComposeFile(at: stack.composeFile)?.service(of: stack.container)
    }

    /// Compose looks for an engine by itself, and not at all the places where we have found one.
    private func engineEnvironment(_ workspace: Workspace) throws(Failure) -> Environment {
        let address: EngineAddress
        do throws(DockerError) { address = try EngineAddress(environment: workspace.environment) } catch {
            throw Failure(docker: error)
        }
        guard case .usual = address.origin else { return workspace.environment }
        return workspace.environment.setting("DOCKER_HOST", to: address.description)
    }

    /// The words that begin a command of Compose, of the first kind that is there.
    static func find(_ environment: Environment) async throws(Failure) -> (FilePath, [String]) {
        for words in [["docker", "compose"], ["docker-compose"], ["podman", "compose"], ["podman-compose"]] {
            guard let program = environment.program(words[0]) else { continue }
            // The command may be there without the part that is asked for.
            let probe = words + ["version"]
            guard try await run(program, probe, environment, output: .nothing, errors: .nothing) == 0 else {
                continue
            }
            return (program, words)
        }
        throw Failure(
            .notFound,
            "there is no Compose here: neither `docker compose` nor `docker-compose`, `podman compose` or `podman-compose`",
            hint:
                "install Docker Compose 2: the package `docker-compose-plugin` of Docker's own repository, or `docker-compose-v2`"
        )
    }

    private static func run(
        _ program: FilePath,
        _ words: [String],
        _ environment: Environment,
        output: ChildProcess.Stream,
        errors: ChildProcess.Stream = .inherited
    ) async throws(Failure) -> Int32 {
        do {
            let child = try ChildProcess(
                program,
                Array(words.dropFirst()),
                environment: environment,
                output: output,
                errors: errors
            )
            return try await child.statusOrInterruption()
        } catch { throw Failure(error) }
    }
}

extension ChildProcess {
    /// Waits for its end, also when the task is cancelled: then it is told, unless it ends by itself because it was told
    /// by the same keys.
    fileprivate func statusOrInterruption() async throws -> Int32 {
        do { return try await status() } catch {
            let end = ContinuousClock.now + .seconds(2)
            await Task {
                while !hasEnded, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(20)) }
                send(SIGTERM)
                _ = try? await status()
            }.value
            throw error
        }
    }
}
