import Docker
import Platform
import TestSupport
import Testing

/// A real engine, and the client that is to be tested.
struct LiveEngine {
    let engine: PrivateEngine
    let client: DockerClient

    static func running(_ kind: PrivateEngine.Kind) async throws -> LiveEngine {
        let engine = try await PrivateEngine.shared(kind)
        return LiveEngine(engine: engine, client: DockerClient(socket: engine.socket))
    }

    /// Lends a container that runs a shell script to `body`, and removes it.
    func with<Result>(
        _ script: String,
        hasTerminal: Bool = false,
        isStarted: Bool = true,
        _ change: (inout ContainerPlan) -> Void = { _ in },
        _ body: (Container) async throws -> Result
    ) async throws -> Result {
        var plan = ContainerPlan(image: PrivateEngine.image, command: ["/bin/sh", "-c", script])
        plan.resources.networkMode = "host"
        plan.hasTerminal = hasTerminal
        change(&plan)
        let id = try await client.create(plan, named: "test-\(UInt32.random(in: 0 ... .max))")
        do {
            if isStarted { try await client.start(id) }
            let result = try await body(try await client.container(id))
            try await client.remove(id, forced: true)
            return result
        } catch {
            try? await client.remove(id, forced: true)
            throw error
        }
    }

    /// Runs a command in a container to its end.
    func execute(_ plan: ExecPlan, in container: Container, input: [UInt8]? = nil) async throws -> Executed {
        let id = try await client.prepare(plan, in: container.id)
        let session = try await client.start(id, plan)
        async let sent: Void = {
            if let input {
                try await session.send(input)
                try await session.finishInput()
            }
        }()
        var executed = Executed()
        while let piece = try await session.output.next() {
            if piece.kind == .output {
                executed.output += piece.bytes
            } else {
                executed.errors += piece.bytes
            }
        }
        // The command may have ended before it had read everything.
        try? await sent
        executed.status = try await client.exitCode(of: id)
        return executed
    }

    /// The same for a shell script.
    func execute(_ script: String, in container: Container) async throws -> Executed {
        try await execute(ExecPlan(["/bin/sh", "-c", script]), in: container)
    }
}

/// What came of a command.
struct Executed {
    var output: [UInt8] = []
    var errors: [UInt8] = []
    var status = -1

    var text: String { String(decoding: output, as: UTF8.self) }
    var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// Waits until something is so; fails the test if it is not in time.
func eventually(
    within limit: Duration = .seconds(30),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else {
            Issue.record("it is not so within \(limit)", sourceLocation: sourceLocation)
            return
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}

extension Trait where Self == ConditionTrait {
    /// What needs real engines; where all tests must run, not having them is a failure.
    static var engines: Self {
        .enabled(if: PrivateEngine.canRun, "\(PrivateEngine.whyNot)")
    }
}
