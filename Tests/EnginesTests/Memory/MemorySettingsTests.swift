import Catalog
import Engines
import Formats
import Testing

struct MemorySettingsTests {
    private func settings(_ yaml: String, _ text: String) async throws -> MemorySettings {
        let stack = try await declaredStack(yaml)
        let settings = try modelSettings(text).over(stack.settings)
        return MemorySettings(of: stack, settings: settings, contextLength: 32_768)
    }

    @Test func `what a model's file sets goes before what its stack has`() async throws {
        let text = "context: 4096\nparallel: 2\nkv_type: q8_0\nmicro_batch: 256\ngpu: {layers: 7}"
        let told = try await settings("engine: llamacpp\ndefaults: {context: 9999, parallel: 8}", text)
        #expect((told.context, told.slots, told.batch, told.gpuLayers) == (4096, 2, 256, 7))
        #expect((told.keyType, told.valueType) == (.q8_0, .q8_0))
    }

    @Test func `an argument goes before the setting of the same meaning`() async throws {
        let yaml = "engine: llamacpp\ndefaults: {extra: [-c, '1024', -ctv, q4_0]}"
        let told = try await settings(yaml, "context: 4096\nkv_type: q8_0")
        #expect((told.context, told.keyType, told.valueType) == (1024, .q8_0, .q4_0))
    }

    @Test func `vLLM works on as many tokens at once as it is told`() async throws {
        let told = try await settings(
            "engine: vllm",
            "batch: 4096\nmicro_batch: 8\ngpu: {memory_fraction: 0.5}"
        )
        #expect(told.batch == 4096 && told.memoryFraction == 0.5)
    }

    @Test(arguments: [
        ("", "", 1), ("", "gpu: {tensor_parallel: 4}", 4), ("extra: [-tp, '2']", "", 2),
        ("extra: [-tp, '2']", "gpu: {tensor_parallel: 4}", 2),
    ]) func `a model is divided over as many GPUs as is said`(
        defaults: String,
        text: String,
        expected: Int
    ) async throws {
        let stack = try await declaredStack("engine: vllm\ndefaults: {\(defaults)}")
        #expect(stack.dividedOver(try modelSettings(text).over(stack.settings)) == expected)
    }
}
