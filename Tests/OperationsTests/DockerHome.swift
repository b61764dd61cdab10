import Docker
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// A home whose stack has a container in a real engine; its containers go with it.
final class DockerHome: Sendable {
    let home: TestHome
    let engine: PrivateEngine
    let client: DockerClient
    let name = "test-\(UInt32.random(in: 0 ... .max))"
    let port: UInt16

    init(_ kind: PrivateEngine.Kind = .docker, stack: String? = nil) async throws {
        home = try TestHome()
        engine = try await PrivateEngine.shared(kind)
        client = DockerClient(socket: engine.socket)
        port = try freePort()
        try declare(stack ?? "container: \(name)")
    }

    /// Writes what stack.yaml says beside the engine and the port.
    func declare(_ text: String) throws {
        try home.directory.write(
            "engine: llamacpp\nport: \(port)\n\(text)\n",
            to: "home/stacks/llamacpp/stack.yaml"
        )
    }

    func workspace(_ more: [String: String] = [:]) -> Workspace {
        home.workspace(stack: "llamacpp", ["DOCKER_HOST": "unix://\(engine.socket)"].merging(more) { $1 })
    }

    /// Makes a container that runs a shell script, and starts it; `$PORT` is the stack's port.
    @discardableResult
    func run(
        _ script: String,
        as name: String? = nil,
        labels: [String: String] = [:],
        starting: Bool = true,
        policy: RestartPolicy? = nil
    ) async throws -> String {
        var plan = ContainerPlan(image: PrivateEngine.image, command: ["/bin/sh", "-c", script])
        plan.environment = ["PORT=\(port)"]
        plan.labels = labels
        plan.resources.networkMode = "host"
        plan.resources.restartPolicy = policy
        let id = try await client.create(plan, named: name ?? self.name)
        if starting { try await client.start(id) }
        return id
    }

    /// Lends itself to `body` and removes the containers that were made.
    static func with<Result>(
        _ kind: PrivateEngine.Kind = .docker,
        stack: String? = nil,
        _ body: (DockerHome) async throws -> Result
    ) async throws -> Result {
        let home = try await DockerHome(kind, stack: stack)
        do {
            let result = try await body(home)
            await home.removeAll()
            return result
        } catch {
            await home.removeAll()
            throw error
        }
    }

    private func removeAll() async {
        for suffix in ["", "-2", "-3"] { try? await client.remove(name + suffix, forced: true) }
    }
}

/// What an operation fails with; fails the test if it does not.
func failure<Result>(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Result
) async -> Failure? {
    do {
        let result = try await body()
        Issue.record("it is done: \(result)", sourceLocation: sourceLocation)
    } catch let failure as Failure {
        return failure
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    return nil
}

extension Trait where Self == ConditionTrait {
    /// What needs real engines; where all tests must run, not having them is a failure.
    static var engines: Self {
        .enabled(if: PrivateEngine.canRun, "\(PrivateEngine.whyNot)")
    }
}
