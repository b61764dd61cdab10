import Glibc
import Platform
import SystemPackage
import TestSupport
import Testing

/// Conversions by tools whose `stackctl` ends before they do.
@Suite(.enabled("an engine and what the tests run in it are needed") { await TestProgram.areExpected() })
struct ConvertToolTests {
    /// Gives a home a folder to convert, and the stack the tools for it; where the tools see that they are to wait.
    private func prepare(_ home: CommandLineHome, _ engine: PrivateEngine) async throws -> FilePath {
        try await LlamaTools.load(into: engine)
        try home.directory.write(
            "engine: llamacpp\ncontainer: none\nimage: \(LlamaTools.serverImage)\n",
            to: "home/stacks/llamacpp/stack.yaml"
        )
        let work = home.directory.appending("work")
        try SampleModel.write(below: work)
        let folder = work.appending(SampleModel.repository)
        let gguf = work.appending("\(SampleModel.ggufRepository)/tiny-llama-f16.gguf")
        try FileSystem.copy(gguf, to: folder.appending("converted.json"))
        return folder.appending("wait.json")
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `Ctrl-C leaves nothing of the tools, and after a kill the next run ends what was left`(
        kind: PrivateEngine.Kind
    ) async throws {
        let engine = try await PrivateEngine.shared(kind)
        let home = try CommandLineHome()
        let wait = try await prepare(home, engine)
        func tools() async throws -> Int {
            try await engine.containers(with: "io.stackctl.work", beginning: home.directory.path.string)
        }
        func start(_ quant: String) throws -> BinaryRun {
            try home.start(
                ["convert", "./\(SampleModel.repository)", "--engine", "container", "--quant", quant],
                environment: ["DOCKER_HOST": "unix://\(engine.socket)"]
            )
        }
        /// A run whose tool waits, ended by a signal.
        func end(_ quant: String, by signal: Int32) async throws -> BinaryRun.Result {
            try FileSystem.write([], to: wait)
            let run = try start(quant)
            let limit = ContinuousClock.now + .seconds(60)
            while try await tools() == 0, ContinuousClock.now < limit {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await run.waitUntil { $0.errors.contains("converting tiny-llama") })
            run.send(signal)
            let result = try await run.finish()
            try FileSystem.remove(wait)
            return result
        }
        let interrupted = try await end("f16", by: SIGINT)
        #expect(interrupted.ending == .exited(130), "\(interrupted.errors)")
        #expect(try await tools() == 0)
        // The second run makes another file, the fourth the same.
        for (killed, next) in [("f16", "bf16"), ("f32", "f32")] {
            #expect(try await end(killed, by: SIGKILL).ending == .killed(by: SIGKILL))
            #expect(try await tools() == 1)
            let result = try await start(next).finish()
            #expect(result.status == 0, "\(result.errors)")
            #expect(try await tools() == 0)
        }
    }
}
