import Catalog
import Engines
import Formats
import Testing

struct AdapterTests {
    private func request(_ yaml: String, adapters: [String]) async throws -> LaunchRequest {
        var request = try await LaunchRequest.gguf(yaml)
        request.adapters = adapters
        return request
    }

    @Test func `llama.cpp is given all adapters at once, and takes the words`() async throws {
        let adapters = ["/adapters/m/gguf/q8_0/a.gguf", "/adapters/m/gguf/q8_0/b.gguf"]
        let plan = try await LaunchPlan(request("engine: llamacpp", adapters: adapters))
        #expect(plan.argv.contains(["--lora", adapters.joined(separator: ",")]))
        #expect(try FlagTable(.llamacpp).complaints(about: plan.argv, leading: 1) == [])
        #expect(try await !LaunchPlan(request("engine: llamacpp", adapters: [])).argv.contains("--lora"))
    }

    @Test func `a path that would be taken for two is refused`() async throws {
        let request = try await request("engine: llamacpp", adapters: ["/adapters/a,b.gguf"])
        #expect(throws: LaunchRefusal.pathNotServed(.llamacpp, "/adapters/a,b.gguf")) {
            try LaunchPlan(request)
        }
    }

    @Test func `the stack's own arguments do not take a model's adapters from it`() async throws {
        let yaml = "engine: llamacpp\ndefaults: {extra: [--lora, /adapters/own.gguf]}"
        let request = try await request(yaml, adapters: ["/adapters/a.gguf"])
        #expect(throws: LaunchRefusal.argumentReserved(.llamacpp, "--lora")) { try LaunchPlan(request) }
        let without = try await self.request(yaml, adapters: [])
        #expect(try LaunchPlan(without).argv.contains(["--lora", "/adapters/own.gguf"]))
    }

    @Test(arguments: [EngineName.vllm, .mistralrs])
    func `an engine that is given none refuses a model that has some`(engine: EngineName) async throws {
        let request = try await request("engine: \(engine.rawValue)", adapters: ["/adapters/a.gguf"])
        #expect(throws: LaunchRefusal.adaptersNotServed(engine)) { try LaunchPlan(request) }
    }
}
