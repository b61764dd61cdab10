import FoundationEssentials
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

struct ModelStoreTests {
    @Test func `a model is put in, found, listed and removed`() throws {
        let shelf = try Shelf()
        let put = try shelf.put("qwen:7b", files: ["model.gguf": "weights", "more/config.json": "{}"])
        #expect("\(put.key)" == "qwen:7b gguf q4_k_m")
        #expect(try shelf.names() == ["qwen:7b gguf q4_k_m"])
        #expect(try shelf.store.model(put.key) == put)
        #expect(put.manifest.size == 9)
        #expect(
            put.manifest.files.map { put.path(of: $0) } == [
                shelf.path("qwen-7b/gguf/q4_k_m/model.gguf"),
                shelf.path("qwen-7b/gguf/q4_k_m/more/config.json"),
            ]
        )
        #expect(try shelf.text("qwen-7b/gguf/q4_k_m/more/config.json") == "{}")

        try shelf.store.remove(put)
        #expect(try shelf.names().isEmpty)
        #expect(try shelf.store.model(put.key) == nil)
        #expect(!FileSystem.exists(shelf.path("qwen-7b")))
    }

    @Test func `a volume that does not exist is empty`() throws {
        let shelf = try Shelf()
        let answer = try shelf.store.models()
        #expect(answer.models.isEmpty && answer.damaged.isEmpty)
        #expect(try shelf.store.models(named: "any").isEmpty)
        #expect(try shelf.store.partials().isEmpty)
        #expect(!FileSystem.exists(shelf.volume))
    }

    @Test func `what was written in the manifest is what is read`() throws {
        let shelf = try Shelf()
        var manifest = try shelf.manifest("org/Model")
        manifest.source.revision = String(repeating: "a", count: 40)
        manifest.source.requestedRevision = "main"
        manifest.source.selection = "*.gguf"
        manifest.files[0].gitBlob = String(repeating: "b", count: 40)
        manifest.files[0].sourcePath = "elsewhere/model.gguf"
        let ingest = try shelf.store.beginIngest(model: "org/Model")
        let put = try ingest.publish(manifest)
        #expect(try shelf.store.model(put.key)?.manifest == manifest)
        #expect(put.layout.directory(of: put.key) == shelf.path("org--Model/gguf/q4_k_m"))
    }

    @Test func `models are listed by name, then format, then quantization`() throws {
        let shelf = try Shelf()
        for name in ["zeta", "Alpha", "beta:7b"] { try shelf.put(name) }
        try shelf.put("beta:7b", quant: "f16")
        try shelf.put("beta:7b", format: "safetensors", quant: "bf16")
        #expect(
            try shelf.names() == [
                "Alpha gguf q4_k_m", "beta:7b gguf f16", "beta:7b gguf q4_k_m", "beta:7b safetensors bf16",
                "zeta gguf q4_k_m",
            ]
        )
    }

    @Test(arguments: ["Org/Model:7B", "org/model:7b", "ORG/MODEL:7B", "org--model-7b"])
    func `a model is found by its name in any case`(name: String) throws {
        let shelf = try Shelf()
        try shelf.put("Org/Model:7B")
        try shelf.put("other")
        #expect(try shelf.store.models(named: name).map(\.key.model) == ["Org/Model:7B"])
    }

    @Test func `a model without files is one`() throws {
        let shelf = try Shelf()
        let put = try shelf.put("empty", files: [:])
        #expect(put.manifest.size == 0)
        #expect(try shelf.names() == ["empty gguf q4_k_m"])
    }

    @Test func `a model removed leaves its other quantizations`() throws {
        let shelf = try Shelf()
        let one = try shelf.put("qwen", quant: "q8_0")
        try shelf.put("qwen", quant: "q4_0")
        try shelf.store.remove(one)
        #expect(try shelf.names() == ["qwen gguf q4_0"])
        #expect(try shelf.text("qwen/gguf/q4_0/model.gguf") == "weights")
    }

    @Test func `a model that another process changes is not removed`() async throws {
        let shelf = try Shelf()
        let model = try shelf.put("qwen")
        let lock = try await shelf.store.lock(model: "qwen") {}
        let failure = await storeError { try shelf.store.remove(model) }
        guard case .busy("qwen") = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(try shelf.names() == ["qwen gguf q4_k_m"])
        withExtendedLifetime(lock) {}
    }

    @Test func `the lock of one model leaves the others free`() async throws {
        let shelf = try Shelf()
        let lock = try await shelf.store.lock(model: "llama") {}
        try shelf.store.remove(shelf.put("qwen"))
        #expect(try shelf.names().isEmpty)
        withExtendedLifetime(lock) {}
    }

    @Test func `whoever comes second waits for the lock and is told so once`() async throws {
        let shelf = try Shelf()
        var first: FileLock? = try await shelf.store.lock(model: "qwen") {}
        let waiting = Signal()
        let store = shelf.store
        let second = Task { try await store.lock(model: "qwen") { waiting.give() } }
        try await waiting.wait()
        #expect(first != nil)
        first = nil
        _ = try await second.value
        #expect(waiting.count == 1)
    }

    @Test func `a wait for the lock can be cancelled`() async throws {
        let shelf = try Shelf()
        let lock = try await shelf.store.lock(model: "qwen") {}
        let waiting = Signal()
        let store = shelf.store
        let second = Task { try await store.lock(model: "qwen") { waiting.give() } }
        try await waiting.wait()
        second.cancel()
        await #expect(throws: CancellationError.self) { _ = try await second.value }
        withExtendedLifetime(lock) {}
    }

    @Test func `the last use of a model is remembered until it is removed`() throws {
        let shelf = try Shelf()
        let model = try shelf.put("qwen")
        #expect(shelf.store.lastUse(of: model.key) == nil)
        let before = Date().addingTimeInterval(-2)
        shelf.store.noteUse(of: model.key)
        let used = try #require(shelf.store.lastUse(of: model.key))
        #expect(used > before)
        try shelf.store.remove(model)
        #expect(shelf.store.lastUse(of: model.key) == nil)
    }
}
