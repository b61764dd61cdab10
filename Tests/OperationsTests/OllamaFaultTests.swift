import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// Pulls by an Ollama name when something goes wrong.
struct OllamaFaultTests {
    private static let name = "library/big:q8_0"

    private func big() throws -> (home: TestHome, registry: StubRegistry, content: StubContent) {
        let content = try largeGGUF(mebibytes: 4)
        let (home, registry) = try OllamaHome.with(Self.name, ["model": content])
        return (home, registry, content)
    }

    @Test func `a model that is not there is named`() async throws {
        let (home, registry, _) = try big()
        let failure = try await home.failedPull(registry.name("library/big:70b"))
        #expect(failure.kind == .notFound)
        #expect(failure.message == "the registry at \(registry.endpoint) has no model `library/big:70b`")
    }

    @Test func `a private model is refused in plain words, and no login is sent anywhere`() async throws {
        let (home, registry, _) = try big()
        registry.settings.access = .login
        let environment = ["HF_TOKEN": StubHub.grantedToken]
        let failure = try await home.failedPull(registry.name(Self.name), environment: environment)
        #expect(failure.kind == .refused)
        #expect(failure.hint == "check the spelling; private models of a registry are not supported")
        let heads = registry.requests.flatMap { $0.request.headers.pairs.map(\.value) }
        #expect(!heads.contains { $0.contains(StubHub.grantedToken) })
    }

    @Test func `a token for everybody gets the model, and stays away from the storage`() async throws {
        let (home, registry, content) = try big()
        registry.settings.access = .anonymousToken
        let outcome = try await home.pull(registry.name(Self.name))
        #expect(
            try FileSystem.read(FilePath(outcome.path).appending("big-q8_0.gguf"), limit: 9_000_000)
                == content.all
        )
        #expect(registry.requests.contains { $0.request.token == StubRegistry.token })
        #expect(!registry.storageRequests.isEmpty)
        #expect(registry.storageRequests.allSatisfy { $0.request.headers["authorization"] == nil })
    }

    @Test func `a registry that sends blobs itself is enough`() async throws {
        let (home, registry, content) = try big()
        registry.settings.usesStorage = false
        registry.settings.access = .anonymousToken
        let outcome = try await home.pull(registry.name(Self.name))
        #expect(
            try FileSystem.read(FilePath(outcome.path).appending("big-q8_0.gguf"), limit: 9_000_000)
                == content.all
        )
        #expect(registry.storageRequests.isEmpty)
    }

    @Test(
        arguments: [
            StubFault.Kind.dropAfter(1_000_000), .dropAfter(1_000_000, reset: true), .expiredURL,
            .status(503),
            .wrongContentRange, .corruptByte(at: 2_000_000),
        ]
    )
    func `one mishap at the storage costs a try and nothing else`(kind: StubFault.Kind) async throws {
        let (home, registry, content) = try big()
        registry.inject(StubFault(.cdn, kind))
        let outcome = try await home.pull(registry.name(Self.name))
        #expect(registry.pendingFaults.isEmpty)
        #expect(
            try FileSystem.read(FilePath(outcome.path).appending("big-q8_0.gguf"), limit: 9_000_000)
                == content.all
        )
        #expect(try home.partials().isEmpty)
    }

    @Test func `bytes that never have the declared hash are not stored`() async throws {
        let (home, registry, _) = try big()
        registry.inject(StubFault(.cdn, .corruptByte(at: 2_000_000), times: 1000))
        let failure = try await home.failedPull(registry.name(Self.name))
        #expect(failure.kind == .invalid)
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `a storage that leads on is followed`() async throws {
        let (home, registry, content) = try big()
        let target = "/data/\(content.sha256)?X-Amz-Signature=2"
        let moved = StubResponse(302, headers: ["Location": target])
        registry.inject(StubFault(.cdn, .answer(moved)))
        _ = try await home.pull(registry.name(Self.name))
        #expect(registry.storageRequests.contains { $0.request.target == target })
    }

    @Test func `a manifest that is none is told, and nothing is stored`() async throws {
        let (home, registry, _) = try big()
        registry.publish(Self.name, manifest: "{\"schemaVersion\":2,\"layers\":[{\"digest\":\"x\"}]}")
        let failure = try await home.failedPull(registry.name(Self.name))
        #expect(failure.kind == .invalid)
        #expect(failure.message.hasSuffix("cannot be used: the manifest has not the shape of one"))
        #expect(try home.visibleFiles().isEmpty)
    }

    @Test func `what is no GGUF is not stored`() async throws {
        let (home, registry) = try OllamaHome.with(
            "library/odd:q8_0",
            ["model": .text("<html>no model</html>")]
        )
        let failure = try await home.failedPull(registry.name("library/odd:q8_0"))
        #expect(failure.kind == .invalid)
        #expect(try home.visibleFiles().isEmpty)
        #expect(try home.partials().isEmpty)
    }

    @Test func `a pull that is cancelled keeps what has arrived and says how to go on`() async throws {
        let (home, registry, content) = try big()
        registry.inject(StubFault(.cdn, .stallAfter(1_000_000), times: 100))
        let reports = Reports()
        let name = registry.name(Self.name)
        let pull = Task { try await home.failedPull(name, reports: reports) }
        #expect(try await reports.waitUntil { $0.mostBytes > 0 })
        pull.cancel()
        let failure = try await pull.value
        #expect(failure.kind == .cancelled)
        #expect(
            failure.hint == "what has arrived is kept: `stackctl llamacpp pull \(name)` goes on from there"
        )
        #expect(try home.partials().first?.purpose?.path == "big-q8_0.gguf")
        let again = try StubRegistry()
        again.publish(Self.name, layers: ["model": content])
        // By its hash it is the same content, wherever it comes from.
        let outcome = try await home.pull(again.name(Self.name))
        #expect(again.bytesStored < content.size)
        #expect(
            try FileSystem.read(FilePath(outcome.path).appending("big-q8_0.gguf"), limit: 9_000_000)
                == content.all
        )
    }

    @Test func `two pulls at once: one downloads, the other waits and finds it there`() async throws {
        let (home, registry, content) = try big()
        let name = registry.name(Self.name)
        let model = "ollama-\(registry.stem)--library--big-q8_0"
        let (first, second) = (Reports(), Reports())
        var lock: FileLock? = try await ModelStore(volume: home.volume()).lock(model: model) {}
        async let one = home.pull(name, reports: first)
        async let two = home.pull(name, reports: second)
        for reports in [first, second] {
            #expect(
                try await reports.waitUntil {
                    $0.stages.contains("waiting for another stackctl that pulls \(model)")
                }
            )
        }
        #expect(lock != nil && registry.storageRequests.isEmpty)
        lock = nil
        let outcomes = [try await one, try await two]
        #expect(outcomes.count(where: \.wasThere) == 1)
        #expect(registry.bytesStored == content.size)
    }
}
