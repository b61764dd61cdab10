import Platform
import Store
import SystemPackage
import TestSupport
import Testing

struct PartialTests {
    private let digest = Digest.of(Array("content".utf8))

    private func purpose(_ path: String = "model.gguf") -> Partial.Purpose {
        Partial.Purpose(model: "qwen:7b", format: "gguf", quant: "q4_k_m", path: path, sizeBytes: 1000)
    }

    @Test func `a download has a place named after its content`() async throws {
        let shelf = try Shelf()
        let (directory, lock) = try await shelf.store.openPartial(digest, for: purpose()) {}
        #expect(directory == shelf.path(".stackctl/partial/\(digest.hex)"))
        #expect(shelf.store.partialDirectory(digest) == directory)
        try FileSystem.write([1, 2, 3], to: directory.appending(ModelStore.partialContentName))
        let partials = try shelf.store.partials()
        #expect(partials.map(\.directory) == [directory])
        #expect(partials.first?.purpose == purpose())
        #expect(try partials.first?.occupied == FileSystem.status(directory.appending("data"))?.allocated)
        #expect((partials.first?.occupied ?? 0) > 0)
        // What a conversion has beside its file takes room too.
        let own = try #require(partials.first?.occupied)
        let beside = [directory.appending("data.between.gguf"), directory.appending("data.work/model.gguf")]
        try FileSystem.createDirectory(directory.appending("data.work"))
        for path in beside { try FileSystem.write([UInt8](repeating: 1, count: 100_000), to: path) }
        #expect(try shelf.store.partials().map(\.occupied).total() >= own + 200_000)
        #expect(partials.first?.isBusy == true)
        withExtendedLifetime(lock) {}
    }

    @Test func `a download whose process has gone is not busy`() async throws {
        let shelf = try Shelf()
        _ = try await shelf.store.leavePartial(digest, for: purpose())
        #expect(try shelf.store.partials().map(\.isBusy) == [false])
        #expect(try shelf.store.partials().map(\.occupied) == [0])
    }

    @Test func `a stopped download is taken up with its bytes`() async throws {
        let shelf = try Shelf()
        let first = try await shelf.store.leavePartial(digest, for: purpose())
        try FileSystem.write([1, 2, 3], to: first.appending("data"))
        let again = try await shelf.store.leavePartial(digest, for: purpose("renamed.gguf"))
        #expect(again == first)
        #expect(try FileSystem.read(again.appending("data")) == [1, 2, 3])
        #expect(try shelf.store.partials().map(\.purpose) == [purpose("renamed.gguf")])
    }

    @Test func `whoever comes second waits, and finds the place again when it was removed`() async throws {
        let shelf = try Shelf()
        let store = shelf.store
        var first: (directory: FilePath, lock: FileLock)? = try await store.openPartial(
            digest,
            for: purpose()
        ) {}
        let waiting = Signal()
        let second = Task { [digest, purpose] in
            try await store.openPartial(digest, for: purpose("second.gguf")) { waiting.give() }
        }
        try await waiting.wait()
        do {
            let held = try #require(first)
            #expect(throws: StoreError.self) { try store.removePartial(held.directory) }
            try store.removePartial(held.directory, holding: held.lock)
        }
        first = nil
        let (directory, lock) = try await second.value
        #expect(FileSystem.exists(directory.appending("lock")))
        #expect(try store.partials().map(\.purpose) == [purpose("second.gguf")])
        #expect(try store.partials().map(\.isBusy) == [true])
        withExtendedLifetime(lock) {}
    }

    @Test(arguments: ["", "{", "null"])
    func `a download whose purpose was lost is still listed`(text: String) async throws {
        let shelf = try Shelf()
        let directory = try await shelf.store.leavePartial(digest, for: purpose())
        try shelf.folder.write(text, to: "volume/.stackctl/partial/\(digest.hex)/purpose.json")
        let partials = try shelf.store.partials()
        #expect(partials.map(\.directory) == [directory])
        #expect(partials.map { $0.purpose == nil } == [true])
    }

    @Test func `a download is removed whole, and nothing else can be removed as one`() async throws {
        let shelf = try Shelf()
        let directory = try await shelf.store.leavePartial(digest, for: purpose())
        let model = try shelf.put("qwen")
        for wrong in [
            shelf.path("qwen"), shelf.path(".stackctl"), shelf.path(".stackctl/partial"),
            directory.appending("x"),
        ] {
            #expect(throws: StoreError.self) { try shelf.store.removePartial(wrong) }
        }
        try shelf.store.removePartial(directory)
        #expect(try shelf.store.partials().isEmpty)
        #expect(try shelf.store.model(model.key) == model)
    }

    @Test func `downloads are no models`() async throws {
        let shelf = try Shelf()
        let directory = try await shelf.store.leavePartial(digest, for: purpose())
        try FileSystem.write([1], to: directory.appending("data"))
        #expect(try shelf.names().isEmpty)
        #expect(try shelf.store.models().damaged.isEmpty)
    }
}

extension ModelStore {
    /// Begins a download, and stops it at once.
    fileprivate func leavePartial(_ content: Digest, for purpose: Partial.Purpose) async throws -> FilePath {
        try await openPartial(content, for: purpose) {}.directory
    }
}
