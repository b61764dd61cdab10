import Glibc
import Platform
import Store
import Synchronization
import SystemPackage
import TestSupport
import Testing

struct IngestTests {
    @Test func `a model replaces the one with its key, and nothing of that stays`() throws {
        let shelf = try Shelf()
        try shelf.put("qwen", files: ["old.gguf": "old", "same.json": "old"])
        let put = try shelf.put("qwen", files: ["new.gguf": "new", "same.json": "new"])
        #expect(try shelf.store.model(put.key) == put)
        #expect(
            try FileSystem.list(shelf.path("qwen/gguf/q4_k_m")) == ["manifest.json", "new.gguf", "same.json"]
        )
        #expect(try shelf.text("qwen/gguf/q4_k_m/same.json") == "new")
        #expect(try FileSystem.list(shelf.path(".stackctl/staging")).isEmpty)
    }

    @Test func `a reader sees one model or the other, whole, and never none`() async throws {
        let shelf = try Shelf()
        try shelf.put("qwen", files: ["model.gguf": "0"])
        let state = Mutex((isDone: false, seen: 0))
        let store = shelf.store
        async let reading: Void = blocking {
            while !state.withLock({ $0.isDone }) {
                let answer = try store.models()
                #expect(answer.damaged.isEmpty)
                let model = try #require(answer.models.first)
                #expect(model.manifest.files.count == 1)
                #expect(FileSystem.exists(store.layout.directory(of: model.key).appending("model.gguf")))
                state.withLock { $0.seen += 1 }
            }
        }
        var round = 0
        while round < 20 || state.withLock({ $0.seen < 50 }), round < 10_000 {
            round += 1
            try shelf.put("qwen", files: ["model.gguf": "\(round)"])
        }
        state.withLock { $0.isDone = true }
        try await reading
        #expect(state.withLock { $0.seen } >= 50)
        #expect(try shelf.text("qwen/gguf/q4_k_m/model.gguf") == "\(round)")
    }

    @Test func `a model is nowhere to be seen before it is published`() throws {
        let shelf = try Shelf()
        let ingest = try shelf.store.beginIngest(model: "qwen")
        let content = try shelf.folder.write("weights", to: "arrived")
        try ingest.add(content, as: try #require(RelativePath("deep/er/model.gguf")))
        #expect(FileSystem.exists(ingest.directory.pushing("deep/er/model.gguf")))
        #expect(try shelf.names().isEmpty)
        ingest.discard()
        #expect(!FileSystem.exists(ingest.directory))
        #expect(FileSystem.exists(content))
        #expect(try FileSystem.list(shelf.volume) == [".stackctl"])
    }

    @Test func `what a killed process left in staging is not taken in`() throws {
        let shelf = try Shelf()
        let killed = try shelf.store.beginIngest(model: "qwen")
        try FileSystem.write([1], to: killed.directory.appending("left-over.gguf"))
        try shelf.put("qwen")
        #expect(try FileSystem.list(shelf.path("qwen/gguf/q4_k_m")) == ["manifest.json", "model.gguf"])
    }

    @Test func `a file taken in shares its bytes with the one that arrived`() throws {
        let shelf = try Shelf()
        let ingest = try shelf.store.beginIngest(model: "qwen")
        let content = try shelf.folder.write("weights", to: "arrived")
        try ingest.add(content, as: try #require(RelativePath("model.gguf")))
        let status = try #require(try FileSystem.status(content))
        #expect(status.linkCount == 2)
        #expect(try FileSystem.status(ingest.directory.appending("model.gguf"))?.inode == status.inode)
    }

    @Test func `one content may be two files of a model`() throws {
        let shelf = try Shelf()
        let ingest = try shelf.store.beginIngest(model: "qwen")
        let content = try shelf.folder.write("same", to: "arrived")
        try ingest.add(content, as: try #require(RelativePath("a.gguf")))
        try ingest.add(content, as: try #require(RelativePath("b.gguf")))
        let put = try ingest.publish(shelf.manifest("qwen", files: ["a.gguf": "same", "b.gguf": "same"]))
        #expect(
            try put.manifest.files.map { try FileSystem.read(put.path(of: $0)) } == [
                Array("same".utf8), Array("same".utf8),
            ]
        )
    }

    @Test func `two files of one path are refused`() async throws {
        let shelf = try Shelf()
        let ingest = try shelf.store.beginIngest(model: "qwen")
        let content = try shelf.folder.write("weights", to: "arrived")
        let path = try #require(RelativePath("model.gguf"))
        try ingest.add(content, as: path)
        let failure = await storeError { try ingest.add(content, as: path) }
        guard case .system(let error) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(error.errno == .fileExists)
    }

    @Test func `models and their files can be read by other users`() throws {
        let shelf = try Shelf()
        let put = try shelf.put("qwen")
        for relative in ["manifest.json", "model.gguf"] {
            var status = stat()
            #expect(stat(shelf.path("qwen/gguf/q4_k_m/\(relative)").string, &status) == 0)
            #expect(status.st_mode & 0o004 != 0)
        }
        #expect(put.key.quant == "q4_k_m")
    }

    @Test func `a folder that cannot be written is told as such`() async throws {
        let shelf = try Shelf()
        try shelf.folder.write("x", to: "volume/.stackctl")
        let failure = await storeError { try shelf.store.beginIngest(model: "qwen") }
        guard case .system(let error) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(error.errno == .notDirectory)
    }
}
