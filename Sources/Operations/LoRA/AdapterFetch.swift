import Catalog
import Hub
import Platform
import Store

/// Brings an adapter that was found into the stack's folder of adapters.
struct AdapterFetch: Sendable {
    let found: FoundAdapter
    let stack: Stack
    var options = PullOptions()
    /// What makes a GGUF of it; without that it is stored as it is.
    var conversion: AdapterConversion?

    private var request: PullRequest { found.source.request(for: stack.engine) }

    /// What would be fetched.
    func plan(in workspace: Workspace) async throws(Failure) -> PullPlan {
        switch found.place {
        case .stored(let model): return try PullPlan(stored: model, stack)
        case .local: return try imports.plan(stack: stack, store: stack.adapterStore)
        case .hub(let source, let selection):
            return try await planned(source, selection, in: workspace).plan(
                stack: stack,
                store: stack.adapterStore
            )
        }
    }

    /// Stores it, verified, and whole from one moment to the next.
    func run(
        in workspace: Workspace,
        report: @escaping Reporter
    ) async throws(Failure) -> (model: StoredModel, wasThere: Bool) {
        if let stored = found.stored, conversion == nil { return (stored, true) }
        let store = stack.adapterStore
        do {
            let lock = try await store.lock(model: found.source.name) {
                report(.phase(.waiting, "waiting for another stackctl that pulls \(found.source.name)"))
            }
            defer { withExtendedLifetime(lock) {} }
            // What was there before is somebody's, and stays.
            let former = try store.models(named: found.source.name).map(\.key)
            var model: StoredModel
            switch found.place {
            case .stored(let stored): model = stored
            case .local: model = try await imports.run(in: store, holding: lock, report: report).0
            case .hub(let source, let selection):
                model = try await fetch(source, selection, in: workspace, report)
            }
            if let conversion {
                let original = model
                defer { if !former.contains(original.key) { try? store.remove(original, holding: lock) } }
                model = try await conversion.run(original, report: report)
            }
            try await removeFormer(than: model, holding: lock, in: workspace, report)
            return (model, false)
        } catch { throw Failure(error) }
    }

    /// Removes what an earlier state of the source had in another type; what a launch has stays for that.
    private func removeFormer(
        than model: StoredModel,
        holding lock: FileLock,
        in workspace: Workspace,
        _ report: Reporter
    ) async throws {
        let store = ModelStore(volume: model.layout.volume)
        for old in try store.models(named: model.key.model)
        where old.key != model.key && old.key.format == model.key.format {
            let servers = try await old.servers(in: workspace)
            if servers.isEmpty {
                try store.remove(old, holding: lock)
            } else {
                let names = servers.map { "`\($0)`" }.joined(separator: ", ")
                report(
                    .warning(
                        "a launch of \(names) has an earlier state of it, whose files stay: \(old.folder)"
                    )
                )
            }
        }
    }

    private func fetch(
        _ source: PullSource,
        _ selection: FileSelection,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws -> StoredModel {
        let store = stack.adapterStore
        let planned = try await planned(source, selection, in: workspace)
        try planned.plan(stack: stack, store: store).checkSpace()
        return try await Fetch(planned, store, StoredCopies(store, in: workspace), options).run(report)
    }

    /// What has changed at its path since it was stored takes the place of what is stored.
    private var imports: Import {
        guard case .local(let path) = request.origin else {
            preconditionFailure("what is local has a path")
        }
        var options = options
        options.force = true
        return Import(path, request, options)
    }

    private func planned(
        _ source: PullSource,
        _ selection: FileSelection,
        in workspace: Workspace
    ) async throws(Failure) -> PlannedPull {
        let wanted = options.force ? [] : selection.files.flatMap { $0.parts.map(\.content.digest) }
        let copies = try await StoredCopies(stack.adapterStore, in: workspace).find(wanted)
        return PlannedPull(
            request: request,
            source: source,
            selection: selection,
            copies: selection.files.map { $0.parts.count == 1 ? copies[$0.parts[0].content.digest.hex] : nil }
        )
    }
}
