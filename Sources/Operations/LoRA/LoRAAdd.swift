import Catalog
import Engines
import Formats
public import Platform
import Store
import SystemPackage

/// Adds an adapter to a model: judged by its header, then fetched, then written into the model's configuration.
public struct LoRAAdd: Sendable {
    /// What was done, or would be.
    public struct Outcome: Sendable, Encodable {
        /// The stack.
        public let stack: String
        /// The name of the model's configuration.
        public let config: String
        /// Its file.
        public let path: String
        /// What clients call the adapter.
        public let name: String
        /// Where it comes from.
        public let source: String
        /// The branch, tag or commit that was asked for.
        public let revision: String?
        /// `gguf` or `peft`.
        public let format: String
        /// The rank of its matrices.
        public let rank: Int
        /// What its strength is divided by the rank of.
        public let alpha: Double?
        /// How strongly it is laid over the weights, if that is said.
        public let scale: Double?
        /// The length of its files.
        public let sizeBytes: ByteCount
        /// The folder of its files.
        public let folder: String?
        /// Whether its files were there already.
        public let wasThere: Bool
        /// Whether the configuration changes.
        public let changed: Bool
    }

    private let model: String
    private let name: String
    private let source: String
    private let scale: Double?

    /// Describes it: the model, or the name of its configuration, and the adapter's name and source.
    public init(_ model: String, name: String, source: String, scale: Double? = nil) {
        self.model = model
        self.name = name
        self.source = source
        self.scale = scale
    }

    /// Does it; with `isDryRun` only judges it.
    public func run(
        in workspace: Workspace,
        isDryRun: Bool,
        report: @escaping Reporter
    ) async throws(Failure) -> Outcome {
        let stack = try workspace.stack()
        let model = try ConfiguredModel(named: model, in: workspace)
        let source = try AdapterSource(source, below: try .working(), in: workspace)
        let declaration = try AdapterDeclaration(
            name: name,
            source: source,
            scale: scale,
            of: model,
            typed: self.model,
            in: workspace
        )
        // A mistake in the text is found before anything is asked for.
        var change = try declaration.check(in: workspace)
        let found = try await AdapterLookup(source: source, stack: stack).find(in: workspace, report: report)
        try await judge(found, of: model, on: stack, in: workspace, report)
        var folder: String?
        var wasThere = found.stored != nil
        if isDryRun {
            try await AdapterFetch(found: found, stack: stack).plan(in: workspace).checkSpace()
            folder = found.stored?.folder
        } else {
            let fetched = try await AdapterFetch(found: found, stack: stack).run(
                in: workspace,
                report: report
            )
            (folder, wasThere) = (fetched.model.folder, fetched.wasThere)
            change = try declaration.write(in: workspace)
        }
        return Outcome(
            stack: stack.name,
            config: declaration.config,
            path: workspace.home.configFile(of: declaration.config).string,
            name: name,
            source: source.text,
            revision: source.revision,
            format: found.facts.form.rawValue,
            rank: found.facts.rank,
            alpha: found.facts.alpha,
            scale: scale ?? change.former?.scale,
            sizeBytes: found.size,
            folder: folder,
            wasThere: wasThere,
            changed: change.isNew
        )
    }

    private func judge(
        _ found: FoundAdapter,
        of model: ConfiguredModel,
        on stack: Stack,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws(Failure) {
        let settings = try EffectiveConfig(model.config, of: stack, in: workspace).settings
        var fit = AdapterFit(
            stack.engine,
            found.facts,
            over: nil,
            mostRank: settings[SettingKey.maxLoRARank],
            scale: scale,
            hasMixture: settings[SettingKey<DeclaredMixture>.mixture] != nil
        )
        do throws(AdapterRefusal) {
            // What the engine never takes need not be compared with a model that may have to be asked for.
            _ = try fit.judge()
        } catch { throw Failure(error, adapter: found.source.text, model: self.model, stack: stack) }
        fit.base = try await AdapterBaseLookup(model: model, stack: stack).find(in: workspace, report: report)
        do throws(AdapterRefusal) {
            for warning in try fit.judge() { report(.warning("`\(found.source.text)`: \(warning)")) }
        } catch { throw Failure(error, adapter: found.source.text, model: self.model, stack: stack) }
    }
}

extension ConfiguredModel {
    /// Looks up what somebody typed for a model or for its configuration.
    init(named text: String, in workspace: Workspace) throws(Failure) {
        let reference: ModelReference
        do throws(ModelReferenceError) {
            reference = try ModelReference(parsing: text, environment: workspace.environment)
        } catch { throw Failure(.invalid, "\(error)", cause: error) }
        try self.init(reference, in: workspace)
    }
}

extension StoredModel {
    /// The folder of its files.
    var folder: String { layout.directory(of: key).string }
}
