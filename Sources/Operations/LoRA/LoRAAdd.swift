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
        /// `peft` where the GGUF was made of that, or would be.
        public let madeFrom: String?
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
        let model = try await ConfiguredModel(named: model, in: workspace)
        let source = try AdapterSource(source, below: try .working(), in: workspace)
        let declaration = try await AdapterDeclaration(
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
        let conversion = try await judge(found, of: model, on: stack, in: workspace, report)
        let fetch = AdapterFetch(found: found, stack: stack, conversion: conversion)
        var stored = conversion == nil ? found.stored : nil
        var wasThere = stored != nil
        if isDryRun {
            try await fetch.plan(in: workspace).checkSpace()
        } else {
            (stored, wasThere) = try await fetch.run(in: workspace, report: report)
            change = try declaration.write(in: workspace)
        }
        return Outcome(
            stack: stack.name,
            config: declaration.config,
            path: workspace.home.configFile(of: declaration.config).string,
            name: name,
            source: source.text,
            revision: source.revision,
            format: (conversion == nil ? found.facts.form : .gguf).rawValue,
            madeFrom: conversion == nil ? nil : found.facts.form.rawValue,
            rank: found.facts.rank,
            alpha: found.facts.alpha,
            scale: scale ?? change.former?.scale,
            sizeBytes: stored?.manifest.size ?? found.size,
            folder: stored?.folder,
            wasThere: wasThere,
            changed: change.isNew
        )
    }

    /// Finds out whether it fits, and what makes a GGUF of it where that is what the engine reads.
    private func judge(
        _ found: FoundAdapter,
        of model: ConfiguredModel,
        on stack: Stack,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws(Failure) -> AdapterConversion? {
        let settings = try EffectiveConfig(model.config, of: stack, in: workspace).settings
        var fit = AdapterFit(stack.engine, found.facts, over: nil, settings: settings)
        (fit.scale, fit.isConverted) = (scale, true)
        do throws(AdapterRefusal) {
            // What the engine never takes need not be compared with a model that may have to be asked for.
            _ = try fit.judge()
        } catch { throw Failure(error, adapter: found.source.text, model: self.model, stack: stack) }
        let base = try await AdapterBaseLookup(model: model, stack: stack).find(in: workspace, report: report)
        fit.base = base.base
        do throws(AdapterRefusal) {
            for warning in try fit.judge() { report(.warning("`\(found.source.text)`: \(warning)")) }
        } catch { throw Failure(error, adapter: found.source.text, model: self.model, stack: stack) }
        guard stack.engine == .llamacpp, found.facts.form == .peft, let header = base.header else {
            return nil
        }
        let conversion = AdapterConversion(base: header, fit: fit, model: self.model, stack: stack)
        try conversion.check(found.source.text)
        return conversion
    }
}

extension ConfiguredModel {
    /// Looks up what somebody typed for a model or for its configuration.
    init(named text: String, in workspace: Workspace) async throws(Failure) {
        let reference: ModelReference
        do throws(ModelReferenceError) {
            reference = try ModelReference(parsing: text, environment: workspace.environment)
        } catch { throw Failure(.invalid, "\(error)", cause: error) }
        try await self.init(reference, in: workspace)
    }
}

extension StoredModel {
    /// The folder of its files.
    var folder: String { layout.directory(of: key).string }
}
