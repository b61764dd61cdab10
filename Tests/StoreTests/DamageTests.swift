import Platform
import Store
import SystemPackage
import TestSupport
import Testing

struct DamageTests {
    @Test(arguments: [
        "", "{", "[]", "null", #"{"formatVersion":1}"#, #"{"model":7}"#, "\u{0}\u{0}\u{0}",
    ])
    func `a damaged manifest is named, and the other models are listed`(text: String) throws {
        let shelf = try Shelf()
        try shelf.put("good")
        try shelf.folder.write(text, to: "volume/bad/gguf/q4_0/manifest.json")
        let answer = try shelf.store.models()
        #expect(answer.models.map(\.key.model) == ["good"])
        #expect(answer.damaged.count == 1)
        guard case .malformedManifest(let path, _) = answer.damaged.first else {
            Issue.record("\(answer.damaged)")
            return
        }
        #expect(path == shelf.path("bad/gguf/q4_0/manifest.json"))
        #expect(try shelf.store.models(named: "bad").isEmpty)
        let folders = try shelf.store.damagedFolders(ofModelNamed: "bad")
        #expect(folders == [shelf.path("bad/gguf/q4_0")])
        for folder in folders { try shelf.store.removeDamaged(folder) }
        #expect(try shelf.store.models().damaged.isEmpty)
    }

    @Test(arguments: [
        ("other", "gguf", "q4_k_m"), ("model", "safetensors", "q4_k_m"), ("model", "gguf", "q8_0"),
    ])
    func `a manifest in another's place is damage`(model: String, format: String, quant: String) throws {
        let shelf = try Shelf()
        try shelf.put(model, format: format, quant: quant)
        let manifest = try FileSystem.read(shelf.path("\(model)/\(format)/\(quant)/manifest.json"))
        try shelf.folder.write(manifest, to: "volume/model/gguf/q4_k_m/manifest.json")
        let answer = try shelf.store.models()
        #expect(answer.models.map { "\($0.key)" } == ["\(model) \(format) \(quant)"])
        #expect(answer.damaged.count == 1)
    }

    @Test(arguments: [
        (#""path" : "model.gguf""#, #""path" : "../../../etc/passwd""#),
        (#""path" : "model.gguf""#, #""path" : "/etc/passwd""#),
        (#""model" : "model""#, #""model" : "../model""#),
        (#""quant" : "q4_k_m""#, #""quant" : "..""#),
    ])
    func `a manifest that points out of its folder is damage`(original: String, evil: String) throws {
        let shelf = try Shelf()
        try shelf.put("model")
        let text = try shelf.text("model/gguf/q4_k_m/manifest.json")
        #expect(text.contains(original))
        let changed = text.split(separator: original, omittingEmptySubsequences: false).joined(
            separator: evil
        )
        try shelf.folder.write(changed, to: "volume/model/gguf/q4_k_m/manifest.json")
        let answer = try shelf.store.models()
        #expect(answer.models.isEmpty)
        #expect(answer.damaged.count == 1)
    }

    @Test func `files and folders that are no models are passed over`() throws {
        let shelf = try Shelf()
        try shelf.put("good")
        for path in [
            "README.md", "lost+found/x", "good/notes.txt", "good/gguf/notes.txt", "a/b/c/d",
            ".cache/x/y/manifest.json",
        ] {
            try shelf.folder.write("x", to: "volume/\(path)")
        }
        let answer = try shelf.store.models()
        #expect(answer.models.map(\.key.model) == ["good"])
        #expect(answer.damaged.isEmpty)
        try FileSystem.remove(shelf.path("lost+found"))
    }

    @Test func `a model is not put over files of somebody else`() async throws {
        let shelf = try Shelf()
        try shelf.folder.write("precious", to: "volume/model/gguf/q4_k_m/precious.bin")
        let failure = await storeError { try shelf.put("model") }
        guard case .foreignFiles(let path) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(path == shelf.path("model/gguf/q4_k_m"))
        #expect(try shelf.text("model/gguf/q4_k_m/precious.bin") == "precious")
        #expect(try shelf.names().isEmpty)
    }

    @Test(arguments: [("a:b", "a-b"), ("a-b", "a:b"), ("org/name", "org--name"), ("Model:x", "model-x")])
    func `two names of one folder are not mixed up`(first: String, second: String) async throws {
        let shelf = try Shelf()
        try shelf.put(first)
        let failure = await storeError { try shelf.put(second) }
        guard case .nameTaken(_, let owner) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(owner == first)
        #expect(try shelf.names() == ["\(first) gguf q4_k_m"])
    }

    @Test func `a volume that is a file is told as such`() async throws {
        let shelf = try Shelf()
        try shelf.folder.write("x", to: "volume")
        let failure = await storeError { try shelf.put("model") }
        guard case .system(let error) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(error.errno == .notDirectory)
    }
}
