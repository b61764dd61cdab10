import Catalog
import Engines
import Formats
public import Platform
import Store
import SystemPackage

/// An adapter in a list.
public struct ListedAdapter: Sendable, Encodable {
    /// The name of the configuration that declares it; none if it is only stored.
    public let config: String?
    /// What clients call it.
    public let name: String?
    /// Where it comes from.
    public let source: String
    /// The branch, tag or commit that was asked for.
    public let revision: String?
    /// `gguf` or `peft`; the rest of the header's facts are known of what is stored.
    public var format: String?
    /// The rank of its matrices.
    public var rank: Int?
    /// What its strength is divided by the rank of.
    public var alpha: Double?
    /// The name of the model that it was made for.
    public var base: String?
    /// The length of its files.
    public var sizeBytes: ByteCount?
    /// How strongly it is laid over the weights, if that is said.
    public let scale: Double?
    /// Whether it is in the stack's folder of adapters.
    public var stored = false
    /// Its folder there.
    public var folder: String?
    /// Whether the stack's engine can serve it; not known of what is not stored.
    public var servable: Bool?
    /// Why it cannot.
    public var reason: String?
}

/// Lists the adapters that configurations declare, and those that are only stored; nothing is asked of a hub.
public struct LoRAList: Sendable {
    private let model: String?

    /// Describes a list: of one model, or of all.
    public init(_ model: String? = nil) { self.model = model }

    /// The adapters by the configurations' names.
    public func run(in workspace: Workspace, report: Reporter) async throws(Failure) -> [ListedAdapter] {
        let stack = try workspace.stack()
        let configs =
            if let model { try await self.configs(of: model, in: workspace) } else {
                try workspace.ownConfigs(report: report)
            }
        var listed: [ListedAdapter] = []
        var named: Set<String> = []
        for config in configs {
            let adapters = config.settings.adapters
            guard !adapters.isEmpty else { continue }
            var base: AdapterBase?
            if let model = config.reference?.spelledOut {
                base = try await ConfiguredModel(model, in: workspace).base(on: stack, in: workspace)
            }
            let settings = try EffectiveConfig(config, of: stack, in: workspace).settings
            for adapter in adapters {
                let source = try AdapterSource(adapter, in: workspace)
                named.insert(source.name.lowercased())
                listed.append(try line(adapter, source, config, settings, base, stack))
            }
        }
        if model == nil { listed += try stray(stack, besides: named, report) }
        return listed
    }

    /// The configuration of a model; one that is stored need not have any.
    private func configs(of model: String, in workspace: Workspace) async throws(Failure) -> [ModelConfig] {
        do throws(Failure) { return [try await ConfigLookup(model).one(in: workspace)] } catch {
            guard error.kind == .notFound, let reference = try? ModelReference(parsing: model),
                try await !StoredLookup(reference: reference).all(in: workspace).models.isEmpty
            else { throw error }
            return []
        }
    }

    private func line(
        _ adapter: DeclaredAdapter,
        _ source: AdapterSource,
        _ config: ModelConfig,
        _ settings: EffectiveSettings,
        _ base: AdapterBase?,
        _ stack: Stack
    ) throws(Failure) -> ListedAdapter {
        var line = ListedAdapter(
            config: config.name,
            name: adapter.name,
            source: source.text,
            revision: source.revision,
            scale: adapter.scale
        )
        guard let model = try AdapterLookup(source: source, stack: stack).stored() else { return line }
        guard let facts = line.describe(model) else { return line }
        // A strength that an engine cannot be told is left out of its command, and stops nothing.
        line.judge(AdapterFit(stack.engine, facts, over: base, settings: settings))
        return line
    }

    /// What is stored and nobody declares; adapters that came with a model belong to it.
    private func stray(
        _ stack: Stack,
        besides named: Set<String>,
        _ report: Reporter
    ) throws(Failure) -> [ListedAdapter] {
        let found: (models: [StoredModel], damaged: [StoreError])
        do throws(StoreError) { found = try stack.adapterStore.models() } catch {
            throw Failure(store: error)
        }
        for error in found.damaged { report(.warning("\(error)")) }
        return found.models
            .filter { $0.manifest.source.kind != .ollama && !named.contains($0.key.model.lowercased()) }
            .map { model in
                var line = ListedAdapter(
                    config: nil,
                    name: nil,
                    source: model.manifest.source.repository,
                    revision: model.manifest.source.revision,
                    scale: nil
                )
                if let facts = line.describe(model) { line.judge(AdapterFit(stack.engine, facts, over: nil)) }
                return line
            }
    }
}

extension ConfiguredModel {
    /// What is stored of the model; one that cannot be looked at says nothing.
    fileprivate func base(on stack: Stack, in workspace: Workspace) async throws(Failure) -> AdapterBase? {
        do throws(Failure) {
            return try await AdapterBaseLookup(model: self, stack: stack).stored(in: workspace)?.base
        } catch {
            guard error.kind == .invalid || error.kind == .unavailable else { throw error }
            return nil
        }
    }
}

extension ListedAdapter {
    /// Fills in what is stored, and answers its facts; what cannot be read cannot be served.
    fileprivate mutating func describe(_ model: StoredModel) -> AdapterFacts? {
        stored = true
        folder = model.folder
        sizeBytes = model.manifest.size
        do throws(Failure) {
            let facts = try AdapterFacts.read(model)
            format = facts.form.rawValue
            (rank, alpha, base) = (facts.rank, facts.alpha, facts.base)
            return facts
        } catch {
            (servable, reason) = (false, error.message)
            return nil
        }
    }

    /// Fills in whether the engine can serve it.
    fileprivate mutating func judge(_ fit: AdapterFit) {
        do throws(AdapterRefusal) {
            _ = try fit.judge()
            servable = true
        } catch { (servable, reason) = (false, "\(error)") }
    }
}
