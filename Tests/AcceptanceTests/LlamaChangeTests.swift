import Catalog
import Glibc
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// Changes of model that are broken off, on the real server.
@Suite(.llamaServer, .serialized)
struct LlamaChangeTests {
    private func script(_ stack: LlamaStackHome) throws -> String {
        String(decoding: try FileSystem.read(stack.folder.appending("active/launch.sh")), as: UTF8.self)
    }

    private func state(_ stack: LlamaStackHome) throws -> LaunchState {
        try ModelStore(volume: stack.folder.appending("models")).launchState(of: "llamacpp")
    }

    /// Has stack.yaml name a port that leads nowhere, so that no model answers, however well it is served.
    private func lending<Result>(
        deaf stack: LlamaStackHome,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let path = stack.folder.appending("stack.yaml")
        let text = try FileSystem.read(path)
        let deaf = String(decoding: text, as: UTF8.self)
            .split(separator: "port: \(stack.port)", omittingEmptySubsequences: false)
            .joined(separator: "port: \(try freePort())")
        try FileSystem.write(Array(deaf.utf8), to: path)
        let result = try await body()
        try FileSystem.write(text, to: path)
        return result
    }

    // MARK: Killed

    @Test func `killed at any moment, the same change is taken up and a rollback takes it back`() async throws
    {
        try await LlamaStackHome.with { stack in
            #expect(try await stack.run("use", "beta").status == 0)
            for (round, milliseconds) in [30, 90, 150, 250, 400, 550, 700].enumerated() {
                try #require(try await stack.run("use", "alpha").status == 0)
                let killed = try stack.start(["use", "beta"])
                try await Task.sleep(for: .milliseconds(milliseconds))
                killed.send(SIGKILL)
                _ = try await killed.finish(timeout: .seconds(30))
                let wasBegun = try state(stack).attempt != nil
                let next =
                    round % 2 == 0 ? try await stack.run("use", "beta") : try await stack.run("rollback")
                #expect(next.status == 0, "after \(milliseconds) ms: \(next.errors)")
                let after = try state(stack)
                let served = try #require(after.active?.name)
                #expect(
                    after.attempt == nil
                        && served == (round % 2 == 0 || !wasBegun ? after.active?.name : "alpha")
                )
                #expect(round % 2 != 0 || served == "beta")
                #expect(try await stack.firstWord() == served)
                #expect(try script(stack).contains("--alias \(served)"))
            }
        }
    }

    @Test func `killed while a failed change is taken back, a rollback goes on with that`() async throws {
        try await LlamaStackHome.with { stack in
            #expect(try await stack.run("use", "alpha").status == 0)
            for words in ["did not come up", "is kept in", "going back to `alpha`"] {
                let killed = try stack.start(["use", SpeakingModel.broken.word])
                #expect(try await killed.waitUntil(timeout: .seconds(60)) { $0.errors.contains(words) })
                killed.send(SIGKILL)
                _ = try await killed.finish(timeout: .seconds(30))
                // Where it had come to its end already, there is nothing to take back.
                if try state(stack).attempt != nil {
                    let back = try await stack.run("rollback")
                    #expect(back.status == 0, "\(words): \(back.errors)")
                }
                #expect(try state(stack).active?.name == "alpha" && state(stack).attempt == nil)
                #expect(try await stack.firstWord() == "alpha")
            }
        }
    }

    // MARK: Broken off

    @Test func `a change that is interrupted can be taken back`() async throws {
        try await LlamaStackHome.with { stack in
            #expect(try await stack.run("use", "alpha").status == 0)
            try await lending(deaf: stack) {
                let run = try stack.start(["use", "beta"])
                #expect(
                    try await run.waitUntil(timeout: .seconds(60)) { $0.errors.contains("waiting until") }
                )
                run.send(SIGINT)
                let ended = try await run.finish(timeout: .seconds(30))
                #expect(ended.status == 130 && ended.errors.contains("stackctl llamacpp rollback"))
            }
            #expect(try state(stack).attempt?.name == "beta")
            #expect(try await stack.run("rollback").status == 0)
            #expect(try await stack.firstWord() == "alpha")
        }
    }

    @Test func `a model that is late, or whose container is removed, is not waited for`() async throws {
        try await LlamaStackHome.with { stack in
            #expect(try await stack.run("use", "alpha").status == 0)
            try await lending(deaf: stack) {
                let late = try await stack.run("use", "beta", "--timeout", "2s", "--no-rollback")
                #expect(late.status == 9 && late.errors.contains("after 2 s"), "\(late.errors)")

                let run = try stack.start(["use", "beta", "--timeout", "20s"])
                #expect(
                    try await run.waitUntil(timeout: .seconds(60)) { $0.errors.contains("waiting until") }
                )
                try await stack.engine.remove("stackctl-llamacpp")
                let ended = try await run.finish(timeout: .seconds(120))
                #expect(ended.status == 9 && ended.errors.contains("before it answered"), "\(ended.errors)")
                #expect(try script(stack).contains("--alias alpha"))
            }
            #expect(try await stack.run("use", "alpha").status == 0)
            #expect(try await stack.firstWord() == "alpha")
        }
    }

    @Test func `of two changes at once the second is refused`() async throws {
        try await LlamaStackHome.with { stack in
            let store = ModelStore(volume: stack.folder.appending("models"))
            let lock = try #require(try store.lockLaunch(of: "llamacpp"))
            let refused = try await stack.run("use", "alpha")
            #expect(
                refused.status == 3
                    && refused.errors.contains("another stackctl changes what `llamacpp` serves")
            )
            #expect(try await stack.run("rollback").status == 3)
            withExtendedLifetime(lock) {}
        }
    }

    // MARK: Adopted

    @Test func `a stack with its command in Compose is told which two lines to change`() async throws {
        try await LlamaStackHome.with { stack in
            let path = stack.folder.appending("compose.yaml")
            let shipped = String(decoding: try FileSystem.read(path), as: UTF8.self)
            let entrypoint = #"    entrypoint: ["/bin/sh", "/active/launch.sh"]"#
            let mount = "      - ./active:/active:ro\n"
            try #require(shipped.contains(entrypoint) && shipped.contains(mount))
            let own = shipped.split(separator: mount, omittingEmptySubsequences: false).joined()
                .split(separator: entrypoint, omittingEmptySubsequences: false).joined(
                    separator:
                        "    command: [--model, /models/alpha/gguf/f16/alpha-f16.gguf, --host, 0.0.0.0, --port, \"\(stack.port)\"]"
                )
            try FileSystem.write(Array(own.utf8), to: path)
            #expect(try await stack.run("up").status == 0)
            #expect(try await stack.firstWord() == "alpha")

            let refused = try await stack.run("use", "beta")
            #expect(refused.status == 8, "\(refused.errors)")
            for line in [#"entrypoint: ["/bin/sh", "/active/launch.sh"]"#, "- ./active:/active:ro"] {
                #expect(refused.errors.contains(line))
            }
            let doctor = try await stack.run("doctor")
            #expect(doctor.output.contains("- ./active:/active:ro") && doctor.status == 0, "\(doctor.output)")
            #expect(try await stack.firstWord() == "alpha")

            try FileSystem.write(Array(shipped.utf8), to: path)
            #expect(try await stack.run("use", "beta").status == 0)
            #expect(try await stack.firstWord() == "beta")
        }
    }
}
