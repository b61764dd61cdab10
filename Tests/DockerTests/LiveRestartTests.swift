import Docker
import Platform
import TestSupport
import Testing

/// Engines that go away and come back.
@Suite(.engines)
struct LiveRestartTests {
    @Test func `an engine that is restarted is spoken to again, and what followed it has broken off`()
        async throws
    {
        let engine = try await PrivateEngine(.docker)
        let live = LiveEngine(engine: engine, client: DockerClient(socket: engine.socket))
        try await live.with("trap exit TERM; echo ready; sleep 600 & wait") { container in
            let log = try await live.client.logs(of: container, LogSelection(follows: true))
            #expect(try await log.next() != nil)
            let events = try await live.client.events(of: container.id)
            let plan = ExecPlan(["/bin/sh", "-c", "echo begun; exec sleep 600"])
            let exec = try await live.client.prepare(plan, in: container.id)
            let session = try await live.client.start(exec, plan)
            #expect(try await session.output.next() != nil)

            try await engine.stop()
            // Each ends in order or not, as the engine finds time to; what does not happen is that anyone waits on.
            _ = try? await log.next()
            while let event = try? await events.next() { #expect(event.actor?.id == container.id) }
            _ = try? await session.output.next()
            switch await dockerError({ try await live.client.container(container.id) }) {
            case .noEngine, .unreachable, .brokenOff: break
            case let other: Issue.record("\(String(describing: other))")
            }

            try await engine.start()
            let after = try await live.client.container(container.id)
            #expect(after.id == container.id && !after.state.running)
            #expect(try await live.client.start(container.id))
            #expect(try await live.execute("echo again", in: container).text == "again\n")
        }
        try await engine.stop()
    }

    @Test func `podman's service may end and begin under a running container`() async throws {
        let engine = try await PrivateEngine(.podman)
        let live = LiveEngine(engine: engine, client: DockerClient(socket: engine.socket))
        try await live.with("exec sleep 600") { container in
            try await engine.stop()
            try await engine.start()
            #expect(try await live.client.container(container.id).state.running)
            #expect(try await live.execute("echo again", in: container).text == "again\n")
        }
    }
}
