import Catalog
import Engines
import Host
import Platform
import TestSupport
import Testing

/// What is named where a model had not enough memory.
struct SmallerFormTests {
    private func smaller(
        _ model: String,
        _ quant: String,
        _ gigabytes: Double,
        on host: HostProfile,
        stored: [SmallerForm.Stored] = [],
        yaml: String = "engine: llamacpp"
    ) async throws -> SmallerForm? {
        let current = SmallerForm.Stored(
            model: model,
            format: yaml.contains("vllm") ? .safetensors : .gguf,
            quant: quant,
            size: ByteCount(Int64(gigabytes * 1e9))
        )
        return SmallerForm(
            than: current,
            in: try ModelCatalog.load(home: nil),
            stored: stored + [current],
            for: try await declaredStack(yaml),
            on: host
        )
    }

    private func name(_ form: SmallerForm?) -> String? { form.map { "\($0.model)-\($0.quantization)" } }

    @Test(arguments: [
        ("q8_0", 8.1, 64.0, "qwen2.5-coder:7b-q6_k"), ("q5_k_m", 5.4, 64, "qwen2.5-coder:7b-q5_0"),
        ("q4_k_m", 4.7, 64, "qwen2.5-coder:7b-q4_0"), ("q4_0", 4.4, 64, "qwen2.5-coder:7b-q3_k_m"),
        ("q2_k", 3.0, 64, "qwen2.5-coder:3b-q2_k"), ("q8_0", 8.1, 8, "qwen2.5-coder:7b-q4_k_m"),
        ("q8_0", 8.1, 5, "qwen2.5-coder:3b-q5_0"), ("q8_0", 8.1, 2.2, nil),
    ])
    func `the next quantization that has room, else the next size`(
        quant: String,
        size: Double,
        memory: Double,
        name: String?
    ) async throws {
        let found = try await smaller("qwen2.5-coder:7b", quant, size, on: .gigabytes(memory))
        #expect(self.name(found) == name)
        if let found {
            #expect(found.verdict == .cpu && !found.isStored && Double(found.size.bytes) < size * 1e9)
            #expect(abs(Double((found.size + found.saved).bytes) - size * 1e9) < size * 5e7)
        }
    }

    @Test func `the smallest model of its name has nothing below its coarsest form`() async throws {
        #expect(try await smaller("qwen2.5-coder:0.5b", "q2_k", 0.2, on: .gigabytes(64)) == nil)
    }

    @Test func `what is stored is told so`() async throws {
        let own = SmallerForm.Stored(
            model: "qwen2.5-coder:7b",
            format: .gguf,
            quant: "q4_0",
            size: 4_431_390_720
        )
        let found = try await smaller("qwen2.5-coder:7b", "q4_k_m", 4.7, on: .gigabytes(64), stored: [own])
        #expect(found?.isStored == true && name(found) == "qwen2.5-coder:7b-q4_0")
    }

    @Test func `of a model that the catalog does not have, a stored form is at least smaller`() async throws {
        let stored = [("q6_k", 6.6), ("q4_k_m", 4.9), ("q8_0", 8.5)].map { quant, size in
            SmallerForm.Stored(
                model: "org/own-GGUF",
                format: .gguf,
                quant: quant,
                size: ByteCount(Int64(size * 1e9))
            )
        }
        let found = try await smaller("org/own-GGUF", "q8_0", 8.5, on: .gigabytes(4), stored: stored)
        #expect(name(found) == "org/own-GGUF-q6_k" && found?.verdict == .unknown && found?.isStored == true)
        #expect(try await smaller("org/own-GGUF", "q8_0", 8.5, on: .gigabytes(4)) == nil)
    }

    @Test func `a stack of safetensors steps down in sizes`() async throws {
        let found = try await smaller(
            "qwen2.5-coder:14b",
            "bf16",
            29.5,
            on: .gigabytes(64, gpus: 24),
            yaml: "engine: vllm"
        )
        #expect(
            found?.model == "qwen2.5-coder:7b" && found?.quantization.name == "bf16" && found?.verdict == .gpu
        )
    }

    @Test func `a GPU counts with the memory beside it`() async throws {
        let found = try await smaller("qwen2.5-coder:14b", "q8_0", 15.7, on: .gigabytes(10, gpus: 8))
        #expect(found?.verdict == .partial && found?.model == "qwen2.5-coder:14b")
    }
}
