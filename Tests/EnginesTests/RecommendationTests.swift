import Catalog
import Engines
import Formats
import Host
import Platform
import TestSupport
import Testing

/// What is asked in these tests, and how an answer reads.
struct Recommending {
    var catalog: ModelCatalog
    var yaml = "engine: llamacpp"
    var profile: String? = "code"

    init(_ yaml: String = "engine: llamacpp", profile: String? = "code", catalog own: String? = nil) throws {
        self.yaml = yaml
        self.profile = profile
        let builtIn = try #require(Home.shipped.first { $0.path == "config/models.yaml" })
        catalog = try ModelCatalog.load(
            [("built-in", builtIn.bytes)] + (own.map { [("own", Array($0.utf8))] } ?? [])
        )
    }

    func callAsFunction(
        _ host: HostProfile,
        disk: ByteCount = 1_000_000_000_000,
        place: MemoryPlace? = nil,
        stored: Set<Recommendation.StoredForm> = []
    ) async throws -> Recommendation {
        let table = try ProfileTable.load(home: nil)
        let profile = try profile.map { try #require(table.profile(named: $0)) }
        let rungs = try profile?.ladder.map { rung in
            let (entry, quantization) = try rung.resolved(in: catalog)
            return Recommendation.Rung(memory: rung.memory, entry: entry, quantization: quantization)
        }
        return Recommendation(
            .init(
                catalog.entries,
                profile: profile,
                rungs: rungs ?? [],
                stack: try await declaredStack(yaml),
                host: host,
                freeDisk: disk,
                place: place,
                stored: stored
            )
        )
    }
}

extension HostProfile {
    /// One with so much memory, in GB, and GPUs with so much, in GB.
    static func gigabytes(_ memory: Double, gpus: Double...) -> HostProfile {
        func bytes(_ gigabytes: Double) -> ByteCount { ByteCount(Int64(gigabytes * 1e9)) }
        return HostProfile(
            memory: Memory(total: bytes(memory), available: bytes(memory)),
            gpus: gpus.enumerated().map { GPU(index: $0, vram: bytes($1), free: bytes($1)) }
        )
    }
}

extension Recommendation.Choice {
    /// What `pull` takes for it.
    var name: String { "\(form.entry.reference)-\(form.quantization)" }
}

/// The models for hosts without a GPU: careful ones.
struct LadderTests {
    static let tiers: [(Double, String?)] = [
        (2, nil), (5.9, nil), (6, "qwen2.5-coder:3b-q4_k_m"), (9.9, "qwen2.5-coder:3b-q4_k_m"),
        (10, "qwen2.5-coder:7b-q5_k_m"), (15.9, "qwen2.5-coder:7b-q5_k_m"),
        (16, "qwen2.5-coder:14b-q5_k_m"), (23.9, "qwen2.5-coder:14b-q5_k_m"),
        (24, "qwen2.5-coder:14b-q8_0"), (31.9, "qwen2.5-coder:14b-q8_0"),
        (32, "qwen2.5-coder:32b-q4_k_m"), (47.9, "qwen2.5-coder:32b-q4_k_m"),
        (48, "qwen2.5-coder:32b-q8_0"), (64, "qwen2.5-coder:32b-q8_0"), (128, "qwen2.5-coder:32b-q8_0"),
    ]

    @Test(arguments: tiers, ["llamacpp", "mistralrs"])
    func `the tier of a host decides`(_ tier: (memory: Double, name: String?), _ engine: String) async throws
    {
        let found = try await Recommending("engine: \(engine)")(.gigabytes(tier.memory))
        #expect(found.choices.first?.name == tier.name)
        guard let first = found.choices.first else {
            #expect(found.least?.form.entry.reference == "qwen2.5-coder:3b")
            #expect(found.least?.lack == .ram(needed: 6_000_000_000))
            return
        }
        let room = HostProfile.gigabytes(tier.memory).memoryForModels
        for choice in found.choices {
            #expect(choice.fit.verdict == .cpu && choice.fit.total <= room, "\(choice.name)")
            #expect(choice.fit.total <= first.fit.total, "\(choice.name) is no larger than the tier")
            #expect(choice.form.entry.useCases.contains("code"), "\(choice.name)")
        }
        #expect(Set(found.choices.map(\.form.entry.reference)).count == found.choices.count)
        #expect(found.tooLarge == nil && found.least == nil)
    }

    @Test func `every rung of the shipped profiles fits at its lower bound`() async throws {
        let recommending = try Recommending()
        let stack = try await declaredStack("engine: llamacpp")
        var count = 0
        for profile in try ProfileTable.load(home: nil).profiles {
            for rung in profile.ladder {
                let (entry, quantization) = try rung.resolved(in: recommending.catalog)
                var settings = MemorySettings(of: stack, contextLength: entry.context)
                settings.context = min(settings.context, profile.context ?? .max)
                let host = HostProfile(memory: Memory(total: rung.memory))
                let need = MemoryNeed(
                    try #require(ModelShape(entry)),
                    settings,
                    weights: entry.weights(in: quantization)
                )
                #expect(need.fit(settings, on: host).verdict == .cpu, "\(rung.model)")
                count += 1
            }
        }
        #expect(count >= 6)
    }

    @Test func `the reason tells the rung, and what it gives up`() async throws {
        let found = try await Recommending()(.gigabytes(16))
        let first = try #require(found.choices.first)
        #expect(first.reason == .rung(16_000_000_000))
        // A hair too little for the stack's own context.
        #expect(first.isShort && first.context == 8192)
        #expect(found.choices[1].reason == .lowerRung(10_000_000_000))
        let roomy = try await Recommending()(.gigabytes(20))
        #expect(roomy.choices.first?.isShort == false && roomy.choices.first?.context == 16_384)
    }

    @Test func `the ladder is for the processor's memory alone`() async throws {
        let host = HostProfile.gigabytes(16, gpus: 80)
        let onGPU = try await Recommending()(host)
        #expect(onGPU.choices.first?.name == "qwen2.5-coder:32b-q8_0")
        let inMemory = try await Recommending()(host, place: .ram)
        #expect(inMemory.choices.first?.name == "qwen2.5-coder:14b-q5_k_m")
        #expect(inMemory.choices.first?.fit.verdict == .cpu)
    }

    @Test(arguments: [
        (9.0, "qwen2.5-coder:7b-q5_k_m", "qwen2.5-coder:14b"),
        (2.0, "qwen2.5-coder:3b-q4_k_m", "qwen2.5-coder:14b"),
        (1.5, "qwen2.5-coder:1.5b-q6_k", "qwen2.5-coder:14b"), (0.1, nil, "qwen2.5-coder:14b"),
    ])
    func `a disk that is too small leads down the ladder`(disk: Double, name: String?, tooLarge: String)
        async throws
    {
        let found = try await Recommending()(.gigabytes(20), disk: ByteCount(Int64(disk * 1e9)))
        #expect(found.choices.first { $0.form.entry.name == "qwen2.5-coder" }?.name == name)
        #expect(found.choices.allSatisfy { Double($0.form.size.bytes) <= disk * 1e9 })
        #expect(found.tooLarge?.entry.reference == tooLarge)
    }

    @Test func `what is stored takes no room on the disk, and a full disk has none for the rest`()
        async throws
    {
        let stored = Recommendation.StoredForm(model: "qwen2.5-coder:14b", quant: "q5_k_m")
        let found = try await Recommending()(.gigabytes(20), disk: 0, stored: [stored])
        #expect(found.choices.map(\.name) == ["qwen2.5-coder:14b-q5_k_m"])
        #expect(found.choices.first?.isStored == true && found.tooLarge == nil)
        let none = try await Recommending()(.gigabytes(20), disk: 0)
        #expect(none.choices.isEmpty && none.tooLarge?.entry.reference == "qwen2.5-coder:14b")
        guard case .disk(let needed)? = none.least?.lack else {
            Issue.record("\(String(describing: none.least))")
            return
        }
        #expect(needed == none.least?.form.size && needed < 2_000_000_000)
    }
}
