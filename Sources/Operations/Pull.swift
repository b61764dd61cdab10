public import Catalog
import Engines
import FoundationEssentials
import Hub
public import Platform
import Store
import SystemPackage
import Transfer

/// Brings a model into a stack's volume: resolved, planned, fetched, verified, then visible.
public struct Pull: Sendable {
    /// How a pull ended.
    public struct Outcome: Sendable, Encodable {
        /// The stack.
        public let stack: String
        /// The model's name.
        public let model: String
        /// `gguf` or `safetensors`.
        public let format: String
        /// The quantization or the type of the weights.
        public let quant: String
        /// The length of its files.
        public let sizeBytes: ByteCount
        /// The number of its files.
        public let files: Int
        /// The folder of its files.
        public let path: String
        /// The commit it came from, if it came from a hub.
        public let revision: String?
        /// Whether it was there already.
        public let wasThere: Bool

        init(_ stack: Stack, _ stored: StoredModel, wasThere: Bool) {
            self.stack = stack.name
            (model, format, quant) = (stored.key.model, stored.key.format, stored.key.quant)
            (sizeBytes, files) = (stored.manifest.size, stored.manifest.files.count)
            path = stored.layout.directory(of: stored.key).string
            revision = stored.manifest.source.revision
            self.wasThere = wasThere
        }
    }

    private let reference: ModelReference
    private let options: PullOptions

    /// Describes a pull.
    public init(_ reference: ModelReference, _ options: PullOptions = PullOptions()) {
        self.reference = reference
        self.options = options
    }

    /// Settles what a pull would do, without changing anything.
    public func plan(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> PullPlan {
        let stack = try workspace.stack()
        let store = try await workspace.store(of: stack)
        let request = try PullRequest(reference, options, for: stack, in: workspace)
        if case .local(let path) = request.origin {
            return try Import(path, request, options).plan(stack: stack, store: store)
        }
        let hub = workspace.hub(offline: options.isOffline)
        let resolved = try await resolve(request, hub)
        let planned = try await FileChoice(request, resolved, hub, options)
            .run(store, in: workspace, report: report)
        // Whether they may be had is told by the files alone; what is listed is listed for everybody.
        if let part = zip(planned.selection.files, planned.copies).first(where: { $0.1 == nil })?.0.parts
            .first
        {
            do throws(HubError) { _ = try await hub.locate(part, at: resolved) } catch {
                throw Failure(error, client: hub)
            }
        }
        return try planned.plan(stack: stack, store: store)
    }

    /// Pulls; a model that is there already is not fetched again.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> Outcome {
        let stack = try workspace.stack()
        do {
            let store = try await workspace.store(of: stack)
            let request = try PullRequest(reference, options, for: stack, in: workspace)
            if case .local(let path) = request.origin {
                let (model, wasThere) = try await Import(path, request, options).run(
                    in: store,
                    report: report
                )
                return Outcome(stack, model, wasThere: wasThere)
            }
            return try await run(request, stack, store, in: workspace, report)
        } catch {
            let failure = Failure(error)
            throw failure.kind == .cancelled ? failure.hinting(resumeHint(stack, workspace.home)) : failure
        }
    }

    private func resumeHint(_ stack: Stack, _ home: Home) -> String {
        let options = home.origin == .flag ? ["--home", home.path.string] : []
        let words = ["stackctl"] + options + [stack.name, "pull", "\(reference)"] + self.options.words
        return
            "what has arrived is kept: `\(words.map(ShellCommand.quoted).joined(separator: " "))` goes on from there"
    }

    private func run(
        _ request: PullRequest,
        _ stack: Stack,
        _ store: ModelStore,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws -> Outcome {
        let hub = workspace.hub(offline: options.isOffline)
        report(.stage("resolving \(request.model)"))
        let before = options.force ? nil : try there(request, in: store)
        let resolved: Revision
        switch try await state(of: before, request, hub, report) {
        case .current(let model): return Outcome(stack, model, wasThere: true)
        case .changed(let revision): resolved = revision
        }
        let lock = try await store.lock(model: request.model) {
            report(.stage("waiting for another stackctl that pulls \(request.model)"))
        }
        defer { withExtendedLifetime(lock) {} }
        if !options.force, let now = try there(request, in: store),
            now.manifest.source.revision == resolved.commit
        {
            return Outcome(stack, now, wasThere: true)
        }
        let planned = try await FileChoice(request, resolved, hub, options)
            .run(store, in: workspace, report: report)
        try planned.plan(stack: stack, store: store).checkSpace()
        if let quant = planned.selection.quant?.name {
            let format = planned.selection.format.rawValue
            try store.refuseForeignFiles(at: ModelKey(model: request.model, format: format, quant: quant))
        }
        let model = try await Fetch(planned, store, hub, options).run(report)
        return Outcome(stack, model, wasThere: false)
    }

    // MARK: Is it there?

    private enum StoredState {
        case current(StoredModel)
        case changed(Revision)
    }

    private func there(_ request: PullRequest, in store: ModelStore) throws(StoreError) -> StoredModel? {
        try store.models(named: request.model).first {
            request.isAnswered(by: $0) && $0.firstMissingFile == nil
        }
    }

    /// Asks the hub at most once whether what is stored is what it has; a hub that cannot answer changes nothing.
    private func state(
        of stored: StoredModel?,
        _ request: PullRequest,
        _ hub: HubClient,
        _ report: @escaping Reporter
    ) async throws(Failure) -> StoredState {
        guard let stored else { return .changed(try await resolve(request, hub)) }
        if case .hub(_, let revision) = request.origin, revision == stored.manifest.source.revision {
            return .current(stored)
        }
        do throws(Failure) {
            let revision = try await resolve(request, hub, tries: 1)
            return revision.commit == stored.manifest.source.revision ? .current(stored) : .changed(revision)
        } catch {
            // What is stored answers for the revision that it was pulled as, and for no other. A repository that has
            // left the hub, or was closed, takes nothing away from it.
            guard request.revision == stored.manifest.source.requestedRevision,
                [.unavailable, .notFound, .refused].contains(error.kind)
            else { throw error }
            let commit = stored.manifest.source.revision?.prefix(8) ?? "an unknown commit"
            report(.note("\(error.message); what is stored is from \(commit)"))
            return .current(stored)
        }
    }

    private func resolve(
        _ request: PullRequest,
        _ hub: HubClient,
        tries: Int = 4
    ) async throws(Failure) -> Revision {
        guard case .hub(let repository, let revision) = request.origin else {
            preconditionFailure("only a hub has revisions")
        }
        do throws(HubError) {
            return try await hub.revision(revision, of: repository, tries: tries)
        } catch { throw Failure(error, client: hub) }
    }
}
