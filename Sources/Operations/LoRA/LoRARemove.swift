import Catalog
import Platform
import Store
import SystemPackage

/// Takes an adapter out of a model's configuration, and its files away where no other configuration names them.
public struct LoRARemove: Sendable {
    /// What was done, or would be.
    public struct Outcome: Sendable, Encodable {
        /// The name of the model's configuration.
        public let config: String
        /// Its file.
        public let path: String
        /// What clients called the adapter.
        public let name: String
        /// Where it came from.
        public let source: String
        /// The folders of files that go.
        public let removed: [String]
        /// The configurations that name the same files, which therefore stay.
        public let usedBy: [String]
        /// The stacks whose launch has it, until another one takes its place; the files stay for it.
        public let servedBy: [String]
    }

    private let model: String
    private let name: String

    /// Describes it: the model, or the name of its configuration, and the adapter's name.
    public init(_ model: String, name: String) {
        self.model = model
        self.name = name
    }

    /// Does it; with `isDryRun` only says what it would do.
    public func run(in workspace: Workspace, isDryRun: Bool, report: Reporter) async throws(Failure)
        -> Outcome
    {
        let config = try await ConfigLookup(model).one(in: workspace)
        let declared = config.settings.adapters
        let entry = declared[try place(in: declared, of: config)]
        let source = try AdapterSource(entry, in: workspace)
        var files = try await files(of: source, besides: config.name, in: workspace, report)
        if !isDryRun {
            try workspace.changeAdapters(of: config.name) { (list) throws(Failure) in
                let place = try self.place(in: list.adapters, of: config)
                guard list.adapters[place] == entry else {
                    throw Failure(
                        .conflict,
                        "somebody has changed `\(name)` in `\(config.name)` meanwhile",
                        hint: "look at it with `stackctl lora ls \(config.name)`"
                    )
                }
                return try list.removing(place)
            }
            // Whoever has let go of them meanwhile has left them to this one.
            files = try await self.files(of: source, besides: config.name, in: workspace) { _ in }
            do throws(StoreError) {
                for model in files.spent { try ModelStore(volume: model.layout.volume).remove(model) }
            } catch { throw Failure(store: error) }
        }
        return Outcome(
            config: config.name,
            path: workspace.home.configFile(of: config.name).string,
            name: name,
            source: source.text,
            removed: files.spent.map(\.folder),
            usedBy: files.users,
            servedBy: files.servers
        )
    }

    private func place(in adapters: [DeclaredAdapter], of config: ModelConfig) throws(Failure) -> Int {
        if let place = adapters.firstIndex(where: { $0.name == name }) { return place }
        let near = nearestNames(to: name, in: Set(adapters.map(\.name))).first
        throw Failure(
            .notFound,
            "`\(config.name)` has no adapter `\(name)`",
            hint: near.map { "did you mean `\($0)`?" } ?? "`stackctl lora ls` names those there are"
        )
    }

    /// The files of an adapter that nobody needs any more, or who needs them.
    private func files(
        of source: AdapterSource,
        besides config: String,
        in workspace: Workspace,
        _ report: Reporter
    ) async throws(Failure) -> (spent: [StoredModel], users: [String], servers: [String]) {
        let users = try otherUsers(of: source, than: config, in: workspace, report)
        guard users.isEmpty else { return ([], users, []) }
        let stored = try stored(source, in: workspace)
        var servers: Set<String> = []
        for model in stored { servers.formUnion(try await model.servers(in: workspace)) }
        return (servers.isEmpty ? stored : [], [], servers.sorted())
    }

    /// The configurations that name the same files, this one included if another of its adapters does.
    private func otherUsers(
        of source: AdapterSource,
        than config: String,
        in workspace: Workspace,
        _ report: Reporter
    ) throws(Failure) -> [String] {
        var users: [String] = []
        for other in try workspace.ownConfigs(report: report) {
            let declared = other.settings.adapters
            let isUser = declared.contains { adapter in
                (other.name != config || adapter.name != name)
                    && (try? AdapterSource(adapter, in: workspace).name) == source.name
            }
            if isUser { users.append(other.name) }
        }
        return users
    }

    private func stored(_ source: AdapterSource, in workspace: Workspace) throws(Failure) -> [StoredModel] {
        let stacks = try workspace.stacks()
        var found: [StoredModel] = []
        do throws(StoreError) {
            for store in Set(stacks.map(\.adapterStore)) { found += try store.models(named: source.name) }
        } catch { throw Failure(store: error) }
        return found
    }
}

extension StoredModel {
    /// The stacks that have a launch with this adapter.
    func servers(in workspace: Workspace) async throws(Failure) -> [String] {
        let path = key.path(below: Stack.adapterMount)
        var servers: [String] = []
        for stack in try workspace.stacks() where stack.adapters == layout.volume {
            let store = try await workspace.store(of: stack)
            let state: LaunchState
            do throws(StoreError) { state = try store.launchState(of: stack.name) } catch {
                throw Failure(store: error)
            }
            let launches = [state.active, state.attempt, state.previous].compactMap(\.self)
            if launches.contains(where: { $0.argv.contains { $0.contains(path) } }) {
                servers.append(stack.name)
            }
        }
        return servers
    }
}
