public import Catalog
import Conversion
import Platform
import Store
import SystemPackage

/// Makes GGUFs of a model's safetensors, or quantized GGUFs of its GGUF, or has mistral.rs make UQFFs; what they are made
/// of stays as it is.
public struct Convert: Sendable {
    private let reference: ModelReference
    private let options: ConvertOptions

    /// Describes a conversion.
    public init(_ reference: ModelReference, _ options: ConvertOptions = ConvertOptions()) {
        self.reference = reference
        self.options = options
    }

    private var lookup: ConversionSourceLookup {
        ConversionSourceLookup(
            reference: reference,
            target: options.format,
            allowsRequantizing: options.allowsRequantizing
        )
    }

    /// Refuses what no model could be made into.
    private func check(in workspace: Workspace) throws(Failure) {
        try options.checkTargets()
        if let name = options.name { try StoredName(text: name).check(for: reference, in: workspace) }
    }

    /// What would be done, without changing anything.
    public func plan(in workspace: Workspace, report: @escaping Reporter) async throws(Failure) -> ConvertPlan
    {
        try check(in: workspace)
        let stack = try workspace.stack()
        let store = try await workspace.store(of: stack)
        switch try await lookup.find(in: workspace) {
        case .here(let source):
            return try await prepared(source, tools: nil, stack, store, in: workspace, report).plan()
        case .remote:
            let remote = try await remote(stack, store, in: workspace, report)
            return try await plan(of: remote, stack, store, in: workspace)
        }
    }

    /// Converts, and tells what has become of each target in the order in which they were named.
    public func run(in workspace: Workspace, report: @escaping Reporter) async throws(Failure)
        -> [ConvertedModel]
    {
        try check(in: workspace)
        let stack = try workspace.stack()
        let store = try await workspace.store(of: stack)
        let source: ConversionSource
        var tools: ContainerTools?
        switch try await lookup.find(in: workspace) {
        case .here(let found):
            source = found
            if lent(source, by: store) != nil {
                report(.note("the safetensors are taken that were fetched for an earlier conversion"))
            }
        case .remote:
            if let standing = try await standing(stack, store, in: workspace) {
                return standing.map { ConvertedModel($0, stack) }
            }
            let remote = try await remote(stack, store, in: workspace, report)
            source = try await fetch(remote, stack, store, in: workspace, report)
            tools = remote.tools
        }
        guard let lent = lent(source, by: store) else {
            return try await convert(
                source,
                tools: tools,
                holdsTarget: false,
                stack,
                store,
                in: workspace,
                report
            )
        }
        if let made = try await convert(source, lent, tools: tools, stack, store, in: workspace, report) {
            return made
        }
        // Another conversion was done with it first and has removed it.
        return try await run(in: workspace, report: report)
    }

    /// The source where it is stored only to be converted.
    private func lent(_ source: ConversionSource, by store: ModelStore) -> StoredModel? {
        guard case .stored(let stored) = source.place, source.format == .safetensors,
            stored.layout == store.layout, store.isOnLoan(stored.key)
        else { return nil }
        return stored
    }

    /// Converts what is stored for that alone and goes afterwards; `nil` if it is gone already.
    private func convert(
        _ source: ConversionSource,
        _ lent: StoredModel,
        tools: ContainerTools?,
        _ stack: Stack,
        _ store: ModelStore,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws(Failure) -> [ConvertedModel]? {
        let target = options.output == nil ? ModelKey.directoryName(of: options.name ?? source.model) : nil
        let isTarget = target == lent.key.directoryName
        var lock: FileLock?
        do {
            // Until it is read nobody replaces or removes it, but others may read it too.
            lock = try await store.lock(model: lent.key.model, isTarget ? .exclusive : .shared) {
                report(.phase(.waiting, "waiting for another stackctl that changes \(lent.key.model)"))
            }
            guard try store.model(lent.key) == lent else { return nil }
        } catch { throw Failure(error) }
        do throws(Failure) {
            let made = try await convert(
                source,
                tools: tools,
                holdsTarget: isTarget,
                stack,
                store,
                in: workspace,
                report
            )
            withExtendedLifetime(lock) {}
            // Only the last of those who read it may remove it.
            if !isTarget { lock = nil }
            giveBack(lent, to: store, holding: lock, report)
            return made
        } catch {
            if (try? store.model(lent.key)) == lent, store.isOnLoan(lent.key) {
                let removal = "stackctl \(stack.name) rm \(source.model) --format safetensors"
                report(
                    .note(
                        "what was fetched for it is kept for the next `convert`, which removes it; so does `\(removal)`"
                    )
                )
            }
            throw error
        }
    }

    private func prepared(
        _ source: ConversionSource,
        tools: ContainerTools?,
        _ stack: Stack,
        _ store: ModelStore,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws(Failure) -> PreparedConversion {
        report(.phase(.resolving, "reading \(source.model)"))
        return try await choice(source.format, stack, in: workspace).resolved(with: tools, report) {
            [options] tools throws(Failure) in
            do {
                return try await blocking {
                    try PreparedConversion(source, options, stack, store, tools: tools, report)
                }
            } catch { throw Failure(error) }
        }
    }

    private func choice(_ format: ModelFormat, _ stack: Stack, in workspace: Workspace)
        -> ConversionEngineChoice
    {
        ConversionEngineChoice(
            options: options,
            isOfFolder: format == .safetensors,
            stack: stack,
            workspace: workspace
        )
    }

    private func convert(
        _ source: ConversionSource,
        tools: ContainerTools?,
        holdsTarget: Bool,
        _ stack: Stack,
        _ store: ModelStore,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws(Failure) -> [ConvertedModel] {
        let prepared = try await prepared(source, tools: tools, stack, store, in: workspace, report)
        do {
            guard case .volume(let store, let model) = prepared.place, !holdsTarget else {
                return try await prepared.run(report)
            }
            let lock = try await store.lock(model: model) {
                report(.phase(.waiting, "waiting for another stackctl that changes \(model)"))
            }
            defer { withExtendedLifetime(lock) {} }
            return try await prepared.run(report)
        } catch { throw Failure(error) }
    }

    // MARK: What must be fetched first

    /// What is there of all that is wanted, where that is all.
    private func standing(_ stack: Stack, _ store: ModelStore, in workspace: Workspace) async throws(Failure)
        -> [StoredModel]?
    {
        let request = try await request(stack, in: workspace)
        return try StandingConversion(reference: reference, options: options, request: request, store: store)
            .all()
    }

    private func request(_ stack: Stack, in workspace: Workspace) async throws(Failure) -> PullRequest {
        do throws(Failure) {
            return try await PullRequest(reference, pullOptions(in: workspace), for: stack, in: workspace)
        } catch {
            // What it says about formats is said of the verb `pull`.
            throw error.kind == .unsupported
                ? error.hinting(instead: RemoteConversionSource.otherSource) : error
        }
    }

    private func pullOptions(in workspace: Workspace) throws(Failure) -> PullOptions {
        var options = try PullOptions(in: workspace)
        options.format = .safetensors
        return options
    }

    private func remote(
        _ stack: Stack,
        _ store: ModelStore,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws(Failure) -> RemoteConversionSource {
        let request = try await request(stack, in: workspace)
        let pull = try pullOptions(in: workspace)
        return try await choice(.safetensors, stack, in: workspace).resolved(report) {
            tools throws(Failure) in
            if tools == nil { try options.checkNative(try options.resolvedTargets(usual: .bf16)) }
            return try await RemoteConversionSource(
                request,
                pull,
                stack,
                store,
                tools: tools,
                in: workspace,
                report
            )
        }
    }

    private func plan(
        of remote: RemoteConversionSource,
        _ stack: Stack,
        _ store: ModelStore,
        in workspace: Workspace
    ) async throws(Failure) -> ConvertPlan {
        let targets = try options.resolvedTargets(usual: .bf16)
        let model = options.name ?? remote.plan.model
        let place =
            try options.output.map { output throws(Failure) in
                try ConversionOutput(output, options, model).place(for: targets, besides: [])
            } ?? .volume(store, model: model)
        let standing = try await standing(stack, store, in: workspace)
        var planned: [ConvertPlan.Target] = []
        do throws(StoreError) {
            for target in targets {
                let stored = standing?.first { $0.key.quant == target.quant }
                planned.append(
                    .init(
                        quant: target.quant,
                        path: try place.path(of: target).string,
                        sizeBytes: stored?.manifest.size ?? remote.size(of: target),
                        wasThere: stored != nil
                    )
                )
            }
        } catch { throw Failure(store: error) }
        let written =
            options.output == nil
            ? planned.lazy.map(\.sizeBytes).total() + remote.sizeBetween(targets, options) : 0
        return ConvertPlan(
            stack: options.output == nil ? stack.name : nil,
            model: model,
            source: .init(
                format: remote.plan.format,
                quant: remote.plan.quant,
                repository: remote.plan.repository,
                revision: remote.plan.revision,
                sizeBytes: remote.plan.files.lazy.map(\.sizeBytes).total(),
                missingBytes: remote.plan.missing
            ),
            targets: planned,
            // What goes elsewhere is weighed when its size is known for sure.
            neededBytes: standing == nil ? remote.plan.missing + written : 0,
            freeBytes: remote.plan.freeBytes
        )
    }

    /// Fetches the source, on loan unless it was there.
    private func fetch(
        _ remote: RemoteConversionSource,
        _ stack: Stack,
        _ store: ModelStore,
        in workspace: Workspace,
        _ report: @escaping Reporter
    ) async throws(Failure) -> ConversionSource {
        try await plan(of: remote, stack, store, in: workspace).checkSpace()
        var pull = try pullOptions(in: workspace)
        pull.isLoan = true
        let pulled = try await Pull(reference, pull).run(in: workspace, report: report)
        do {
            let key = try ModelKey(model: pulled.model, format: pulled.format, quant: pulled.quant)
            guard let stored = try store.model(key) else {
                throw Failure(.conflict, "`\(key)` was removed while it was to be converted")
            }
            return try ConversionSource(stored, on: stack)
        } catch { throw Failure(error) }
    }

    /// Removes what was fetched for this, or keeps it for good; what was made is there, whatever becomes of that.
    private func giveBack(
        _ lent: StoredModel,
        to store: ModelStore,
        holding lock: FileLock?,
        _ report: Reporter
    ) {
        let what = "\(lent.manifest.size) of safetensors that were fetched for it"
        do throws(StoreError) {
            if options.keepsSource {
                try store.forgetLoan(of: lent.key.model)
            } else if try store.removeLent(lent, holding: lock) {
                report(.note("removed \(what); `--keep-source` keeps them"))
            }
        } catch {
            switch error {
            case .busy: report(.note("the \(what) stay for now: \(error)"))
            default: report(.warning("the \(what) could not be given back: \(error)"))
            }
        }
    }
}
