import Catalog
import Operations
import Platform
import Store
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Safetensors that are stored only to be converted, and whoever else wants them.
struct ConvertLoanTests {
    private static let model = SampleModel.repository
    private static let folder = "stackctl--tiny-llama/safetensors/bf16"
    private static let weights = "\(folder)/model.safetensors"

    private func key() throws -> ModelKey {
        try ModelKey(model: Self.model, format: "safetensors", quant: "bf16")
    }

    private func lockPath(_ home: TestHome) -> FilePath {
        home.volume().appending(".stackctl/locks/stackctl--tiny-llama.lock")
    }

    /// Converts, and does something while the weights are read.
    private func convert(
        in home: TestHome,
        as name: String?,
        reports: Reports = Reports(),
        meanwhile work: @escaping @Sendable (ModelStore, StoredModel) throws -> Void
    ) async throws {
        var options = ConvertOptions()
        options.targets = [try #require(ConversionTarget(parsing: "q8_0"))]
        (options.threads, options.name) = (2, name)
        let conversion = Convert(try home.reference(Self.model), options)
        let (store, key) = (ModelStore(volume: home.volume()), try key())
        try await confirmation { isReading in
            _ = try await conversion.run(in: home.workspace()) { report in
                reports.reporter(report)
                guard case .phase(_, let text) = report, text.hasPrefix("converting ") else { return }
                isReading()
                #expect(throws: Never.self) {
                    try work(store, try #require(try store.model(key)))
                }
            }
        }
    }

    /// What may happen to it while it is read.
    enum Change: CaseIterable { case none, pull, use }

    @Test(arguments: Change.allCases, ["other", nil])
    func `nobody takes it away while it is read, and whoever wants it meanwhile keeps it`(
        change: Change,
        name: String?
    ) async throws {
        let home = try TestHome(try sampleRepository())
        try await convert(in: home, as: name) { store, stored in
            #expect(throws: StoreError.self) { try store.remove(stored) }
            switch change {
            case .none: break
            case .pull: try store.forgetLoan(of: stored.key.model)
            case .use: store.noteUse(of: stored.key)
            }
        }
        #expect(try home.visibleFiles().contains(Self.weights) == (change != .none))
    }

    @Test func `of two conversions that read it the last one removes it`() async throws {
        let home = try TestHome(try sampleRepository())
        let other = Mutex<FileLock?>(nil)
        let path = lockPath(home)
        let reports = Reports()
        try await convert(in: home, as: "first", reports: reports) { _, _ in
            try other.withLock { $0 = try FileLock.attempt(path, .shared) }
        }
        #expect(other.withLock { $0 != nil })
        #expect(try home.visibleFiles().contains(Self.weights))
        #expect(reports.notes.contains { $0.contains("stay for now") })
        other.withLock { $0 = nil }
        try await home.convert(Self.model, "q8_0") { $0.name = "last" }
        #expect(try home.visibleFiles().allSatisfy { !$0.contains("safetensors") })
    }

    @Test func `what another conversion has removed is fetched again`() async throws {
        let home = try TestHome(try sampleRepository())
        try await home.pull(Self.model) { $0.format = .safetensors }
        let store = ModelStore(volume: home.volume())
        try store.noteLoan(of: Self.model)
        let reports = Reports()
        var lock = try FileLock.attempt(lockPath(home))
        async let made = home.convert(Self.model, "q8_0", reports: reports) { $0.name = "other" }
        #expect(try await reports.waitUntil { $0.stages.contains { $0.hasPrefix("waiting for another") } })
        let stored = try #require(try store.model(try key()))
        #expect(try store.removeLent(stored, holding: lock))
        lock = nil
        #expect(try await made.map(\.wasThere) == [false])
        #expect(try home.visibleFiles().allSatisfy { $0.hasPrefix("other/") })
    }

    @Test func `what is not there any more is not said to be kept`() async throws {
        let home = try TestHome(try sampleRepository())
        let reports = Reports()
        let folder = home.volume().pushing(FilePath(Self.folder))
        await #expect(throws: Failure.self) {
            try await convert(in: home, as: nil, reports: reports) { _, _ in try FileSystem.remove(folder) }
        }
        #expect(reports.notes.allSatisfy { !$0.contains("is kept") })
    }

    @Test func `what the user has stored does not give way to another revision`() async throws {
        var repository = try sampleRepository()
        let files = Dictionary(
            uniqueKeysWithValues: try #require(repository.revisions["main"]).files.map {
                ($0.path, $0.content)
            }
        )
        repository.setRevision("v1", files: files)
        repository.setRevision("v2", files: files.merging(["README.md": .text("second")]) { $1 })
        let home = try TestHome(repository)
        try await home.pull("\(Self.model)@v1") { $0.format = .safetensors }
        let before = try home.manifest(Self.folder)
        let failure = try await home.failedConversion("\(Self.model)@v2", "q8_0")
        #expect(failure.kind == .conflict)
        #expect(failure.hint?.contains("pull \(Self.model)@v2 --format safetensors --as NAME") == true)
        try await home.convert("\(Self.model)@v1", "q8_0")
        #expect(try home.manifest(Self.folder) == before)
        try await home.pull("\(Self.model)@v2") { ($0.format, $0.name) = (.safetensors, "second") }
        #expect(try await home.convert("second", "q8_0").map(\.model) == ["second"])
        #expect(try home.visibleFiles().contains("second/safetensors/bf16/model.safetensors"))
    }

    @Test func `an import and a removal end the loan, and one that cannot be noted is a failure`()
        async throws
    {
        let home = try TestHome()
        let store = ModelStore(volume: home.volume())
        try store.noteLoan(of: Self.model)
        try await home.pull(try home.sampleFolder().string) {
            ($0.format, $0.name) = (.safetensors, Self.model)
        }
        #expect(try store.model(try key()) != nil)
        #expect(!store.isOnLoan(try key()))
        try store.noteLoan(of: Self.model)
        #expect(store.isOnLoan(try key()))
        let removal = Remove([try home.reference(Self.model)], format: .safetensors)
        try removal.run(try await removal.plan(in: home.workspace()) { _ in })
        #expect(!store.isOnLoan(try key()))
        let blocked = try ModelStore(volume: home.directory.write("", to: "file"))
        #expect(throws: StoreError.self) { try blocked.noteLoan(of: Self.model) }
    }

    @Test func `what was made of another repository is not taken for what is asked for`() async throws {
        let home = try TestHome(try sampleRepository("org/a"), try sampleRepository("org/b"))
        try await home.convert("org/a", "q8_0") { $0.name = "x" }
        home.hub.forgetRequests()
        let failure = try await home.failedConversion("org/b", "q8_0") { $0.name = "x" }
        #expect(failure.kind == .conflict && failure.message.hasSuffix("made of something else"))
        #expect(home.hub.requests(.cdn).isEmpty)
        #expect(try await home.convert("org/a", "q8_0") { $0.name = "x" }.map(\.wasThere) == [true])
    }
}
