import Catalog
import Testing

struct EngineFlagsTests {
    @Test(
        arguments: [
            (.llamacpp, "b11434", 250, false), (.vllm, "0.33.0", 300, true),
            (.mistralrs, "0.9.2+7", 80, true),
        ] as [(EngineName, String, Int, Bool)]
    )
    func `every engine has a table of one version`(
        engine: EngineName,
        version: String,
        least: Int,
        joins: Bool
    ) {
        let flags = EngineFlags.of(engine)
        #expect((flags.engine, flags.version, flags.joinsValues) == (engine, version, joins))
        #expect(flags.options.count >= least)
        let names = flags.options.flatMap(\.names)
        #expect(names.allSatisfy { $0.hasPrefix("-") && !$0.contains(" ") && !$0.contains("=") })
        #expect(Set(names).count == names.count)
        for option in flags.options {
            #expect(option.choices.map { !$0.isEmpty && option.values.upperBound > 0 } ?? true, "\(option)")
            if let successor = option.successor { #expect(flags[successor]?.isRemoved == false, "\(option)") }
        }
    }

    @Test func `an option is found by each of its names`() throws {
        let llama = EngineFlags.of(.llamacpp)
        let context = try #require(llama["-c"])
        #expect(context.names == ["-c", "--ctx-size"] && context.values == 1...1)
        #expect(context.variable == "LLAMA_ARG_CTX_SIZE" && !context.isRemoved)
        #expect(llama["--ctx_size"] == context && llama["--ctx-size=1"] == context)
        #expect(
            llama["--cpu-moe"]?.values == 0...0 && llama["--flash-attn"]?.choices == ["on", "off", "auto"]
        )
        #expect(llama["--draft-max"]?.isRemoved == true && llama["--none-such"] == nil)
        let vllm = EngineFlags.of(.vllm)
        #expect(vllm["--lora-modules"]?.values == 1 ... .max && vllm["--hf-token"]?.values == 0...1)
        #expect(vllm["--max-lora-rank"]?.choices?.contains("24") == false)
        #expect(EngineFlags.of(.mistralrs)["--lora-modules"]?.repeats == true)
    }

    @Test func `a name that is not there has its nearest`() {
        #expect(EngineFlags.of(.llamacpp).names(near: "--treads") == ["--threads"])
        #expect(EngineFlags.of(.vllm).names(near: "--zzzzzzzzzz") == [])
        // Never one that the engine would stop at.
        #expect(EngineFlags.of(.llamacpp).names(near: "--mmap") != ["--mmap"])
    }

    @Test func `no home has a copy of the tables`() {
        #expect(!Home.shipped.contains { $0.path.contains("engines") })
    }
}
