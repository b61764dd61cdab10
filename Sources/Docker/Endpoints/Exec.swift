import Platform
import Transport

/// A command to be run in a container.
public struct ExecPlan: Sendable {
    /// The words of the command.
    public var command: [String]
    /// As whom, if not as the container's own user: a name or number, with a group behind a colon.
    public var user: String?
    /// Where, if not in the container's own folder.
    public var directory: String?
    /// Variables on top of the container's own.
    public var environment: Variables
    /// Whether it is given input.
    public var hasInput: Bool
    /// The columns and rows of its terminal, if it has one.
    public var terminal: TerminalSize?

    /// A command without input or terminal.
    public init(
        _ command: [String],
        user: String? = nil,
        directory: String? = nil,
        environment: Variables = [],
        hasInput: Bool = false,
        terminal: TerminalSize? = nil
    ) {
        self.command = command
        self.user = user
        self.directory = directory
        self.environment = environment
        self.hasInput = hasInput
        self.terminal = terminal
    }
}

/// How large a terminal is.
public struct TerminalSize: Sendable, Equatable {
    /// The width.
    public let columns: Int
    /// The height.
    public let rows: Int

    /// States a size.
    public init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}

/// How a command in a container is doing.
public struct ExecState: Sendable, Decodable {
    /// Whether it runs.
    public let isRunning: Bool
    /// The status that it ended with.
    public let exitCode: Int?

    enum CodingKeys: String, CodingKey { case isRunning = "Running", exitCode = "ExitCode" }
}

extension DockerClient {
    /// Prepares a command in a container; its identifier.
    ///
    /// Maps to `POST /containers/{name}/exec`.
    public func prepare(_ plan: ExecPlan, in container: String) async throws(DockerError) -> String {
        struct Answer: Decodable {
            let id: String
            enum CodingKeys: String, CodingKey { case id = "Id" }
        }
        let question = Question(.post, containerPath(container, "/exec"), subject: "container \(container)")
        let document = ExecDocument(plan, knowsSize: try await version() >= .knowingSizes)
        return try await EngineLine.decode(Answer.self, line.send(question.with(document))).id
    }

    /// Starts a command that was prepared, and takes the connection to it.
    ///
    /// Maps to `POST /exec/{id}/start`.
    public func start(_ exec: String, _ plan: ExecPlan) async throws(DockerError) -> ExecSession {
        struct Document: Encodable {
            let isDetached = false
            let hasTerminal: Bool
            let size: [Int]?
            enum CodingKeys: String, CodingKey {
                case isDetached = "Detach", hasTerminal = "Tty", size = "ConsoleSize"
            }
        }
        let knowsSize = try await version() >= .knowingSizes
        let document = Document(
            hasTerminal: plan.terminal != nil,
            size: knowsSize ? plan.terminal.map { [$0.rows, $0.columns] } : nil
        )
        let question = Question(
            .post,
            "/exec/\(exec.percentEncoded())/start",
            subject: "exec \(exec)",
            patience: .unlimited
        )
        let connection = try await line.takeOver(question.with(document))
        return ExecSession(exec, connection, line: line, isTerminal: plan.terminal != nil) {
            await hasEnded(exec)
        }
    }

    /// Tells a command's terminal that it has another size.
    ///
    /// Maps to `POST /exec/{id}/resize`.
    public func resize(_ exec: String, to size: TerminalSize) async throws(DockerError) {
        try await post(
            "/exec/\(exec.percentEncoded())/resize",
            subject: "exec \(exec)",
            query: [("h", String(size.rows)), ("w", String(size.columns))]
        )
    }

    /// How a command is doing.
    ///
    /// Maps to `GET /exec/{id}/json`.
    public func exec(_ id: String) async throws(DockerError) -> ExecState {
        try await get("/exec/\(id.percentEncoded())/json", subject: "exec \(id)")
    }

    /// The status that a command ended with, once the engine knows it, which may be a moment after its last output.
    public func exitCode(of exec: String, patience: Duration = .seconds(5)) async throws(DockerError) -> Int {
        let end = ContinuousClock.now + patience
        var pause = Duration.milliseconds(1)
        while true {
            let state = try await self.exec(exec)
            if !state.isRunning, let code = state.exitCode { return code }
            guard ContinuousClock.now < end else {
                throw .unexpected("a command without output that goes on")
            }
            do { try await Task.sleep(for: pause) } catch { throw .cancelled }
            pause = min(pause * 2, .milliseconds(100))
        }
    }

    /// Whether a command has ended, or does so within a moment.
    private func hasEnded(_ exec: String) async -> Bool {
        for _ in 0..<50 {
            guard let state = try? await self.exec(exec) else { return false }
            if !state.isRunning { return true }
            do { try await Task.sleep(for: .milliseconds(20)) } catch { return false }
        }
        return false
    }

    /// Gives the terminal of a command that was just started its size.
    ///
    /// Old engines refuse that for as long as the command has not begun, and do not say when it has: they are asked again
    /// until they take it, or the task is cancelled because the command has ended.
    public func resizeOnceBegun(_ exec: String, to size: TerminalSize) async throws(DockerError) {
        var pause = Duration.milliseconds(2)
        while true {
            do throws(DockerError) { return try await resize(exec, to: size) } catch {
                switch error {
                case .engine, .conflict, .notFound: break
                default: throw error
                }
            }
            do { try await Task.sleep(for: pause) } catch { throw .cancelled }
            pause = min(pause * 2, .milliseconds(200))
        }
    }
}

extension EngineVersion {
    /// From here on a terminal has its size from its first moment.
    fileprivate static let knowingSizes = EngineVersion(major: 1, minor: 42)
}

/// A command as the engine wants it described.
private struct ExecDocument: Encodable {
    let command: [String]
    let user: String?
    let directory: String?
    let environment: Variables?
    let hasInput: Bool
    let hasOutput = true
    let hasErrors = true
    let hasTerminal: Bool
    let size: [Int]?

    enum CodingKeys: String, CodingKey {
        case command = "Cmd", user = "User", directory = "WorkingDir", environment = "Env"
        case hasInput = "AttachStdin", hasOutput = "AttachStdout", hasErrors = "AttachStderr", hasTerminal =
            "Tty"
        case size = "ConsoleSize"
    }

    init(_ plan: ExecPlan, knowsSize: Bool) {
        command = plan.command
        user = plan.user
        directory = plan.directory
        environment = plan.environment.assignments.isEmpty ? nil : plan.environment
        hasInput = plan.hasInput
        hasTerminal = plan.terminal != nil
        size = knowsSize ? plan.terminal.map { [$0.rows, $0.columns] } : nil
    }
}
