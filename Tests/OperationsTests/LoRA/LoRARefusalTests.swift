import Catalog
import Operations
import Platform
import SystemPackage
import TestSupport
import Testing

/// What `lora add` turns away: each time nothing is stored and nothing is written.
struct LoRARefusalTests {
    private func refused(
        _ stack: String,
        _ repository: StubRepository,
        source: String = "ada/sql-lora",
        scale: Double? = nil
    ) async throws -> Failure {
        let home = try await LoRAHome(stack, repository)
        let failure = try await home.failedAdd("sql", source, to: LoRAHome.base(home), scale: scale)
        #expect(try home.isUntouched(stack == "llamacpp" ? "tiny-llama-GGUF" : "tiny-llama"))
        return failure
    }

    @Test func `the form of the other engines`() async throws {
        for stack in ["vllm", "mistral"] {
            let gguf = try await refused(stack, try AdapterRepository.gguf("ada/sql-lora"))
            #expect((gguf.kind, gguf.message.hasSuffix("and this is a GGUF")) == (.unsupported, true))
        }
    }

    @Test func `another shape, more layers, another architecture`() async throws {
        let shape = SampleAdapter { $0.modules[1].outputs = 64 }
        let failure = try await refused("vllm", try AdapterRepository.peft("ada/sql-lora", shape))
        #expect(failure.kind == .invalid)
        #expect(
            failure.message
                == "`ada/sql-lora` does not fit `\(LoRAHome.model)`: it wants `model.layers.0.self_attn.v_proj` to be 64 × 64, and in the model it is 64 × 32"
        )
        let layers = SampleAdapter { $0.layers = [7] }
        #expect(
            try await refused("vllm", try AdapterRepository.peft("ada/sql-lora", layers)).kind == .invalid
        )
        let architecture = SampleAdapter { $0.architecture = "gemma2" }
        let other = try await refused("llamacpp", try AdapterRepository.gguf("ada/sql-lora", architecture))
        #expect(other.message.hasSuffix("it was made for the architecture gemma2, and the model's is llama"))
    }

    @Test func `the weights of one that does not fit are not fetched`() async throws {
        let large = SampleAdapter { adapter in
            adapter.rank = 2000
            adapter.modules[1].outputs = 64
        }
        let size = Int64(try large.weights().count)
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora", large))
        home.home.hub.forgetRequests()
        let before = home.home.hub.bytesServed(.cdn)
        #expect(try await home.failedAdd("sql", "ada/sql-lora").kind == .invalid)
        #expect(size > 1_500_000)
        #expect(home.home.hub.bytesServed(.cdn) - before < 300_000)
    }

    @Test func `what the engine does not know, and a strength that it cannot be told`() async throws {
        let dora = try await refused(
            "vllm",
            try AdapterRepository.peft("ada/sql-lora", SampleAdapter { $0.entries = ["use_dora": "true"] })
        )
        #expect((dora.kind, dora.message.hasSuffix("DoRA (`use_dora`)")) == (.unsupported, true))
        let scale = try await refused("vllm", try AdapterRepository.peft("ada/sql-lora"), scale: 0.5)
        #expect((scale.kind, scale.hint) == (.unsupported, "leave `--scale` out"))
        let mixture = SampleAdapter { $0.entries = ["peft_type": "\"XLORA\""] }
        let mixed = try await refused("mistral", try AdapterRepository.peft("ada/sql-lora", mixture))
        #expect((mixed.kind, mixed.hint?.contains("xlora.source")) == (.unsupported, true))
    }

    @Test func `mistral.rs over a GGUF of llama's kind`() async throws {
        let home = try await LoRAHome("mistral", AdapterRepository.peft("ada/sql-lora"), stored: false)
        try await home.home.pull("\(LoRAHome.gguf):q8_0", stack: "mistral")
        let failure = try await home.failedAdd("sql", "ada/sql-lora", to: "\(LoRAHome.gguf):q8_0")
        #expect(failure.kind == .unsupported)
        #expect(failure.hint?.contains("--format safetensors") == true)
        #expect(try home.isUntouched())
    }

    @Test func `repositories without an adapter, with pickles alone, or with several`() async throws {
        let none = try await refused("vllm", StubRepository("ada/sql-lora", files: ["README.md": .text("x")]))
        #expect((none.kind, none.message) == (.notFound, "`ada/sql-lora` holds no adapter"))
        let config = StubContent.bytes(SampleAdapter().config())
        let pickles = try await refused(
            "vllm",
            StubRepository(
                "ada/sql-lora",
                files: ["adapter_config.json": config, "adapter_model.bin": .generated(size: 64)]
            )
        )
        #expect(pickles.kind == .unsupported)
        let gguf = StubContent.bytes(try SampleAdapter().gguf())
        let several = StubRepository("ada/sql-lora", files: ["a.gguf": gguf, "b.gguf": gguf])
        let ambiguous = try await refused("llamacpp", several)
        #expect((ambiguous.kind, ambiguous.hint) == (.conflict, "name one: `ada/sql-lora/a.gguf`"))
        let home = try await LoRAHome("llamacpp", several)
        #expect(try await home.add("b", "ada/sql-lora/b.gguf").rank == 4)
        let model = try await refused(
            "llamacpp",
            StubRepository("ada/sql-lora", files: ["m.gguf": try smallGGUF()])
        )
        #expect((model.kind, model.message.hasPrefix("`ada/sql-lora` is no adapter")) == (.invalid, true))
    }

    @Test func `a folder that lacks a file or has a broken one says which`() async throws {
        let home = try await LoRAHome("vllm")
        let folder = home.home.directory.appending("out/sql")
        let weights = folder.appending("adapter_model.safetensors")
        try SampleAdapter().write(to: folder)
        try FileSystem.remove(weights)
        let lacking = try await home.failedAdd("sql", folder.string)
        #expect(lacking.kind == .notFound && lacking.hint?.contains("adapter_model.safetensors") == true)
        #expect(
            lacking.message == "`\(folder)` has the `adapter_config.json` of an adapter without its weights"
        )
        try FileSystem.write(Array("{\"peft".utf8), to: folder.appending("adapter_config.json"))
        try FileSystem.write(try SampleAdapter().weights(), to: weights)
        let broken = try await home.failedAdd("sql", folder.string)
        #expect(broken.kind == .invalid)
        #expect(broken.message.hasPrefix("`\(folder)/adapter_config.json` "))
        try FileSystem.write(SampleAdapter().config(), to: folder.appending("adapter_config.json"))
        try FileSystem.write([1, 2, 3], to: weights)
        let short = try await home.failedAdd("sql", folder.string)
        #expect(short.kind == .invalid)
        #expect(short.message.hasPrefix("`\(folder)/adapter_model.safetensors` "))
        #expect(try home.isUntouched("tiny-llama"))
    }

    @Test func `hostile files`() async throws {
        var weights = try SampleAdapter().weights()
        weights[5] = 0xFF
        let config = SampleAdapter().config()
        let huge = StubContent.generated(size: 5_000_000)
        for (config, weights) in [
            (StubContent.bytes(config), StubContent.bytes(weights)),
            (.bytes(config), .bytes(Array(try SampleAdapter().weights().dropLast(100)))),
            (.text("{"), .bytes(try SampleAdapter().weights())),
            (huge, .bytes(try SampleAdapter().weights())),
            (.bytes(config), .text("<!DOCTYPE html>")),
        ] {
            let repository = StubRepository(
                "ada/sql-lora",
                files: ["adapter_config.json": config, "adapter_model.safetensors": weights]
            )
            let failure = try await refused("vllm", repository)
            #expect(failure.kind == .invalid)
        }
    }

    @Test func `names that cannot be, and sources that are none`() async throws {
        let home = try await LoRAHome("llamacpp", AdapterRepository.gguf("ada/sql-lora"))
        home.home.hub.forgetRequests()
        #expect(try await home.failedAdd("a/b", "ada/sql-lora").kind == .invalid)
        #expect(try await home.failedAdd("sql", "llama3:8b").kind == .invalid)
        #expect(try await home.failedAdd("sql", "ollama://ada/sql").kind == .invalid)
        #expect(try await home.failedAdd("sql", "ada/sql-lora", scale: 1e9).kind == .invalid)
        // All that is found out without the hub.
        #expect(home.home.hub.requests().isEmpty)
        #expect(try await home.failedAdd("sql", "./nowhere").kind == .notFound)
        #expect(try await home.failedAdd("sql", "ada/absent").kind == .notFound)
        #expect(try home.isUntouched())
    }

    @Test func `a model with adapters that are mixed`() async throws {
        let home = try await LoRAHome("mistral", AdapterRepository.peft("ada/sql-lora"))
        let text = "model: \(LoRAHome.model)\nxlora: {source: o/x, order: /adapters/order.json}\n"
        let file = home.workspace.home.configFile(of: "mixed")
        try FileSystem.createDirectory(file.removingLastComponent())
        try FileSystem.write(Array(text.utf8), to: file)
        let failure = try await home.failedAdd("sql", "ada/sql-lora", to: "mixed")
        #expect(failure.message.contains("exclude"))
        #expect(try home.configText("mixed") == text)
    }
}
