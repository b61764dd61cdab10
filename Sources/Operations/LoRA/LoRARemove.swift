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
        let config = try ConfigLookup(model).one(in: workspace)
        let declared = config.settings[SettingKey<[DeclaredAdapter]>.adapters] ?? []
        guard let place = declared.firstIndex(where: { $0.name == name }) else {
            let near = nearestNames(to: name, in: Set(declared.map(\.name))).first
            throw Failure(
                .notFound,
                "`\(config.name)` has no adapter `\(name)`",
                hint: near.map { "did you mean `\($0)`?" } ?? "`stackctl lora ls` names those there are"
            )
        }
        let source = try AdapterSource(declared[place], in: workspace)
        let others = try otherUsers(of: source, than: config.name, at: place, in: workspace, report)
        let stored = others.isEmpty ? try self.stored(source, in: workspace) : []
        var serving: [String] = []
        for (stack, model) in stored where try await isServed(model, by: stack, in: workspace) {
            serving.append(stack.name)
        }
        let spent = serving.isEmpty ? stored.map(\.model) : []
        if !isDryRun {
            try edit(config, place, count: declared.count, in: workspace)
            do throws(StoreError) {
                for model in spent { try ModelStore(volume: model.layout.volume).remove(model) }
            } catch { throw Failure(store: error) }
        }
        return Outcome(
            config: config.name,
            path: workspace.home.configFile(of: config.name).string,
            name: name,
            source: source.text,
            removed: spent.map(\.folder),
            usedBy: others,
            servedBy: serving
        )
    }

    private func edit(
        _ config: ModelConfig,
        _ place: Int,
        count: Int,
        in workspace: Workspace
    ) throws(Failure) {
        let list = SettingKey<[DeclaredAdapter]>.adapters.setting.path
        let edit = YAMLEdit.remove(count == 1 ? list : "\(list).\(place)")
        let file = workspace.home.configFile(of: config.name).string
        do throws(DeclarationError) {
            try workspace.home.changeConfig(named: config.name) { (present) throws(DeclarationError) in
                try edit.applied(to: present ?? [], file: file)
            }
        } catch { throw Failure(declaration: error) }
    }

    /// The configurations that name the same files, this one included if another of its adapters does.
    private func otherUsers(
        of source: AdapterSource,
        than config: String,
        at place: Int,
        in workspace: Workspace,
        _ report: Reporter
    ) throws(Failure) -> [String] {
        var users: [String] = []
        for other in try workspace.configs(report: report) where other.origin != .builtIn {
            let declared = other.settings[SettingKey<[DeclaredAdapter]>.adapters] ?? []
            let isUser = declared.enumerated().contains { index, adapter in
                (other.name != config || index != place)
                    && (try? AdapterSource(adapter, in: workspace).name) == source.name
            }
            if isUser { users.append(other.name) }
        }
        return users
    }

    private func stored(
        _ source: AdapterSource,
        in workspace: Workspace
    ) throws(Failure) -> [(stack: Stack, model: StoredModel)] {
        var found: [(stack: Stack, model: StoredModel)] = []
        var folders: Set<FilePath> = []
        for stack in try workspace.stacks() where folders.insert(stack.adapters).inserted {
            do throws(StoreError) {
                found += try stack.adapterStore.models(named: source.name).map { (stack, $0) }
            } catch { throw Failure(store: error) }
        }
        return found
    }

    private func isServed(
        _ adapter: StoredModel,
        by stack: Stack,
        in workspace: Workspace
    ) async throws(Failure) -> Bool {
        let store = try await workspace.store(of: stack)
        let state: LaunchState
        do throws(StoreError) { state = try store.launchState(of: stack.name) } catch {
            throw Failure(store: error)
        }
        let path = adapter.key.path(below: Stack.adapterMount)
        return [state.active, state.attempt, state.previous].compactMap(\.self).contains { launch in
            launch.argv.contains { $0.contains(path) }
        }
    }
}
