import Catalog
import Operations
import Platform
import Store
import SystemPackage
import TestSupport
import Testing

/// A home with the tiny model on its hub, and what `lora` does in it.
struct LoRAHome {
    let home: TestHome
    let stack: String

    static let model = SampleModel.repository
    static let gguf = SampleModel.ggufRepository

    /// The tiny model stored in a stack, in the format that its engine serves.
    init(_ stack: String = "llamacpp", _ repositories: StubRepository..., stored: Bool = true) async throws {
        home = try TestHome()
        self.stack = stack
        for name in [Self.model, Self.gguf] {
            var files: [String: StubContent] = [:]
            for file in try SampleModel.files() where file.path.hasPrefix("\(name)/") {
                files[String(file.path.dropFirst(name.count + 1))] = .bytes(file.bytes)
            }
            home.hub.publish(StubRepository(name, files: files))
        }
        for repository in repositories { home.hub.publish(repository) }
        if stored { try await home.pull(served, stack: stack) }
    }

    /// The model as the stack's engine is given it.
    var served: String { stack == "llamacpp" ? "\(Self.gguf):q8_0" : Self.model }

    var workspace: Workspace { home.workspace(stack: stack) }
    var store: ModelStore { ModelStore(volume: home.directory.appending("home/stacks/\(stack)/adapters")) }

    func stored() throws -> [StoredModel] { try store.models().models }

    @discardableResult
    func add(
        _ name: String,
        _ source: String,
        to model: String? = nil,
        scale: Double? = nil,
        isDryRun: Bool = false,
        reports: Reports = Reports()
    ) async throws -> LoRAAdd.Outcome {
        try await LoRAAdd(model ?? served, name: name, source: source, scale: scale)
            .run(in: workspace, isDryRun: isDryRun, report: reports.reporter)
    }

    func failedAdd(_ name: String, _ source: String, to model: String? = nil, scale: Double? = nil)
        async throws
        -> Failure
    {
        let failure = await #expect(throws: Failure.self) {
            try await add(name, source, to: model, scale: scale)
        }
        return try #require(failure)
    }

    func remove(_ model: String, _ name: String, isDryRun: Bool = false) async throws -> LoRARemove.Outcome {
        try await LoRARemove(model, name: name).run(in: workspace, isDryRun: isDryRun) { _ in }
    }

    func list(_ model: String? = nil) async throws -> [ListedAdapter] {
        try await LoRAList(model).run(in: workspace) { _ in }
    }

    func declared(_ config: String) async throws -> [DeclaredAdapter] {
        try await ConfigLookup(config).one(in: workspace).settings[SettingKey<[DeclaredAdapter]>.adapters]
            ?? []
    }

    func configText(_ name: String) throws -> String {
        let path = workspace.home.configFile(of: name)
        return String(decoding: try FileSystem.read(path, limit: 1_000_000), as: UTF8.self)
    }

    /// Writes a configuration.
    func write(_ text: String, config name: String) throws {
        let file = workspace.home.configFile(of: name)
        try FileSystem.createDirectory(file.removingLastComponent())
        try FileSystem.write(Array(text.utf8), to: file)
    }

    /// Says that a stack's launch has an adapter, or that it has none.
    func serve(_ adapter: StoredModel?, by stack: String = "llamacpp") throws {
        var state = LaunchState()
        if let adapter {
            let path = "\(adapter.key.path(below: "/adapters"))/\(adapter.manifest.files[0].path)"
            state.active = ServedLaunch(
                try ModelKey(model: "m", format: "gguf", quant: "q8_0"),
                name: "m",
                argv: ["llama-server", "--lora", path],
                environment: [:]
            )
        }
        try ModelStore(volume: home.volume(stack)).save(state, of: stack)
    }

    /// Whether nothing was stored and nothing written.
    func isUntouched(_ config: String = "tiny-llama-GGUF") throws -> Bool {
        try stored().isEmpty && !FileSystem.exists(workspace.home.configFile(of: config))
    }
}

/// Repositories with adapters for the tiny model.
enum AdapterRepository {
    static func peft(_ id: String, _ adapter: SampleAdapter = SampleAdapter()) throws -> StubRepository {
        StubRepository(
            id,
            files: [
                "adapter_config.json": .bytes(adapter.config()),
                "adapter_model.safetensors": .bytes(try adapter.weights()), "README.md": .text("An adapter."),
                "optimizer.pt": .generated(size: 4096),
            ]
        )
    }

    static func gguf(_ id: String, _ adapter: SampleAdapter = SampleAdapter()) throws -> StubRepository {
        StubRepository(
            id,
            files: ["sql-lora-f32.gguf": .bytes(try adapter.gguf()), "README.md": .text("Here.")]
        )
    }
}
