import Catalog
import Testing

/// The catalog that is compiled in: not its facts one by one, but what must hold for all of them.
struct EmbeddedCatalogTests {
    private func catalog() throws -> ModelCatalog { try ModelCatalog.load(home: nil) }

    @Test func `the file is shipped and has no mistake`() throws {
        let file = try #require(Home.shipped.first { $0.path == "config/models.yaml" })
        #expect(ModelCatalog.problems(in: file.bytes, file: file.path).map(\.description) == [])
        #expect(try !catalog().entries.isEmpty)
    }

    @Test(
        arguments: [
            "qwen2.5-coder:0.5b", "qwen2.5-coder:1.5b", "qwen2.5-coder:3b", "qwen2.5-coder:7b",
            "qwen2.5-coder:14b",
            "qwen2.5-coder:32b", "qwen3:8b", "qwen3:30b-a3b", "qwen3:235b-a22b", "deepseek-coder:6.7b",
            "llama2:7b-chat",
            "llama3:8b", "llama3.1:70b", "llama3.2:3b", "llama3.3:70b", "mistral:7b-v0.2", "mistral:7b-v0.3",
            "mistral",
            "mixtral:8x7b", "codellama:13b", "phi-2", "phi3:mini", "phi3:medium", "gemma2:9b", "gemma3:4b",
            "starcoder2:15b", "tinyllama",
        ]
    )
    func `the names that people type are there`(_ name: String) throws {
        #expect(try catalog().entry(for: ModelReference(parsing: name)) != nil)
    }

    @Test func `every tag and alias leads to its own entry when it is typed`() throws {
        let catalog = try catalog()
        for entry in catalog.entries {
            for tag in [entry.tag] + entry.aliases {
                let reference = try ModelReference(parsing: "\(entry.name):\(tag)")
                #expect(
                    catalog.entry(for: reference)?.entry.reference == entry.reference,
                    "\(entry.name):\(tag)"
                )
            }
        }
    }

    @Test func `every entry can be pulled, and its numbers agree with each other`() throws {
        for entry in try catalog().entries {
            #expect(entry.safetensors != nil || !entry.gguf.isEmpty, "\(entry.reference)")
            #expect(entry.description?.isEmpty == false && entry.licence != nil, "\(entry.reference)")
            if let parameters = entry.parameters {
                #expect(entry.sizeClass == SizeClass(parameters: parameters), "\(entry.reference)")
            }
            if let heads = entry.heads, let kvHeads = entry.kvHeads {
                #expect(heads % kvHeads == 0, "\(entry.reference)")
            }
            for (quantization, source) in entry.gguf {
                let file = try #require(source.file)
                #expect(Quantization.label(inFileName: file) == quantization, "\(entry.reference) \(file)")
            }
        }
    }

    @Test func `every model has one default and few recommendations`() throws {
        for (name, entries) in Dictionary(grouping: try catalog().entries, by: \.name) {
            #expect(entries.count(where: \.isDefault) == 1, "\(name)")
            #expect(entries.count(where: \.recommended) <= 2, "\(name)")
        }
    }
}
