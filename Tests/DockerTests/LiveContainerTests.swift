import Docker
import Platform
import TestSupport
import Testing

@Suite(.engines)
struct LiveContainerTests {
    @Test(arguments: PrivateEngine.Kind.allCases)
    func `an engine says what it is and which version it speaks`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        #expect(try await live.client.version() >= .oldest)
        let facts = try await live.client.facts()
        #expect((facts.memory ?? 0) > 0 && (facts.processors ?? 0) > 0 && facts.isRootless == false)
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a container is made, described, found and removed`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        let label = "test.\(UInt32.random(in: 0 ... .max))"
        let id = try await live.with("sleep 600", isStarted: false) { plan in
            plan.labels = [label: "a,b=\"c\"", "other": "x"]
            plan.environment = ["TOKEN=secret"]
            plan.resources.binds = ["\(live.engine.folder)/log:/log:ro"]
        } _: { made in
            #expect(!made.state.running && made.state.status == "created" && made.restartCount == 0)
            #expect(made.state.startedAt?.unlessNever == nil)
            #expect(made.configuration.environment?["TOKEN"] == "secret" && !"\(made)".contains("secret"))
            #expect(made.mounts.contains { $0.destination == "/log" && $0.isWritable == false })
            let found = try await live.client.containers(labels: [label: "a,b=\"c\"", "other": "x"])
            #expect(found.map(\.id) == [made.id])
            #expect(try await live.client.containers(label: label).map(\.id) == [made.id])
            #expect(try await live.client.containers(labels: [label: "a,b=\"c\"", "other": "y"]).isEmpty)
            #expect(try await live.client.container(named: made.name)?.id == made.id)
            #expect(try await live.client.container(named: String(made.name.dropLast())) == nil)
            #expect(try await live.client.container(named: String(made.id.prefix(12))) == nil)
            return made.id
        }
        guard case .notFound = await dockerError({ try await live.client.container(id) }) else {
            Issue.record("it is still there")
            return
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a container is started, stopped, restarted and renamed`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("trap 'exit 7' TERM; sleep 600 & wait", isStarted: false) { made in
            #expect(try await live.client.start(made.id))
            #expect(try await !live.client.start(made.id))
            let running = try await live.client.container(made.id).state
            #expect(running.running && running.startedAt?.unlessNever != nil)
            // Until the shell has set its trap, the signal would kill it.
            try await Task.sleep(for: .milliseconds(300))
            try await live.client.restart(made.id, grace: .seconds(10))
            let again = try await live.client.container(made.id).state
            #expect(
                again.running
                    && (again.startedAt ?? .init(seconds: 0)) > (running.startedAt ?? .init(seconds: 0))
            )
            try await Task.sleep(for: .milliseconds(300))
            #expect(try await live.client.stop(made.id, grace: .seconds(10)))
            #expect(try await !live.client.stop(made.id))
            let stopped = try await live.client.container(made.id).state
            #expect(!stopped.running && stopped.exitCode == 7 && stopped.finishedAt?.unlessNever != nil)
            try await live.client.rename(made.id, to: made.name + "-b")
            #expect(try await live.client.container(made.name + "-b").id == made.id)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `the end of a container is waited for, with its status`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("sleep 0.3; exit 42") { container in
            let status = try await live.client.wait(for: container.id)
            #expect(status == 42)
        }
        try await live.with("sleep 600") { container in
            async let status = live.client.wait(for: container.id)
            try await live.client.kill(container.id, signal: "SIGKILL")
            #expect(try await status == 137)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `two containers cannot have one name`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("true", isStarted: false) { one in
            try await live.with("true", isStarted: false) { other in
                guard
                    case .conflict = await dockerError({
                        try await live.client.rename(other.id, to: one.name)
                    })
                else {
                    Issue.record("another error")
                    return
                }
            }
        }
    }

    @Test func `the restart policy of a container is changed, where the engine can`() async throws {
        let docker = try await LiveEngine.running(.docker)
        try await docker.with("sleep 600") { container in
            try await docker.client.update(container.id, restartPolicy: .unlessStopped)
            #expect(
                try await docker.client.container(container.id).resources.restartPolicy?.name
                    == "unless-stopped"
            )
            try await docker.client.update(container.id, restartPolicy: .never)
            #expect(try await docker.client.container(container.id).resources.restartPolicy?.name == "no")
        }
        let podman = try await LiveEngine.running(.podman)
        try await podman.with("true", isStarted: false) { container in
            do throws(DockerError) {
                try await podman.client.update(container.id, restartPolicy: .unlessStopped)
            } catch {
                guard case .unsupported = error else {
                    Issue.record("\(error)")
                    return
                }
            }
        }
    }

    @Test func `a container that fails again and again is told by its restarts`() async throws {
        let live = try await LiveEngine.running(.docker)
        try await live.with("exit 3") {
            $0.resources.restartPolicy = RestartPolicy("on-failure", maximumRetries: 2)
        } _: {
            container in
            try await eventually { try await live.client.container(container.id).restartCount == 2 }
            try await eventually { try await live.client.container(container.id).state.status == "exited" }
            #expect(try await live.client.container(container.id).state.exitCode == 3)
        }
    }

    @Test func `a container that takes too much memory is told from one that fails`() async throws {
        let live = try await LiveEngine.running(.docker)
        var wasTold = false
        // The engine learns of it from two sides, and forgets it if the news of the end comes first.
        for _ in 0..<10 where !wasTold {
            wasTold = try await live.with("exec tail /dev/zero") {
                $0.resources.memory = 16 << 20
            } _: { container in
                let status = try await live.client.wait(for: container.id)
                #expect(status == 137)
                return try await live.client.container(container.id).state.wasOutOfMemory == true
            }
        }
        #expect(wasTold)
    }

    @Test func `a container's health is told with what the check wrote`() async throws {
        let live = try await LiveEngine.running(.docker)
        try await live.with("sleep 600") {
            $0.healthCheck = ContainerPlan.HealthCheck(["cat", "/nothing"], every: .milliseconds(100))
        } _: { container in
            try await eventually {
                try await live.client.container(container.id).state.health?.log?.isEmpty == false
            }
            let probe = try #require(try await live.client.container(container.id).state.health?.log?.first)
            #expect(probe.exitCode == 1 && probe.output?.contains("/nothing") == true)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `what happens to a container is told as it happens`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("sleep 600", isStarted: false) { container in
            let word = kind == .docker ? "die" : "died"
            let events = try await live.client.events(of: container.id, actions: ["start", word])
            try await live.client.start(container.id)
            #expect(try await events.next()?.action == "start")
            try await live.client.kill(container.id, signal: "KILL")
            let end = try #require(try await events.next())
            #expect(["die", "died"].contains(end.action) && end.actor?.id == container.id)
            #expect(end.exitCode == 137)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `what a container takes is measured`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        try await live.with("while :; do :; done") { container in
            let first = try await live.client.stats(of: container.id)
            try await Task.sleep(for: .milliseconds(400))
            let second = try await live.client.stats(of: container.id)
            let busy = try #require(second.processors(since: first))
            #expect(busy > 0.05 && busy < 3)
            #expect(second.memory > 0 && second.memory < second.memoryLimit && second.processes >= 1)
            let stream = try await live.client.statsStream(of: container.id)
            #expect(try await stream.next() != nil)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `an image is described`(kind: PrivateEngine.Kind) async throws {
        let live = try await LiveEngine.running(kind)
        let image = try await live.client.image(PrivateEngine.image)
        #expect(image.tags?.contains(PrivateEngine.image) == true && (image.size ?? 0) > 1_000_000)
        guard case .notFound = await dockerError({ try await live.client.image("localhost/nothing:1") })
        else {
            Issue.record("another error")
            return
        }
    }
}
