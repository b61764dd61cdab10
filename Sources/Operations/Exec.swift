import Catalog
import Docker
import Platform

/// How large a person's terminal is.
public struct WindowSize: Sendable, Equatable {
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

/// What a command in a container is connected with.
public struct ExecConsole: Sendable {
    /// What the command is given; `nil` is the end.
    ///
    /// Without it the command has no input.
    public var input: (@Sendable () async throws -> [UInt8]?)?
    /// Where it writes.
    public var write: @Sendable (OutputStream, [UInt8]) async throws -> Void
    /// How large its terminal is at this moment; without it the command has no terminal.
    public var size: (@Sendable () -> WindowSize)?
    /// A value each time that the size may have changed.
    public var resizes: AsyncStream<Void>

    /// Describes what there is.
    public init(
        input: (@Sendable () async throws -> [UInt8]?)? = nil,
        size: (@Sendable () -> WindowSize)? = nil,
        resizes: AsyncStream<Void> = AsyncStream { $0.finish() },
        write: @escaping @Sendable (OutputStream, [UInt8]) async throws -> Void
    ) {
        self.input = input
        self.size = size
        self.resizes = resizes
        self.write = write
    }
}

/// Runs a command in a stack's container.
public struct Exec: Sendable {
    private let plan: ExecPlan

    /// Describes a command: as whom, where, and with which variables, each as `NAME=VALUE`, on top of the container's.
    public init(
        _ command: [String],
        user: String? = nil,
        directory: String? = nil,
        environment: [String] = []
    ) {
        plan = ExecPlan(command, user: user, directory: directory, environment: Variables(environment))
    }

    /// Runs it to its end; its exit status.
    public func run(in workspace: Workspace, _ console: ExecConsole) async throws(Failure) -> Int32 {
        let stack = try workspace.declaredStack()
        let engine = try workspace.engine()
        let container = try await stack.runningContainer(in: engine)
        var plan = plan
        plan.hasInput = console.input != nil
        plan.terminal = console.size.map { TerminalSize($0()) }
        do {
            let id = try await engine.prepare(plan, in: container.id)
            let session = try await engine.start(id, plan)
            try await connect(session, console, engine)
            return Int32(clamping: try await engine.exitCode(of: id))
        } catch { throw Failure(error) }
    }

    /// Moves bytes until the command ends.
    private func connect(_ session: ExecSession, _ console: ExecConsole, _ engine: DockerClient) async throws
    {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let input = console.input {
                group.addTask { try await Self.feed(session, input) }
            }
            if let size = console.size {
                group.addTask { await Self.follow(console.resizes, size, of: session.id, in: engine) }
            }
            // The output alone says when the command is over: its input may never end.
            defer { group.cancelAll() }
            while let piece = try await session.output.next() {
                try await console.write(OutputStream(piece.kind), piece.bytes)
            }
        }
    }

    private static func feed(_ session: ExecSession, _ input: @Sendable () async throws -> [UInt8]?)
        async throws
    {
        while let bytes = try await input() {
            do throws(DockerError) { try await session.send(bytes) } catch {
                // The command has ended, or the line has: its output knows which.
                return
            }
        }
        if !Task.isCancelled { try? await session.finishInput() }
    }

    private static func follow(
        _ resizes: AsyncStream<Void>,
        _ size: @Sendable () -> WindowSize,
        of exec: String,
        in engine: DockerClient
    ) async {
        var shown: WindowSize?
        for await _ in resizes {
            let now = size()
            guard now != shown else { continue }
            // A size that is not taken belongs to a command that has ended.
            if shown == nil {
                try? await engine.resizeOnceBegun(exec, to: TerminalSize(now))
            } else {
                try? await engine.resize(exec, to: TerminalSize(now))
            }
            shown = now
        }
    }
}

extension TerminalSize {
    fileprivate init(_ size: WindowSize) { self.init(columns: size.columns, rows: size.rows) }
}
