import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// Pulls from a hub that is down, or whose quota is used up.
struct PullWithoutHubTests {
    private static let ownHint = "check the network, the proxy variables and `HF_ENDPOINT`"

    private static func repository(_ id: String = "org/tiny-GGUF", _ number: UInt32 = 0) throws
        -> StubRepository
    {
        StubRepository(
            id,
            files: [
                "tiny-Q4_K_M.gguf": try smallGGUF(number), "tiny-Q8_0.gguf": try smallGGUF(number + 100),
            ]
        )
    }

    // MARK: Down

    @Test func `with nothing stored, what to look at is said`() async throws {
        let home = try TestHome(Self.repository())
        home.hub.stop()
        let failure = try await home.failedPull("org/tiny-GGUF")
        #expect(failure.kind == .unavailable)
        #expect(failure.message.hasPrefix("the hub at \(home.hub.endpoint) does not answer: "))
        #expect(failure.hint == Self.ownHint)
        #expect(try home.visibleFiles().isEmpty)
        #expect(try home.partials().isEmpty)
    }

    @Test func `what is stored is named, what is named alike first`() async throws {
        let names = ["acme/one", "acme/two", "other/three", "other/four", "org/tiny2-GGUF"]
        let home = try TestHome()
        for (number, name) in names.enumerated() {
            home.hub.publish(try Self.repository(name, UInt32(number)))
            try await home.pull(name)
        }
        home.hub.stop()
        let failure = try await home.failedPull("org/tiny-GGUF")
        #expect(failure.kind == .unavailable)
        #expect(
            failure.hint
                == "available offline: `org/tiny2-GGUF`, `acme/one`, `acme/two` (+2); \(Self.ownHint)"
        )
        // A dry run asks the same hub.
        let planned = await #expect(throws: Failure.self) {
            try await Pull(home.reference("org/tiny-GGUF")).plan(in: home.workspace()) { _ in }
        }
        #expect(planned?.hint == failure.hint)
        // What another stack has is no help to this one.
        #expect(try await home.failedPull("org/tiny-GGUF", stack: "mistral").hint == Self.ownHint)
    }

    @Test func `of the model that was asked for, the variants that are stored are named`() async throws {
        let home = try TestHome(Self.repository(), Self.repository("org/other-GGUF", 7))
        try await home.pull("org/tiny-GGUF:q8_0")
        try await home.pull("org/other-GGUF")
        home.hub.stop()
        let failure = try await home.failedPull("org/tiny-GGUF:q4_k_m")
        #expect(failure.hint == "available offline: `org/tiny-GGUF` as q8_0 (gguf); \(Self.ownHint)")
        #expect(try await home.pull("org/tiny-GGUF:q8_0").wasThere)
        let stored = Pull(try home.reference("org/tiny-GGUF:q8_0"))
        let plan = try await stored.plan(in: home.workspace()) { _ in }
        #expect(plan.missing == 0 && plan.files.count == 1)
    }

    @Test func `a variant that was stored under another name is named by it`() async throws {
        let home = try TestHome(Self.repository())
        try await home.pull("org/tiny-GGUF:q8_0") { $0.name = "mine" }
        home.hub.stop()
        let failure = try await home.failedPull("org/tiny-GGUF:q4_k_m")
        #expect(failure.hint == "available offline: `mine` as q8_0 (gguf); \(Self.ownHint)")
    }

    @Test func `a stored model with a missing file is not offered`() async throws {
        let home = try TestHome(Self.repository())
        try await home.pull("org/tiny-GGUF:q8_0")
        try FileSystem.remove(home.volume().appending("org--tiny-GGUF/gguf/q8_0/tiny-Q8_0.gguf"))
        home.hub.stop()
        #expect(try await home.failedPull("org/tiny-GGUF:q4_k_m").hint == Self.ownHint)
    }

    @Test func `offline, what is stored is named too`() async throws {
        let home = try TestHome(Self.repository())
        try await home.pull("org/tiny-GGUF:q8_0")
        let failure = try await home.failedPull("org/tiny-GGUF:q4_k_m") { $0.isOffline = true }
        #expect(failure.message == "the hub may not be asked: offline")
        #expect(
            failure.hint
                == "available offline: `org/tiny-GGUF` as q8_0 (gguf); leave out `--offline` and unset `HF_HUB_OFFLINE`"
        )
    }

    @Test func `a hub that fails for ever is down too`() async throws {
        let home = try TestHome(Self.repository())
        try await home.pull("org/tiny-GGUF:q8_0")
        home.hub.inject(StubFault(.hub, .status(503), times: .max))
        let failure = try await home.failedPull("org/tiny-GGUF:q4_k_m")
        #expect(failure.kind == .unavailable)
        #expect(failure.message == "the hub at \(home.hub.endpoint) failed: status 503")
        #expect(failure.hint == "available offline: `org/tiny-GGUF` as q8_0 (gguf); try again later")
    }

    @Test func `a hub that is lost while its files are listed is down too`() async throws {
        let home = try TestHome(Self.repository())
        try await home.pull("org/tiny-GGUF:q8_0")
        home.hub.inject(StubFault(.hub, .truncatedHead(0), path: "/tree/", times: .max))
        let failure = try await home.failedPull("org/tiny-GGUF:q4_k_m")
        #expect(failure.message.contains("does not answer"))
        #expect(failure.hint?.hasPrefix("available offline: `org/tiny-GGUF` as q8_0") == true)
    }

    @Test func `a hub with a certificate that nobody knows is not said to be silent`() async throws {
        let server = try await TLSServer()
        let home = try TestHome()
        let failure = try await home.failedPull("org/tiny-GGUF", environment: ["HF_ENDPOINT": server.url])
        withExtendedLifetime(server) {}
        #expect(failure.kind == .unavailable)
        #expect(failure.message.hasPrefix("the hub at \(server.url) cannot be trusted: TLS: "))
        #expect(failure.hint?.contains("`SSL_CERT_FILE`") == true)
    }

    @Test func `a hub behind a wall is left in seconds, and sooner where the model is there`() async throws {
        let hole = try BlackHole()
        let home = try TestHome(Self.repository())
        try await home.pull("org/tiny-GGUF")
        let variables = ["HF_ENDPOINT": hole.url]
        let start = ContinuousClock.now
        async let failure = home.failedPull("org/tiny-GGUF:q8_0", environment: variables)
        #expect(try await home.pull("org/tiny-GGUF", environment: variables).wasThere)
        let hint = try await failure.hint
        #expect(hint?.hasPrefix("available offline: `org/tiny-GGUF` as q4_k_m (gguf)") == true)
        // Half of it, but for what other tests take.
        #expect(ContinuousClock.now - start < .seconds(25))
    }

    // MARK: A quota

    @Test(arguments: ["/api/", "/resolve/"])
    func `a quota that opens again is waited for, before a pull or in its middle`(path: String) async throws {
        let home = try TestHome(Self.repository())
        home.hub.inject(StubFault(.hub, .rateLimited(seconds: 1), path: path))
        try await home.pull("org/tiny-GGUF")
        #expect(try home.visibleFiles().count == 2)
        #expect(home.hub.requests().filter { $0.status == 429 }.count == 1)
    }

    @Test(arguments: ["/api/", "/resolve/"])
    func `a wait for a quota is told, and can be cancelled`(path: String) async throws {
        let home = try TestHome(Self.repository())
        home.hub.inject(StubFault(.hub, .rateLimited(seconds: 200), path: path))
        let reports = Reports()
        let pull = Task { try await home.failedPull("org/tiny-GGUF", reports: reports) }
        #expect(try await reports.waitUntil { !$0.waits.isEmpty })
        pull.cancel()
        #expect(try await pull.value.kind == .cancelled)
        #expect(reports.waits.map(\.host) == ["127.0.0.1"])
        #expect(reports.waits.allSatisfy { (1...201).contains($0.seconds) })
    }

    @Test(
        arguments: [
            (0, 900, 12...16), (600, nil, 7...11), (360, 30, 5...7), (0, 100_000, 55...60),
        ] as [(Int, Int?, ClosedRange<Int>)]
    )
    func `a quota that is used up for longer is told with the time, and nothing is asked again`(
        seconds: Int,
        retryAfter: Int?,
        minutes: ClosedRange<Int>
    ) async throws {
        let home = try TestHome(Self.repository())
        home.hub.inject(StubFault(.hub, .rateLimited(seconds: seconds, retryAfter: retryAfter)))
        let start = ContinuousClock.now
        let failure = try await home.failedPull("org/tiny-GGUF")
        #expect(ContinuousClock.now - start < .seconds(200))
        #expect(failure.kind == .unavailable)
        let words =
            /the hub's quota of requests is used up until ([0-2][0-9]):([0-5][0-9]), for another ([0-9]+) min/
        let found = try #require(try words.wholeMatch(in: failure.message))
        #expect(Int(found.3).map(minutes.contains) == true)
        #expect(failure.hint?.contains("`HF_TOKEN`") == true)
        #expect(home.hub.requests().count == 1)
        #expect(try await home.failedPull("org/tiny-GGUF").kind == .unavailable)
        #expect(home.hub.requests().count == 1)
    }

    @Test func `a model that is there does not wait for a quota`() async throws {
        let home = try TestHome(Self.repository())
        try await home.pull("org/tiny-GGUF")
        home.hub.forgetRequests()
        home.hub.inject(StubFault(.hub, .rateLimited(seconds: 300)))
        let reports = Reports()
        let start = ContinuousClock.now
        for _ in 0..<2 { #expect(try await home.pull("org/tiny-GGUF", reports: reports).wasThere) }
        #expect(ContinuousClock.now - start < .seconds(200))
        #expect(home.hub.requests().count == 1)
        #expect(reports.waits.isEmpty)
        #expect(reports.notes.count == 2)
        #expect(reports.notes.allSatisfy { $0.contains(" min; what is stored is from") })
    }
}

extension Reports {
    /// The waits for a quota that were told.
    fileprivate var waits: [(host: String, seconds: Int)] {
        all.compactMap { if case .waiting(let host, let seconds) = $0 { (host, seconds) } else { nil } }
    }
}
