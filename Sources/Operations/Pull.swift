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
        let request = try await PullRequest(reference, options, for: stack, in: workspace)
        if case .local(let path) = request.origin {
            return try Import(path, request, options).plan(stack: stack, store: store)
        }
        let hub = workspace.hub(offline: options.isOffline, report)
        let before: StoredModel?
        do throws(StoreError) { before = options.force ? nil : try there(request, in: store) } catch {
            throw Failure(store: error)
        }
        let alternatives = Alternatives(to: request, in: store, at: hub)
        let found = try await alternatives.offered { () async throws(Failure) in
            try await state(of: before, request, hub, report)
        }
        let source: PullSource
        switch found {
        case .current(let model): return try PullPlan(stored: model, stack)
        case .changed(let changed): source = changed
        }
        let planned = try await alternatives.offered { () async throws(Failure) in
            try await FileChoice(request, source, options).run(store, in: workspace, report: report)
        }
        try planned.refuseTakenPlace(in: store, isForced: options.force)
        // Whether they may be had is told by the files alone; what is listed is listed for everybody.
        if let part = zip(planned.selection.files, planned.copies).first(where: { $0.1 == nil })?.0.parts
            .first
        {
            try await source.probe(part)
        }
        return try planned.plan(stack: stack, store: store)
    }

    /// Pulls; a model that is there already is not fetched again.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> Outcome {
        let stack = try workspace.stack()
        do {
            let store = try await workspace.store(of: stack)
            let request = try await PullRequest(reference, options, for: stack, in: workspace)
            let outcome: Outcome
            if case .local(let path) = request.origin {
                let source = Import(path, request, options)
                let (model, wasThere) = try await source.run(in: store, report: report)
                outcome = Outcome(stack, model, wasThere: wasThere)
            } else {
                outcome = try await run(request, stack, store, in: workspace, report)
            }
            if !options.isLoan, outcome.format == ModelFormat.safetensors.rawValue {
                try store.forgetLoan(of: outcome.model)
            }
            return outcome
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
        let hub = workspace.hub(offline: options.isOffline, report)
        let alternatives = Alternatives(to: request, in: store, at: hub)
        report(.phase(.resolving, "resolving \(request.model)"))
        let before = options.force ? nil : try there(request, in: store)
        if let before { store.removeSpentPartials(of: before) }
        let source: PullSource
        let found = try await alternatives.offered { () async throws(Failure) in
            try await state(of: before, request, hub, report)
        }
        switch found {
        case .current(let model): return tell(model, of: stack, report)
        case .changed(let changed): source = changed
        }
        let lock = try await store.lock(model: request.model) {
            report(.phase(.waiting, "waiting for another stackctl that pulls \(request.model)"))
        }
        defer { withExtendedLifetime(lock) {} }
        if !options.force, let now = try there(request, in: store),
            now.manifest.source.revision == source.revision
        {
            return tell(now, of: stack, report)
        }
        report(.phase(.resolving, "listing the files of \(request.model)"))
        let planned = try await alternatives.offered { () async throws(Failure) in
            try await FileChoice(request, source, options).run(store, in: workspace, report: report)
        }
        try planned.refuseTakenPlace(in: store, isForced: options.force)
        try planned.plan(stack: stack, store: store).checkSpace()
        if options.isLoan { try noteLoan(of: request.model, stack, store) }
        let model = try await Fetch(planned, store, StoredCopies(store, in: workspace), options).run(report)
        return Outcome(stack, model, wasThere: false)
    }

    /// Notes that it is fetched only for something to be made of it; what the user has does not give way to that.
    private func noteLoan(of model: String, _ stack: Stack, _ store: ModelStore) throws {
        let own = try store.models(named: model).first {
            $0.key.format == ModelFormat.safetensors.rawValue && !store.isOnLoan($0.key)
        }
        if let own {
            let fetching = "stackctl \(stack.name) pull \(reference) --format safetensors --as NAME"
            let removal = "stackctl \(stack.name) rm \(own.key.model) --format safetensors"
            throw Failure(
                .conflict,
                "other safetensors of `\(own.key.model)` are stored, whose place those to be converted would take",
                hint: "convert `NAME` after `\(fetching)`, or remove those that are stored: `\(removal)`"
            )
        }
        try store.noteLoan(of: model)
    }

    // MARK: Is it there?

    /// Tells of the files that are there, as it is told of those that are fetched.
    private func tell(_ model: StoredModel, of stack: Stack, _ report: Reporter) -> Outcome {
        report(.files(model.manifest.files.map { ($0.path.string, $0.sizeBytes) }))
        for file in model.manifest.files { report(.done(file: file.path.string)) }
        return Outcome(stack, model, wasThere: true)
    }

    private enum StoredState {
        case current(StoredModel)
        case changed(PullSource)
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
        guard let stored else { return .changed(try await request.resolve(hub)) }
        if case .hub(_, let revision) = request.origin, revision == stored.manifest.source.revision {
            return .current(stored)
        }
        do throws(Failure) {
            let source = try await request.resolve(hub, tries: 1)
            return source.revision == stored.manifest.source.revision ? .current(stored) : .changed(source)
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
}
