import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// Models that are removed, or are not since a container serves them.
struct RemoveTests {
    private func home() async throws -> TestHome {
        let home = try TestHome(
            StubRepository(
                "org/tiny-GGUF",
                files: ["tiny-Q4_K_M.gguf": try smallGGUF(), "tiny-Q8_0.gguf": try smallGGUF(1)]
            )
        )
        try await home.pull("org/tiny-GGUF")
        try await home.pull("org/tiny-GGUF:q8_0")
        return home
    }

    private func removal(
        _ home: TestHome,
        _ name: String = "org/tiny-GGUF",
        quant: String? = nil,
        force: Bool = false
    )
        throws -> Remove
    {
        Remove(
            [try home.reference(name)],
            quant: quant.flatMap { Quantization(parsing: $0) },
            isForced: force
        )
    }

    /// An engine whose container `stackctl-llamacpp` runs with these arguments.
    private func engine(_ home: TestHome, running: Bool, _ arguments: String) throws -> StubServer {
        let body =
            #"{"Id":"c1","State":{"Running":\#(running)},"Config":{"Cmd":null,"Env":["A=b"]},"Args":[\#(arguments)]}"#
        return try StubServer(name: "docker", socket: home.directory.appending("docker.sock")) { request in
            if request.path == "/_ping" { return StubResponse(headers: ["Api-Version": "1.41"], text: "OK") }
            return request.path.hasSuffix("/containers/stackctl-llamacpp/json")
                ? .json(body) : .json(#"{"message":"no such thing"}"#, status: 404)
        }
    }

    @Test func `a model goes with all its quantizations, or with the one that is named`() async throws {
        let home = try await home()
        let one = try removal(home, quant: "q8_0")
        let plan = try await one.plan(in: home.workspace()) { _ in }
        #expect(plan.items.map(\.quant) == ["q8_0"])
        #expect(try home.visibleFiles().count == 4)
        try one.run(plan)
        #expect(try home.visibleFiles().count == 2)
        let all = try removal(home)
        try all.run(await all.plan(in: home.workspace()) { _ in })
        #expect(try home.visibleFiles().isEmpty)
        #expect(try FileSystem.list(home.volume()) == [".stackctl"])
    }

    @Test func `a download that was stopped goes too, one under way does not`() async throws {
        let home = try TestHome()
        let store = ModelStore(volume: home.volume())
        let purpose = Partial.Purpose(
            model: "org/x",
            format: "gguf",
            quant: "q8_0",
            path: "x.gguf",
            sizeBytes: 10
        )
        let digest = Digest.of([1])
        var place: (directory: FilePath, lock: FileLock)? = try await store.openPartial(digest, for: purpose)
        {}
        let busy = await #expect(throws: Failure.self) {
            try await removal(home, "org/x").plan(in: home.workspace()) { _ in }
        }
        #expect(busy?.kind == .conflict)
        #expect(place != nil)
        place = nil
        let stopped = try removal(home, "org/x")
        let plan = try await stopped.plan(in: home.workspace()) { _ in }
        #expect(plan.items.map(\.state) == [.partial])
        try stopped.run(plan)
        #expect(try home.partials().isEmpty)
    }

    @Test(arguments: [
        #""--model","/models/org--tiny-GGUF/gguf/q4_k_m/tiny-Q4_K_M.gguf""#,
        #""--model=/models/org--tiny-GGUF/gguf/q4_k_m/tiny-Q4_K_M.gguf""#,
        #""/models/org--tiny-GGUF/gguf/q4_k_m""#,
    ])
    func `a model that a running container serves is refused, unless by force`(arguments: String) async throws
    {
        let home = try await home()
        let engine = try engine(home, running: true, arguments)
        defer { engine.stop() }
        let failure = await #expect(throws: Failure.self) {
            try await removal(home).plan(in: home.workspace()) { _ in }
        }
        #expect(failure?.kind == .conflict)
        #expect(failure?.message == "`org/tiny-GGUF` is in use by the running container of `llamacpp`")
        #expect(try await removal(home, quant: "q8_0").plan(in: home.workspace()) { _ in }.items.count == 1)
        #expect(try await removal(home, force: true).plan(in: home.workspace()) { _ in }.items.count == 2)
    }

    @Test func `a container that was stopped, or is not there, uses nothing`() async throws {
        let home = try await home()
        let arguments = #""/models/org--tiny-GGUF/gguf/q4_k_m/tiny-Q4_K_M.gguf""#
        let engine = try engine(home, running: false, arguments)
        let reports = Reports()
        let removal = try removal(home)
        #expect(try await removal.plan(in: home.workspace(), report: reports.reporter).items.count == 2)
        engine.stop()
        #expect(try await removal.plan(in: home.workspace(), report: reports.reporter).items.count == 2)
        #expect(reports.warnings.isEmpty)
    }

    @Test func `an engine that answers with trouble is a warning`() async throws {
        let home = try await home()
        let engine = try StubServer(name: "docker", socket: home.directory.appending("docker.sock")) { _ in
            .json(#"{"message":"out of order"}"#, status: 500)
        }
        defer { engine.stop() }
        let reports = Reports()
        _ = try await removal(home).plan(in: home.workspace(), report: reports.reporter)
        #expect(reports.warnings.count == 1 && reports.warnings[0].contains("out of order"))
    }

    @Test func `a model that another process changes is busy`() async throws {
        let home = try await home()
        let removal = try removal(home)
        let plan = try await removal.plan(in: home.workspace()) { _ in }
        let store = ModelStore(volume: home.volume())
        let lock = try await store.lock(model: "org/tiny-GGUF") {}
        let failure = #expect(throws: Failure.self) { try removal.run(plan) }
        #expect(failure?.kind == .conflict)
        withExtendedLifetime(lock) {}
    }

    @Test func `what is not there is not found`() async throws {
        let home = try await home()
        let failure = await #expect(throws: Failure.self) {
            try await removal(home, "org/absent").plan(in: home.workspace()) { _ in }
        }
        #expect(failure?.kind == .notFound)
    }
}
