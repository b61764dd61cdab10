import Catalog
import Engines
import Platform
import SystemPackage
import TestSupport
import Testing

/// Docker Compose itself reads what is written for it.
@Suite(.enabled("Docker Compose is not there") { await TestProgram.dockerCompose.isExpected() })
struct ComposeTests {
    private struct Project: Decodable {
        struct Service: Decodable {
            let command: [String]
            let image: String
        }
        let services: [String: Service]
    }

    private func read(_ text: String) async throws -> Project {
        let folder = try TemporaryDirectory()
        let file = try folder.write(text, to: "compose.yaml")
        let run = try await BinaryRun.run(
            try await TestProgram.dockerCompose.path(),
            ["-f", file.string, "config", "--format", "json"],
            environment: [
                "CODER_KEY": "a", "MY_KEY": "b", "PATH": "/usr/bin:/bin", "HOME": folder.path.string,
            ]
        )
        guard run.status == 0 else { throw Unread(description: "\(run.errors)\n\(text)") }
        return try JSON.decode(Project.self, from: run.outputBytes)
    }

    private struct Unread: Error, CustomStringConvertible {
        let description: String
    }

    @Test(arguments: [
        Scenario.llamaCppPlain, .llamaCppFull, .llamaCppHostileNames, .vllmPlain, .vllmFull, .mistralRsFull,
    ]) func `Compose reads a launch and has its words`(scenario: Scenario) async throws {
        let request = try await scenario.request
        let plan = try LaunchPlan(request)
        let project = try await read(LaunchService(plan, in: request.stack, size: 20_000_000_000).compose)
        let service = try #require(project.services["test"])
        // What it writes can be read by it again: a `$` stays doubled.
        #expect(
            service.command.map { $0.replacing("$$", with: "$") }
                == plan.containerCommand.filter { $0 != "/run/key" }
        )
    }

    @Test(arguments: EngineName.allCases) func `Compose reads launches of all kinds`(engine: EngineName)
        async throws
    {
        let stack = try await declaredStack("engine: \(engine.rawValue)\nimage: an/image")
        var read = 0
        for seed in 0..<200 where read < 4 {
            var generated = GeneratedSettings(seed: seed, engine: engine)
            let files = engine == .vllm ? ["config.json", "m.safetensors"] : ["m.gguf"]
            let request = LaunchRequest(
                stack: stack,
                settings: generated.some(),
                model: "m",
                format: engine == .vllm ? .safetensors : .gguf,
                files: files.map { "/models/m/\($0)" },
                adapters: generated.adapters()
            )
            guard let plan = try? LaunchPlan(request), plan.nodes.isEmpty else { continue }
            _ = try await self.read(LaunchService(plan, in: stack, size: 1).compose)
            read += 1
        }
        #expect(read == 4)
    }
}
