import Docker
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// A stack whose container sleeps in the machine's own network, so that a stand-in server answers at its port.
struct StandInStack {
    let home: DockerHome
    let server: StandInServer
    let stack: String

    /// Lends one; `listens` says whether its port is open from the start.
    static func with<Result>(
        _ engine: StandInServer.Engine,
        models: [StandInModel] = [StandInModel("base")],
        variables: Variables = [],
        yaml: String = "",
        listens: Bool = true,
        _ change: (inout StandInServer.State) -> Void = { _ in },
        _ body: (StandInStack) async throws -> Result
    ) async throws -> Result {
        try await DockerHome.with { home in
            let server = StandInServer(engine, port: try StandInServer.quietPort(), models: models, change)
            let stack = StandInStack(home: home, server: server, stack: stackName(engine))
            try home.home.directory.write(
                "engine: \(engineName(engine))\nport: \(server.port)\ncontainer: \(home.name)\n\(yaml)\n",
                to: "home/stacks/\(stack.stack)/stack.yaml"
            )
            try await stack.start(variables)
            if listens { try server.listen() }
            defer { server.close() }
            return try await body(stack)
        }
    }

    private static func engineName(_ engine: StandInServer.Engine) -> String {
        switch engine {
        case .vllm: "vllm"
        case .mistralrs: "mistralrs"
        case .router, .llamacpp: "llamacpp"
        }
    }

    private static func stackName(_ engine: StandInServer.Engine) -> String {
        engine == .mistralrs ? "mistral" : engineName(engine)
    }

    private func start(_ variables: Variables) async throws {
        var plan = ContainerPlan(
            image: PrivateEngine.image,
            command: ["/bin/sh", "-c", "trap exit TERM; sleep 600 & wait"]
        )
        plan.environment = variables
        plan.resources.networkMode = "host"
        // The machine's own curl, for what is asked from inside.
        plan.resources.binds = ["/usr", "/lib", "/lib64"].filter { FileSystem.exists(FilePath($0)) }
            .map { "\($0):\($0):ro" }
        try await home.client.start(try await home.client.create(plan, named: home.name))
    }

    var workspace: Workspace {
        home.home.workspace(stack: stack, ["DOCKER_HOST": "unix://\(home.engine.socket)"])
    }

    /// Puts an adapter of vLLM and mistral.rs into the stack's folder.
    func addAdapter(_ name: String) throws {
        try home.home.directory.write("{}", to: "home/stacks/\(stack)/adapters/\(name)/adapter_config.json")
    }

    func load(_ name: String, timeout: Duration = .seconds(60)) async throws -> LoadChange {
        try await Load(name, .load, timeout: timeout).run(in: workspace) { _ in }
    }

    func unload(_ name: String, timeout: Duration = .seconds(60)) async throws -> LoadChange {
        try await Load(name, .unload, timeout: timeout).run(in: workspace) { _ in }
    }

    func restart(_ timeout: Duration = .seconds(60)) async throws -> ContainerChange {
        try await Restart(waiting: timeout).run(in: workspace) { _ in }
    }

    func status() async throws -> StackStatus? {
        try await Status().run(in: workspace) { _ in }.first
    }
}
