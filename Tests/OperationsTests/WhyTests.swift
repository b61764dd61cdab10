import Docker
import Operations
import Platform
import TestSupport
import Testing

/// `why`, on real engines.
@Suite(.engines)
struct WhyTests {
    private static let refusal =
        "0.00.015.681 E llama_model_load: error loading model: unknown model architecture: 'newarch'"

    private func why(_ home: DockerHome, _ reports: Reports = Reports()) async throws -> StackDiagnosis {
        try await Why().run(in: home.workspace(), report: reports.reporter)
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a container that ended is told from what it wrote`(kind: PrivateEngine.Kind) async throws {
        try await DockerHome.with(kind) { home in
            try await home.run(
                "echo loading; sleep 0.1; echo \"\(Self.refusal)\" >&2; sleep 0.1; echo end >&2; exit 1"
            )
            _ = try await home.client.wait(for: home.name)
            let diagnosis = try await why(home)
            #expect(diagnosis.state == "exited" && diagnosis.exitCode == 1 && !diagnosis.ready)
            #expect(diagnosis.ending == "ended with status 1" && diagnosis.finishedAt != nil)
            let reason = try #require(diagnosis.findings.first)
            #expect(reason.id == "llamacpp-unknown-architecture" && reason.certain)
            #expect(reason.cause == "this llama.cpp does not know the architecture `newarch`")
            #expect(reason.evidence.map(\.text) == [Self.refusal] && reason.evidence[0].lineFromEnd == 2)
            #expect(diagnosis.next == reason.fix && diagnosis.next?.contains("stackctl llamacpp up") == true)
            #expect(Set(diagnosis.tail) == ["loading", Self.refusal, "end"])
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `only the last run counts`(kind: PrivateEngine.Kind) async throws {
        try await DockerHome.with(kind) { home in
            let script =
                "if [ -e /tmp/again ]; then echo fine; exit 3; fi; touch /tmp/again; echo \"\(Self.refusal)\"; exit 1"
            try await home.run(script)
            _ = try await home.client.wait(for: home.name)
            #expect(try await why(home).findings.first?.id == "llamacpp-unknown-architecture")
            // An engine's word on when a process began may be late, so that a second before it counts too.
            try await Task.sleep(for: .milliseconds(1200))
            try await home.client.start(home.name)
            _ = try await home.client.wait(for: home.name)
            let diagnosis = try await why(home)
            #expect(diagnosis.exitCode == 3 && diagnosis.findings.isEmpty && diagnosis.tail == ["fine"])
            #expect(diagnosis.next?.contains("logs --tail 200") == true)
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a container whose program cannot be executed is told from the engine's words or its status`(
        kind: PrivateEngine.Kind
    ) async throws {
        try await DockerHome.with(kind) { home in
            var plan = ContainerPlan(image: PrivateEngine.image, command: ["llama-server"])
            plan.resources.networkMode = "host"
            _ = try await home.client.create(plan, named: home.name)
            _ = await #expect(throws: DockerError.self) { try await home.client.start(home.name) }
            let diagnosis = try await why(home)
            #expect(!diagnosis.ready && diagnosis.tail.isEmpty)
            // Podman keeps no words of a start that failed.
            if kind == .docker {
                #expect(diagnosis.findings.map(\.id) == ["program-missing"])
                #expect(diagnosis.refusal?.contains("llama-server") == true)
                #expect(diagnosis.findings.first?.evidence.first?.source == .docker)
            }
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a container that was never started, stopped or killed says what to type`(
        kind: PrivateEngine.Kind
    ) async throws {
        try await DockerHome.with(kind) { home in
            try await home.run("trap 'exit 0' TERM; echo set; sleep 600 & wait", starting: false)
            let never = try await why(home)
            #expect(["created", "initialized"].contains(never.state) && never.exitCode == nil)
            #expect(never.next == "`stackctl llamacpp start`" && never.findings.isEmpty)
            try await home.client.start(home.name)
            let end = ContinuousClock.now + .seconds(20)
            while try await why(home).tail != ["set"], ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(50))
            }
            try await home.client.stop(home.name)
            let stopped = try await why(home)
            #expect(stopped.next?.contains("`stackctl llamacpp start`") == true && stopped.finishedAt != nil)
            // Podman gives no time to end to a container that was made without saying how long.
            if kind == .docker {
                #expect(stopped.ending == "ended with status 0" && stopped.findings.isEmpty)
            }
            try await home.client.start(home.name)
            try await home.client.kill(home.name, signal: "KILL")
            _ = try await home.client.wait(for: home.name)
            let killed = try await why(home)
            #expect(killed.ending == "was killed (SIGKILL, status 137)" && !killed.outOfMemory)
            #expect(killed.findings.map(\.id) == ["killed"] && killed.findings.first?.certain == false)
        }
    }

    @Test func `a container that took too much memory is told so`() async throws {
        try await DockerHome.with { home in
            var plan = ContainerPlan(
                image: PrivateEngine.image,
                command: ["/bin/sh", "-c", "tail /dev/zero"]
            )
            plan.resources.memory = 16 << 20
            let id = try await home.client.create(plan, named: home.name)
            var diagnosis: StackDiagnosis
            var runs = 0
            // The engine learns of the reason on another way than of the end, and now and then not at all.
            repeat {
                try await home.client.start(id)
                _ = try await home.client.wait(for: home.name)
                diagnosis = try await why(home)
                runs += 1
                #expect(diagnosis.outOfMemory || diagnosis.findings.first?.id == "killed")
            } while !diagnosis.outOfMemory && runs < 10
            #expect(diagnosis.outOfMemory && diagnosis.findings.first?.id == "out-of-memory", "\(diagnosis)")
            #expect(diagnosis.findings.first?.certain == true)
        }
    }

    @Test func `a container that begins again and again is told with how often`() async throws {
        try await DockerHome.with { home in
            try await home.run("echo 'Illegal instruction'; exit 132", policy: RestartPolicy("always"))
            var diagnosis = try await why(home)
            let end = ContinuousClock.now + .seconds(20)
            while diagnosis.restarts < 2, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(100))
                diagnosis = try await why(home)
            }
            #expect(diagnosis.restarts >= 2 && ["restarting", "running", "exited"].contains(diagnosis.state))
            #expect(diagnosis.findings.first?.id == "illegal-instruction")
        }
    }

    @Test(arguments: PrivateEngine.Kind.allCases)
    func `a stack that serves is said to serve, and one that loads not to answer yet`(
        kind: PrivateEngine.Kind
    ) async throws {
        try await DockerHome.with(kind) { home in
            try await home.run("trap exit TERM; sleep 600 & wait")
            let loading = try await why(home)
            #expect(loading.state == "running" && !loading.ready && loading.startedAt != nil)
            #expect(loading.next?.contains("logs -f") == true && loading.exitCode == nil)
            try await home.client.remove(home.name, forced: true)
            try await home.run("echo '\(Self.refusal)'; \(TinyServer.script)")
            _ = try await Restart(.start, waiting: .seconds(30)).run(in: home.workspace()) { _ in }
            let serving = try await why(home)
            #expect(serving.ready && serving.findings.isEmpty && serving.next == nil && serving.tail.isEmpty)
        }
    }

    @Test func `a stack without a container is told how to get one`() async throws {
        try await DockerHome.with { home in
            let diagnosis = try await why(home)
            #expect(diagnosis.state == "absent" && diagnosis.container == home.name)
            #expect(diagnosis.next == "`stackctl llamacpp up`" && diagnosis.findings.isEmpty)
        }
    }

    @Test func `a home's own signatures are heeded, and a mistake in them is told`() async throws {
        try await DockerHome.with { home in
            try await home.run("echo the cat sat on it; exit 1")
            _ = try await home.client.wait(for: home.name)
            let text =
                "signatures: [{id: cat, match: 'the * sat', cause: 'a {1} sat on it', fix: 'move the {1}'}]"
            try home.home.directory.write(text, to: "home/config/signatures.yaml")
            let reason = try #require(try await why(home).findings.first)
            #expect((reason.id, reason.cause, reason.fix) == ("cat", "a cat sat on it", "move the cat"))
            try home.home.directory.write("signatures: [{id: cat}]", to: "home/config/signatures.yaml")
            let failure = await failure { try await why(home) }
            #expect(failure?.kind == .invalid && failure?.message.contains("signatures.yaml:1:14") == true)
        }
    }

    @Test func `an engine that is not there is a failure`() async throws {
        let home = try TestHome()
        let failure = await failure { try await Why().run(in: home.workspace()) { _ in } }
        #expect(failure?.kind == .unavailable)
    }
}
