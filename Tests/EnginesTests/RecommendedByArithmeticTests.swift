import Catalog
import Engines
import Formats
import Host
import Platform
import TestSupport
import Testing

/// The models where the arithmetic alone decides.
struct RecommendedByArithmeticTests {
    /// What fits wholly, worked out anew for every form of every model.
    private func whole(
        _ recommending: Recommending,
        _ host: HostProfile,
        _ verdict: MemoryFit.Verdict
    ) async throws -> [String: [(bits: Double, name: String)]] {
        let stack = try await declaredStack(recommending.yaml)
        var found: [String: [(bits: Double, name: String)]] = [:]
        for entry in recommending.catalog.entries {
            guard let shape = ModelShape(entry) else { continue }
            for quantization in entry.quantizations {
                guard let bits = quantization.approximateBitsPerWeight, bits >= 4.25 else { continue }
                let settings = MemorySettings(of: stack, contextLength: entry.context)
                let need = MemoryNeed(shape, settings, weights: entry.weights(in: quantization))
                guard need.fit(settings, on: host).verdict == verdict else { continue }
                found[entry.reference, default: []].append((bits, "\(entry.reference)-\(quantization)"))
            }
        }
        return found
    }

    @Test(arguments: [
        (8, "qwen2.5-coder:7b-q6_k"), (12, "qwen2.5-coder:7b-q8_0"), (16, "qwen2.5-coder:14b-q6_k"),
        (24, "qwen2.5-coder:32b-q4_0"), (32, "qwen2.5-coder:32b-q6_k"), (48, "qwen2.5-coder:32b-q8_0"),
        (80, "qwen2.5-coder:32b-q8_0"), (141, "qwen2.5-coder:32b-q8_0"),
    ])
    func `a GPU gets the largest of the profile's own that lies on it wholly`(vram: Double, name: String)
        async throws
    {
        let recommending = try Recommending()
        let host = HostProfile.gigabytes(64, gpus: vram)
        let found = try await recommending(host)
        #expect(found.choices.first?.name == name)
        #expect(found.choices.first?.reason == .ofProfile(isLargest: true))
        let whole = try await whole(recommending, host, .gpu)
        for choice in found.choices {
            #expect(choice.fit.verdict == .gpu, "\(choice.name)")
            let finest = whole[choice.form.entry.reference]?.max { $0.bits < $1.bits }?.name
            #expect(choice.name == finest)
        }
        let code = recommending.catalog.entries.filter { $0.useCases.contains("code") }.map(\.reference)
        #expect(Set(found.choices.map(\.form.entry.reference)) == Set(whole.keys).intersection(code))
    }

    @Test func `two GPUs hold what one does not`() async throws {
        let one = try await Recommending()(.gigabytes(64, gpus: 16))
        let two = try await Recommending()(.gigabytes(64, gpus: 16, 16))
        #expect(one.choices.first?.form.entry.reference == "qwen2.5-coder:14b")
        #expect(two.choices.first?.form.entry.reference == "qwen2.5-coder:32b")
        #expect(two.choices.first?.fit.verdict == .gpu)
    }

    @Test func `what others hold of a GPU is not to be had`() async throws {
        var host = HostProfile.gigabytes(64, gpus: 24)
        host.gpus[0].free = 8_000_000_000
        #expect(try await Recommending()(host).choices.first?.name == "qwen2.5-coder:7b-q6_k")
    }

    @Test func `only where nothing good lies wholly on a GPU, what lies there in part is named`() async throws
    {
        let found = try await Recommending()(.gigabytes(32, gpus: 2.5))
        #expect(found.choices.contains { $0.fit.verdict == .partial || $0.fit.verdict == .cpu })
        #expect(
            try await Recommending()(.gigabytes(32, gpus: 2.5), place: .vram).choices.allSatisfy {
                $0.fit.verdict == .gpu
            }
        )
    }

    @Test(arguments: [8.0, 16, 32, 64, 128, 256])
    func `without a ladder the recommended ones come first, the largest first, and all fit`(memory: Double)
        async throws
    {
        for profile in ["general", "reasoning", nil] {
            let found = try await Recommending(profile: profile)(.gigabytes(memory))
            let choices = found.choices
            #expect(!choices.isEmpty)
            #expect(choices.allSatisfy { $0.fit.verdict == .cpu })
            for (left, right) in zip(choices, choices.dropFirst()) {
                let (first, second) = (left.form.entry, right.form.entry)
                let isOrdered =
                    first.recommended != second.recommended
                    ? first.recommended : (first.parameters ?? 0) >= (second.parameters ?? 0)
                #expect(isOrdered, "\(left.name) before \(right.name)")
            }
            #expect(choices.first?.reason == .ofCatalog(isLargest: true))
        }
    }

    @Test func `a stack of safetensors gets original weights, on GPUs alone`() async throws {
        let recommending = try Recommending("engine: vllm\ndefaults: {memory_fraction: 0.9}")
        let found = try await recommending(.gigabytes(64, gpus: 24))
        #expect(found.choices.first?.form.entry.reference == "qwen2.5-coder:7b")
        for choice in found.choices {
            #expect(choice.form.format == .safetensors && choice.form.quantization.name == "bf16")
            #expect(choice.form.size == ByteCount(Int64(2 * (choice.form.entry.parameters ?? 0))))
            #expect(choice.fit.verdict == .gpu)
        }
        let none = try await recommending(.gigabytes(64))
        #expect(none.choices.isEmpty && none.least?.lack == .gpu)
        let tiny = try await recommending(.gigabytes(64, gpus: 1))
        guard case .vram(let needed)? = tiny.least?.lack else {
            Issue.record("\(String(describing: tiny.least))")
            return
        }
        // Whoever has that much has room for it.
        let gigabytes = Double(needed.bytes) / 1e9
        #expect(try await !recommending(.gigabytes(64, gpus: gigabytes + 0.01)).choices.isEmpty)
        #expect(try await recommending(.gigabytes(64, gpus: gigabytes - 0.01)).choices.isEmpty)
    }

    @Test func `the least that would be needed is enough, and less is not`() async throws {
        let recommending = try Recommending(profile: "general")
        let none = try await recommending(.gigabytes(2))
        guard case .ram(let needed)? = none.least?.lack else {
            Issue.record("\(String(describing: none.least))")
            return
        }
        let gigabytes = Double(needed.bytes) / 1e9
        #expect(try await !recommending(.gigabytes(gigabytes + 0.01)).choices.isEmpty)
        #expect(try await recommending(.gigabytes(gigabytes - 0.01)).choices.isEmpty)
        let bare = try await recommending(.gigabytes(64), place: .vram)
        #expect(bare.choices.isEmpty && bare.least?.lack == .gpu)
    }

    @Test func `mistral.rs gets no quantization that it does not read`() async throws {
        for memory in stride(from: 3.0, to: 40, by: 0.5) {
            let found = try await Recommending("engine: mistralrs", profile: nil)(.gigabytes(memory))
            #expect(found.choices.allSatisfy { !$0.form.quantization.name.hasPrefix("iq") })
        }
    }

    @Test func `a user's own models are chosen from, as far as their numbers are known`() async throws {
        let own = """
            models:
              mine:
                use_cases: [writing]
                gguf: {repository: me/mine-GGUF, file: "mine-{quant}.gguf", quants: [q4_k_m, q8_0]}
                parameters: 30000000000
                layers: 40
                heads: 32
                kv_heads: 8
                head_size: 128
                context: 8192
                recommended: true
              vague:
                use_cases: [writing]
                gguf: {repository: me/vague-GGUF, file: "vague-{quant}.gguf", quants: [q4_k_m]}

            """
        let found = try await Recommending(profile: nil, catalog: own)(.gigabytes(48))
        let mine = try #require(found.choices.first { $0.form.entry.name == "mine" })
        #expect(mine.form.quantization.name == "q8_0" && mine.context == 8192)
        #expect(!found.choices.contains { $0.form.entry.name == "vague" })
    }

    @Test func `memory that GPUs and processors share is left to the system in part`() async throws {
        var host = HostProfile.gigabytes(16, gpus: 16)
        host.gpus[0].isUnified = true
        host.gpus[0].free = nil
        let shared = try await Recommending()(host)
        let own = try await Recommending()(.gigabytes(64, gpus: 14))
        #expect(shared.choices.first?.name == own.choices.first?.name)
    }
}
