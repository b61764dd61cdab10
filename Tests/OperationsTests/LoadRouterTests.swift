import Docker
import FoundationEssentials
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Operations

/// `load`, `unload` and `use` on llama.cpp's real router, which was started with a command of its own.
@Suite(.enabled("the real server and an engine are needed") { await TestProgram.areExpected() })
struct LoadRouterTests {
    /// Lends a stack whose container is the router, with its models in a folder of the home.
    private func withRouter(_ body: (DockerHome, FilePath) async throws -> Void) async throws {
        try await DockerHome.with { home in
            try await LlamaServer.load(into: home.engine)
            let models = home.home.directory.appending("router")
            for model in [SpeakingModel.alpha, .beta, .broken] {
                try home.home.directory.write(try model.bytes(), to: "router/\(model.word).gguf")
            }
            var plan = ContainerPlan(image: LlamaServer.image)
            plan.entrypoint = ["/app/llama-server"]
            plan.command = ["--host", "127.0.0.1", "--port", "\(home.port)", "--models-dir", "/router"]
            plan.environment = ["LLAMA_API_KEY=one,two"]
            plan.resources.networkMode = "host"
            plan.resources.binds = ["\(models):/router:ro"]
            try await home.client.start(try await home.client.create(plan, named: home.name))
            _ = try await Restart(.start, waiting: .seconds(60)).run(in: home.workspace()) { _ in }
            try await body(home, models)
        }
    }

    private func load(_ name: String, _ home: DockerHome, _ action: LoadChange.Action = .load) async throws
        -> LoadChange
    {
        try await Load(name, action, timeout: .seconds(60)).run(in: home.workspace()) { _ in }
    }

    @Test func `models are loaded and unloaded, one that is broken is refused, and a new one is found`()
        async throws
    {
        try await withRouter { home, models in
            let idle = try await Status().run(in: home.workspace()) { _ in }.first
            #expect(idle?.ready == true)
            let alpha = try await load("alpha", home)
            #expect(alpha.changed && alpha.kind == .model && alpha.name == "alpha")
            #expect(try await !load("alpha", home).changed)
            // With a token of the model that is loaded now.
            #expect(
                try await Restart(.start, waiting: .seconds(60)).run(in: home.workspace()) { _ in }.ready
                    == true
            )
            for _ in 0..<2 {
                let broken = await failure { try await load("gamma", home) }
                #expect(broken?.kind == .notReady && broken?.message.contains("ended with status 1") == true)
            }
            let unknown = await failure { try await load("delta", home) }
            #expect(unknown?.kind == .notFound && unknown?.hint?.contains("`alpha`") == true)
            try FileSystem.write(try SpeakingModel.beta.bytes(), to: models.appending("delta.gguf"))
            #expect(try await load("delta", home).changed)
            #expect(try await load("delta", home, .unload).changed)
            #expect(try await !load("delta", home, .unload).changed)
            #expect(try await !load("alpha", home).changed)
        }
    }

    @Test func `use has it load what it lists, and leaves the rest to a restart`() async throws {
        try await withRouter { home, _ in
            let reports = Reports()
            func use(_ name: String, at path: String) async throws -> String? {
                try await home.workspace().loadWithoutRestart(
                    name,
                    at: path,
                    timeout: .seconds(60),
                    report: reports.reporter
                )
            }
            let loaded = try await use("alpha", at: "/nowhere")
            #expect(loaded == "alpha")
            #expect(reports.notes == ["`\(home.name)` is a router: `alpha` was loaded without a restart"])
            #expect(try await use("alpha", at: "/nowhere") == "alpha")
            #expect(reports.notes.last == "`\(home.name)` has `alpha` loaded already")
            #expect(try await use("org/beta", at: "/router/beta.gguf") == "beta")
            #expect(reports.notes.last?.contains("`beta`") == true)
            #expect(try await use("epsilon", at: "/router/epsilon.gguf") == nil)
            #expect(await failure { try await use("gamma", at: "/nowhere") }?.kind == .notReady)
        }
    }
}
