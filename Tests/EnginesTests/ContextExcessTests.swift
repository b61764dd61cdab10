import Engines
import Testing

struct ContextExcessTests {
    private func excess(_ engine: String, _ defaults: String, window: Int = 8192) async throws
        -> ContextExcess?
    {
        let stack = try await declaredStack("engine: \(engine)\ndefaults: {\(defaults)}\n")
        return ContextExcess(of: stack, window: window)
    }

    @Test(arguments: [
        ("llamacpp", "context: 32768"), ("llamacpp", "context: 65536, parallel: 8"),
        ("llamacpp", "parallel: 8"),
        ("llamacpp", "context: 8192, parallel: 1"), ("mistralrs", "context: 262144"),
        ("vllm", "context: 8192"),
        ("vllm", "parallel: 8"), ("vllm", "context: 8192, extra: [--max-model-len, auto]"),
        ("vllm", "context: 99999, extra: [--max-model-len, 8k]"),
        ("llamacpp", "context: 99999, extra: [--ctx-size, '0']"),
        ("llamacpp", "context: 65536, extra: [--parallel, '8']"),
        ("llamacpp", "context: 99999, extra: [--rope-scaling, yarn, --rope-scale, '4']"),
        ("vllm", "context: 99999, extra: ['--hf-overrides={}']"),
        ("vllm", "context: 99999, extra: [--hf_overrides.rope_theta, '5']"),
        ("vllm", "extra: [--max-model-len]"),
    ])
    func `what requests can make use of is not too much`(engine: String, defaults: String) async throws {
        #expect(try await excess(engine, defaults) == nil)
    }

    @Test(arguments: [
        ("llamacpp", "context: 32769", 32_769, 4), ("llamacpp", "context: 16384, parallel: 1", 16_384, 1),
        ("llamacpp", "context: 9000, extra: [-np, '-1', -c, '40000']", 40_000, 4),
        ("llamacpp", "extra: [--ctx_size, '8193', --parallel, '1']", 8193, 1),
        ("vllm", "extra: [--max-model-len, '1', --max-model-len=8193]", 8193, 1),
        ("mistralrs", "context: 262145", 262_145, 32),
        ("mistralrs", "context: 16385, parallel: 2", 16_385, 2),
        ("vllm", "context: 8193, parallel: 8", 8193, 1), ("vllm", "extra: [--max-model-len, 16K]", 16_384, 1),
        ("vllm", "extra: [--max-model-len=8.2k]", 8200, 1),
    ])
    func `what no request can make use of is too much`(
        engine: String,
        defaults: String,
        asked: Int,
        requests: Int
    )
        async throws
    {
        let excess = try #require(try await excess(engine, defaults))
        #expect(excess.asked == asked && excess.requests == requests && excess.window == 8192)
        #expect(excess.usable == 8192 * requests)
        #expect(excess.isCut == (engine == "vllm" && !defaults.contains("--max-model-len")))
    }

    @Test func `a window beyond all numbers is never exceeded`() async throws {
        #expect(try await excess("llamacpp", "context: 32769", window: .max) == nil)
        #expect(try await excess("llamacpp", "context: 32769", window: 0) == nil)
    }
}
