import Catalog
import Platform
import SystemPackage
import Testing

struct GoldenSupportedModelsTests {
    private let file = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent().appending("docs").appending("SUPPORTED_MODELS.md")

    private var page: String {
        get throws { String(decoding: try FileSystem.read(file), as: UTF8.self) }
    }

    @Test func `the page is as the catalog, the limits and the launches have it`() async throws {
        let text = try await SupportedModels().text()
        if Environment.process.isTrue("UPDATE_GOLDEN") { try FileSystem.write(Array(text.utf8), to: file) }
        #expect(text == (try page), "UPDATE_GOLDEN=1 rewrites \(file)")
    }

    @Test func `every model of the catalog is on the page, with memory for every quantization`() throws {
        let page = try page
        for entry in try ModelCatalog.load(home: nil).entries {
            let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `\(entry.reference)` |") }
            #expect(rows.count == 2, "\(entry.reference)")
            let numbers = try #require(rows.last).split(separator: "|").dropFirst()
                .filter { $0.contains(".") }
            let original = entry.safetensors == nil ? 0 : 1
            #expect(numbers.count == entry.quantizations.count + original, "\(entry.reference)")
        }
    }

    @Test func `mistral_rs is said to refuse adapters of what its GGUF reader permutes, and no others`()
        throws
    {
        let rows = try page.split(separator: "\n").filter { $0.contains("mistral.rs: ") }
        #expect(!rows.isEmpty)
        for (model, word) in [("mistral:7b", "no"), ("llama3.1:8b", "no"), ("qwen2.5-coder:7b", "PEFT")] {
            let row = try #require(rows.first { $0.hasPrefix("| `\(model)` |") })
            #expect(row.contains("mistral.rs: \(word) (gguf), PEFT (safetensors)"), "\(model)")
            #expect(row.contains("llama.cpp: GGUF") && row.contains("vLLM: PEFT"), "\(model)")
        }
    }
}
